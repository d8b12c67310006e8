import MuScScoring
import Testing

/// The nearest places of single patches, against a search by hand.
@Suite struct PatchMatchingTests {
    private let grid = PatchGrid(width: 4, height: 3)
    private let channels = 6

    private func tokens(of image: Int, layer: Int) -> [[Float]] {
        [(0..<grid.count * channels).map { Float(($0 * 37 + image * 101 + layer * 53) % 97) / 97 }]
    }

    private func standardised(_ image: Int, _ layer: Int) -> StandardisedTokens {
        LNAMD.standardise(tokens(of: image, layer: layer), grid: grid, channels: channels, threads: 1)
    }

    private func distance(_ a: (image: Int, patch: Int), _ b: (image: Int, patch: Int), layers: Int, degrees: [Int]) -> Float {
        var sum: Float = 0
        for layer in 0..<layers {
            for degree in degrees {
                let units = [a.image, b.image].map { LNAMD.aggregate(standardised($0, layer), r: degree, threads: 1).values }
                sum += (0..<channels).map { channel -> Float in
                    let difference = units[0][a.patch * channels + channel] - units[1][b.patch * channels + channel]
                    return difference * difference
                }.reduce(0, +).squareRoot()
            }
        }
        return sum / Float(layers * degrees.count)
    }

    @Test(
        "The nearest place is the one with the least mean distance, within the window, and judges come nearest first",
        arguments: [nil, 1] as [Int?])
    func nearest(window: Int?) {
        let matching = PatchMatching(grid: grid, degrees: [1, 3], window: window, region: nil, threads: 2)
        let query = PatchMatching.Query(image: 0, patch: 5)
        let matches = matching.matches(of: [query], judges: [0, 1, 2, 3], layers: 2, count: 3) { standardised($0, $1) }
        #expect(matches.count == 1 && matches[0].count == 3, "an image is no judge of itself")
        let expected = (1...3).map { judge -> (judge: Int, patch: Int, distance: Float) in
            let places = (0..<grid.count).filter { patch in
                window.map { abs(patch % 4 - 1) <= $0 && abs(patch / 4 - 1) <= $0 } ?? true
            }
            let best = places.map { ($0, distance((0, 5), (judge, $0), layers: 2, degrees: [1, 3])) }.min { $0.1 < $1.1 }
            return (judge, best?.0 ?? -1, best?.1 ?? -1)
        }.sorted { $0.distance < $1.distance }
        for (match, wanted) in zip(matches[0], expected) {
            #expect(match.judge == wanted.judge && match.patch == wanted.patch && abs(match.distance - wanted.distance) < 1e-5)
        }
    }

    @Test("What lies outside the region is no place, and an image that cannot be had is left out")
    func leftOut() {
        let region = PatchRegion(grid: grid, contains: (0..<grid.count).map { $0 % 4 < 2 })
        let matching = PatchMatching(grid: grid, degrees: [1], window: nil, region: region, threads: 1)
        let matches = matching.matches(of: [.init(image: 0, patch: 0)], judges: [1, 2], layers: 1, count: 4) { image, layer in
            image == 2 ? nil : standardised(image, layer)
        }
        #expect(matches[0].map(\.judge) == [1] && matches[0].allSatisfy { $0.patch % 4 < 2 })
        #expect(matching.matches(of: [], judges: [1], layers: 1, count: 4) { standardised($0, $1) }.isEmpty)
    }
}
