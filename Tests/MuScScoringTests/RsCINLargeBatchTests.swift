import MuScScoring
import Testing

/// Many images are compared in blocks; the result is that of comparing each with each.
@Suite struct RsCINLargeBatchTests {
    static let count = 1300
    static let width = 24
    let scores: [Float]
    let features: [Float]

    init() {
        var state: UInt64 = 1
        func unit() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        }
        scores = (0..<Self.count).map { _ in 0.2 + unit() }
        features = RsCIN.unitFeatures(
            (0..<Self.count * Self.width).map { _ in unit() - 0.3 }, count: Self.count)
    }

    /// The images most similar to one, itself among them, with their similarities.
    func nearest(_ image: Int, _ count: Int) -> [(image: Int, similarity: Double)] {
        let all = (0..<Self.count).map { other in
            let products = (0..<Self.width).map {
                Double(features[image * Self.width + $0]) * Double(features[other * Self.width + $0])
            }
            return (image: other, similarity: products.reduce(0, +))
        }
        return Array(all.sorted { $0.similarity > $1.similarity }.prefix(count))
    }

    @Test("The scores of 1,300 images are re-scored as their definition says", arguments: [1, 3])
    func rescored(threads: Int) throws {
        let result = RsCIN.rescore(scores, features: features, windows: [1, 2, 9], threads: threads)
        let (low, high) = (try #require(scores.min()), try #require(scores.max()))
        for image in stride(from: 0, to: Self.count, by: 97) {
            let neighbours = nearest(image, 9)
            let means = [1, 2, 9].map { window in
                let chosen = neighbours.prefix(window)
                return chosen.reduce(0) { $0 + $1.similarity * Double((scores[$1.image] - low) / (high - low)) }
                    / chosen.reduce(0) { $0 + $1.similarity }
            }
            #expect(abs(Double(result[image]) - means.reduce(0, +) / 3) < 1e-5, "image \(image)")
        }
        #expect(result == RsCIN.rescore(scores, features: features, windows: [1, 2, 9], threads: 2))
    }

    @Test("Look-alikes that agree are seen to agree in batches of any size", arguments: [900, 1300])
    func agreement(images: Int) throws {
        let features = Array(features.prefix(images * Self.width))
        // A score that follows the place in feature space, and one that does not.
        let smooth = (0..<images).map { features[$0 * Self.width] + features[$0 * Self.width + 1] }
        let followed = try #require(RsCIN.neighbourAgreement(smooth, features: features, threads: 2))
        let random = try #require(RsCIN.neighbourAgreement(Array(scores.prefix(images)), features: features, threads: 2))
        #expect(followed > 0.4 && abs(random) < 0.1, "\(followed) \(random)")
    }
}
