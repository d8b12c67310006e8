import Goldens
import MuScScoring
import MuScSupport
import MuScTensors
import Testing

@Suite("Mutual scoring")
struct MutualScoringTests {
    /// Mutual scoring as its definition reads.
    static func definition(_ scoring: MutualScoring, _ tokens: UnitTokens, judged: [Int], judges: [Int]) -> [Float] {
        let (grid, channels) = (tokens.grid, tokens.channels)
        func vector(_ image: Int, _ patch: Int) -> ArraySlice<Float> {
            let start = (image * grid.count + patch) * channels
            return tokens.values[start..<start + channels]
        }
        return judged.flatMap { image -> [Float] in
            let others = judges.filter { $0 != image }
            let positions = scoring.interval.positions(judges: others.count, minimum: scoring.minimumJudges)
            return (0..<grid.count).map { patch -> Float in
                if let region = scoring.region, !region[patch] { return 0 }
                let distances = others.map { judge -> Float in
                    var least = Float.infinity
                    for partner in 0..<grid.count {
                        if let region = scoring.region, !region[partner] { continue }
                        if let window = scoring.window,
                            abs(patch / grid.width - partner / grid.width) > window
                                || abs(patch % grid.width - partner % grid.width) > window
                        {
                            continue
                        }
                        let squares = zip(vector(image, patch), vector(judge, partner)).reduce(0.0) {
                            $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
                        }
                        least = min(least, Float(squares.squareRoot()))
                    }
                    return least
                }
                return distances.sorted()[positions].reduce(0, +) / Float(positions.count)
            }
        }
    }

    @Test("All images of a batch judging each other agree with the definition")
    func wholeBatch() {
        let tokens = UnitTokens.random(images: 7, grid: PatchGrid(width: 5, height: 4), channels: 24, seed: 1)
        let scoring = MutualScoring(interval: .init(upper: 0.5), threads: 2)
        let every = Array(0..<7)
        let found = scoring.patchScores(of: tokens, judged: every, judges: every)
        let expected = Self.definition(scoring, tokens, judged: every, judges: every)
        #expect(Goldens.maximumDifference(found, expected) < 1e-5)
    }

    @Test(
        "A window excludes what lies further away, on grids that tiles do not divide",
        arguments: [(9, 9), (4, 11), (3, 13), (13, 2), (37, 10)], [0, 1, 3])
    func window(size: (Int, Int), window: Int) {
        let grid = PatchGrid(width: size.0, height: size.1)
        let tokens = UnitTokens.random(images: 4, grid: grid, channels: 8, seed: 2)
        let scoring = MutualScoring(interval: .init(lower: 0.3, upper: 1), window: window, threads: 2)
        let every = Array(0..<4)
        let found = scoring.patchScores(of: tokens, judged: every, judges: every)
        let expected = Self.definition(scoring, tokens, judged: every, judges: every)
        #expect(Goldens.maximumDifference(found, expected) < 1e-5)
    }

    @Test(
        "The judged and the judges may be any two lists",
        arguments: [([0, 1, 2], [5, 4, 3]), ([6, 2], [2, 3, 6, 0]), ([5, 0, 1, 3, 2], [1, 6]), ([4], [0, 1, 2])])
    func twoLists(judged: [Int], judges: [Int]) {
        let tokens = UnitTokens.random(images: 7, grid: PatchGrid(width: 6, height: 6), channels: 16, seed: 3)
        for window in [nil, 2] {
            let scoring = MutualScoring(interval: .init(upper: 0.3), minimumJudges: 2, window: window, threads: 2)
            let found = scoring.patchScores(of: tokens, judged: judged, judges: judges)
            let expected = Self.definition(scoring, tokens, judged: judged, judges: judges)
            #expect(Goldens.maximumDifference(found, expected) < 1e-5)
        }
    }

    @Test("The number of threads does not change a byte")
    func threads() {
        let tokens = UnitTokens.random(images: 40, grid: PatchGrid(width: 9, height: 7), channels: 16, seed: 4)
        let every = Array(0..<40)
        for window in [nil, 2] {
            let one = MutualScoring(interval: .init(upper: 0.3), window: window, threads: 1)
            let five = MutualScoring(interval: .init(upper: 0.3), window: window, threads: 5)
            #expect(
                one.patchScores(of: tokens, judged: every, judges: every)
                    == five.patchScores(of: tokens, judged: every, judges: every))
        }
    }

    @Test("The reference's patch scores are met within 1e-5", arguments: [1, 3, 5], 0..<4)
    func goldens(r: Int, layer: Int) throws {
        let archive = try Goldens.archive("scoring.safetensors")
        let shape = (images: 12, side: 7, channels: 32)
        let perLayer = shape.images * shape.side * shape.side * shape.channels
        let values = try archive.tensor("lnamd.r\(r)").floats()
        let tokens = UnitTokens(
            images: shape.images, grid: PatchGrid(width: shape.side, height: shape.side), channels: shape.channels,
            values: Array(values[layer * perLayer..<(layer + 1) * perLayer]))
        let every = Array(0..<shape.images)
        let scoring = MutualScoring(interval: .init(upper: 0.3), threads: 2)
        let found = scoring.patchScores(of: tokens, judged: every, judges: every)
        #expect(Goldens.maximumDifference(found, try archive.tensor("msm.r\(r).layer\(layer)").floats()) < 1e-5)
    }

    @Test("Fast agrees with exact but for choices among near-equals", arguments: [nil, 2])
    func fast(window: Int?) {
        let tokens = UnitTokens.random(images: 9, grid: PatchGrid(width: 10, height: 7), channels: 50, seed: 5)
        let every = Array(0..<9)
        for interval in [MutualScoring.Interval(upper: 0.3), .init(lower: 0.3, upper: 1)] {
            var scoring = MutualScoring(interval: interval, minimumJudges: 2, window: window, threads: 2)
            let exact = scoring.patchScores(of: tokens, judged: every, judges: every)
            scoring.precision = .fast
            let fast = scoring.patchScores(of: tokens, judged: every, judges: every)
            #expect(Goldens.maximumDifference(exact, fast) < 2e-3)
        }
    }

    @Test("Fast does not depend on the number of threads")
    func fastThreads() {
        let tokens = UnitTokens.random(images: 35, grid: PatchGrid(width: 8, height: 7), channels: 32, seed: 6)
        let every = Array(0..<35)
        let one = MutualScoring(interval: .init(upper: 0.3), precision: .fast, threads: 1)
        let three = MutualScoring(interval: .init(upper: 0.3), precision: .fast, threads: 3)
        #expect(
            one.patchScores(of: tokens, judged: every, judges: every)
                == three.patchScores(of: tokens, judged: every, judges: every))
    }

    @Test(
        "Patches outside a region neither judge nor are judged",
        arguments: [nil, 2], [[0], [3, 4, 5, 13, 14, 15], Array(20..<70), Array(stride(from: 0, to: 70, by: 3))])
    func region(window: Int?, patches: [Int]) {
        let grid = PatchGrid(width: 10, height: 7)
        let tokens = UnitTokens.random(images: 6, grid: grid, channels: 24, seed: 7)
        let region = PatchRegion(grid: grid, contains: (0..<grid.count).map(patches.contains))
        #expect(region.count == patches.count)
        for (judged, judges) in [(Array(0..<6), Array(0..<6)), ([0, 5], [1, 2, 3])] {
            var scoring = MutualScoring(interval: .init(lower: 0.2, upper: 0.8), window: window, region: region, threads: 2)
            let expected = Self.definition(scoring, tokens, judged: judged, judges: judges)
            let exact = scoring.patchScores(of: tokens, judged: judged, judges: judges)
            #expect(Goldens.maximumDifference(exact, expected) < 1e-5)
            scoring.precision = .fast
            let fast = scoring.patchScores(of: tokens, judged: judged, judges: judges)
            #expect(Goldens.maximumDifference(fast, expected) < 2e-3)
        }
    }

    @Test("A region that holds all patches changes nothing")
    func fullRegion() {
        let grid = PatchGrid(width: 9, height: 6)
        let tokens = UnitTokens.random(images: 5, grid: grid, channels: 16, seed: 8)
        let every = Array(0..<5)
        for window in [nil, 2] {
            var scoring = MutualScoring(interval: .init(upper: 0.5), window: window, threads: 2)
            let without = scoring.patchScores(of: tokens, judged: every, judges: every)
            scoring.region = PatchRegion(grid: grid, contains: [Bool](repeating: true, count: grid.count))
            #expect(scoring.patchScores(of: tokens, judged: every, judges: every) == without)
        }
    }

    @Test("The peak of a map is the first of the highest pixels", arguments: [(1, 1), (3, 9), (7, 2)])
    func peak(size: (Int, Int)) {
        let grid = PatchGrid(width: size.0, height: size.1)
        let map = (0..<grid.count).map { Float(($0 * 37 + 11) % 23) / 23 }
        let pixels = PatchMap.resized(map, grid: grid, width: 40, height: 30)
        let peak = PatchMap.peak(map, grid: grid, width: 40, height: 30)
        let best = pixels.indices.max { (pixels[$0], -$0) < (pixels[$1], -$1) } ?? 0
        #expect(peak.score == pixels[best] && peak.x == best % 40 && peak.y == best / 40)
    }

    @Test("The peak is the first highest pixel of the whole map, also where rows are passed over")
    func randomPeaks() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let grid = PatchGrid(
                width: Int.random(in: 1...9, using: &generator), height: Int.random(in: 1...9, using: &generator))
            let (width, height) = (Int.random(in: 1...50, using: &generator), Int.random(in: 1...50, using: &generator))
            // Few values, so that several pixels are as high, and all equal at times.
            let map = (0..<grid.count).map { _ in Float(Int.random(in: 0...3, using: &generator)) / 7 }
            let pixels = PatchMap.resized(map, grid: grid, width: width, height: height)
            let peak = PatchMap.peak(map, grid: grid, width: width, height: height)
            let highest = pixels.max() ?? 0
            #expect(peak.score == highest)
            #expect(peak.y * width + peak.x == pixels.firstIndex(of: highest))
        }
    }
}
