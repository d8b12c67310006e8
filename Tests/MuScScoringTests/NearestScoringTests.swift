import Goldens
import MuScScoring
import MuScSupport
import Testing

/// Lists of nearest judges give the scores that comparing all with all gives, whatever comes and goes.
@Suite struct NearestScoringTests {
    private static let grid = PatchGrid(width: 6, height: 5)
    private static let channels = 24
    private static let degrees = [1, 3]

    /// Two layers of tokens of 40 images, the last two alike.
    private let pool: [[[Float]]] = (0..<2).map { layer in
        let unit = UnitTokens.random(
            images: 39, grid: NearestScoringTests.grid, channels: NearestScoringTests.channels, seed: 31 + UInt64(layer))
        let size = NearestScoringTests.grid.count * NearestScoringTests.channels
        let images = (0..<39).map { Array(unit.values[$0 * size..<($0 + 1) * size]) }
        return images + [images[38]]
    }

    /// Of images of the pool; the copy in it is told from its original.
    private func digests(_ images: [Int]) -> [ImageDigest] {
        var seen: [UInt64: Int] = [:]
        return images.map { image in
            let name = UInt64(min(image, 38))
            seen[name, default: -1] += 1
            return ImageDigest(high: name, low: 7, copy: seen[name] ?? 0)
        }
    }

    private func tokens(_ layer: Int, _ images: [Int]) -> StandardisedTokens {
        LNAMD.standardise(images.map { pool[layer][$0] }, grid: Self.grid, channels: Self.channels, threads: 2)
    }

    private struct Scored {
        var scores: [[[Float]]]
        var lists: NearestJudges
        var comparedWithAll: Int
        var needsTokens: Bool
    }

    /// The batch's images judged by each other, or by the last few of them alone.
    private func score(
        _ images: [Int], judges: Int? = nil, parts: ImageParts = .apart, _ scoring: MutualScoring,
        from lists: NearestJudges?
    ) throws -> Scored {
        let every = Array(images.indices)
        var listed = try #require(
            NearestScoring(
                scoring, lists: lists, judged: every, judges: Array(every.suffix(judges ?? every.count)),
                digests: digests(images), parts: parts, grid: Self.grid, degrees: Self.degrees,
                intervals: (0..<4).map { [scoring.interval] + ($0 == 2 ? [.init(upper: 0.5)] : []) }))
        let (compared, needed) = (listed.comparedWithAll, listed.needsTokens)
        let scores = (0..<2).flatMap { layer in listed.patchScores { wanted, _ in tokens(layer, wanted.map { images[$0] }) } }
        return Scored(scores: scores, lists: listed.lists, comparedWithAll: compared, needsTokens: needed)
    }

    private func allWithAll(
        _ images: [Int], judges: Int? = nil, parts: ImageParts = .apart, _ scoring: MutualScoring
    ) -> [[[Float]]] {
        let every = Array(images.indices)
        var wide = scoring
        wide.interval = .init(upper: 0.5)
        return (0..<4).map { plane in
            let unit = LNAMD.aggregate(tokens(plane / 2, images), r: Self.degrees[plane % 2], threads: 2)
            let judges = Array(every.suffix(judges ?? every.count))
            return ([scoring] + (plane == 2 ? [wide] : [])).map {
                $0.patchScores(of: unit, judged: every, judges: judges, parts: parts)
            }
        }
    }

    private func largestDifference(_ a: [[[Float]]], _ b: [[[Float]]]) -> Float {
        zip(a.joined(), b.joined()).reduce(0) { max($0, Float(Goldens.maximumDifference($1.0, $1.1))) }
    }

    @Test("A batch from nothing, one image more, three fewer, and others in their place", arguments: [nil, 2])
    func comingAndGoing(window: Int?) throws {
        let scoring = MutualScoring(interval: .init(upper: 0.1), minimumJudges: 3, window: window, threads: 2)
        var lists: NearestJudges?
        let steps: [(images: [Int], fresh: Int)] = [
            (Array(0..<30), 30), ([0, 1, 33] + Array(2..<30), 1), (Array(2..<30), 0), (Array(4..<30) + [30, 31], 2),
            (Array((4..<32).reversed()), 0),
        ]
        for (number, step) in steps.enumerated() {
            let scored = try score(step.images, scoring, from: lists)
            #expect(scored.comparedWithAll == step.fresh, "step \(number)")
            #expect(scored.needsTokens == (step.fresh > 0))
            #expect(largestDifference(scored.scores, allWithAll(step.images, scoring)) < 1e-6, "step \(number)")
            lists = scored.lists
        }
    }

    @Test("Parts that are found, lost or joined give the scores of a scoring from nothing", arguments: [nil, 2])
    func parts(window: Int?) throws {
        let scoring = MutualScoring(interval: .init(upper: 0.1), minimumJudges: 3, window: window, threads: 2)
        var lists: NearestJudges?
        // For each step the images, and which of them show one part.
        let steps: [(images: [Int], twins: [[Int]])] = [
            (Array(0..<30), []), (Array(0..<30), [[3, 17]]), (Array(0..<31), [[3, 17, 30], [5, 6]]),
            (Array(0..<31), [[5, 6]]), (Array(1..<33), [[5, 6], [31, 8]]), (Array(1..<33), []), (Array(1..<34), []),
        ]
        for (number, step) in steps.enumerated() {
            let numbers = step.images.map { image in step.twins.first { $0.contains(image) }?[0] ?? image }
            let parts = ImageParts(numbers)
            let scored = try score(step.images, parts: parts, scoring, from: lists)
            #expect(
                largestDifference(scored.scores, allWithAll(step.images, parts: parts, scoring)) < 1e-6, "step \(number)")
            lists = scored.lists
        }
    }

    @Test("Where a batch shrinks so far that lists are too short, its images are compared again")
    func shrinking() throws {
        let scoring = MutualScoring(interval: .init(upper: 0.3), threads: 2)
        let lists = try score(Array(0..<36), scoring, from: nil).lists
        let images = Array(0..<9)
        let scored = try score(images, scoring, from: lists)
        #expect(largestDifference(scored.scores, allWithAll(images, scoring)) < 1e-6)
        let grown = Array(0..<38)
        #expect(
            largestDifference(try score(grown, scoring, from: scored.lists).scores, allWithAll(grown, scoring)) < 1e-6)
    }

    @Test("Equal images judge each other, and either may go")
    func copies() throws {
        let scoring = MutualScoring(interval: .init(upper: 0.1), minimumJudges: 3, window: 4, threads: 2)
        let images = Array(10..<40)
        let first = try score(images, scoring, from: nil)
        #expect(largestDifference(first.scores, allWithAll(images, scoring)) < 1e-6)
        let without = try score(Array(10..<39), scoring, from: first.lists)
        #expect(without.comparedWithAll == 0)
        #expect(largestDifference(without.scores, allWithAll(Array(10..<39), scoring)) < 1e-6)
        let again = try score(images, scoring, from: without.lists)
        #expect(again.comparedWithAll == 1)
        #expect(largestDifference(again.scores, allWithAll(images, scoring)) < 1e-6)
    }

    @Test("Images that judge alone may come and go too")
    func panel() throws {
        let scoring = MutualScoring(interval: .init(upper: 0.2), minimumJudges: 3, threads: 2)
        let first = try score(Array(0..<30), judges: 12, scoring, from: nil)
        #expect(largestDifference(first.scores, allWithAll(Array(0..<30), judges: 12, scoring)) < 1e-6)
        let images = Array(0..<25) + Array(26..<31)
        let second = try score(images, judges: 12, scoring, from: first.lists)
        #expect(second.comparedWithAll == 1)
        #expect(largestDifference(second.scores, allWithAll(images, judges: 12, scoring)) < 1e-6)
    }

    @Test("Random histories give what comparing all with all gives")
    func histories() throws {
        var generator = SeededGenerator(seed: 12)
        for window in [nil, 2, 1] {
            let scoring = MutualScoring(interval: .init(lower: 0.05, upper: 0.15), minimumJudges: 2, window: window, threads: 2)
            var lists: NearestJudges?
            for _ in 0..<12 {
                // Distances of equal images are roots of rounding, which differs where degrees share their products.
                let images = (0..<(window == nil ? 39 : 40)).filter { _ in UInt8.random(in: 0..<10, using: &generator) < 8 }
                    .shuffled(using: &generator)
                let scored = try score(images, scoring, from: lists)
                #expect(largestDifference(scored.scores, allWithAll(images, scoring)) < 1e-6)
                lists = scored.lists
            }
        }
    }

    @Test("Without a window degrees share their products, and rounding alone shows")
    func sharedProducts() throws {
        var scoring = MutualScoring(interval: .init(upper: 0.3), threads: 2)
        scoring.window = nil
        let first = try score(Array(0..<20), scoring, from: nil)
        let images = Array(0..<22)
        let second = try score(images, scoring, from: first.lists)
        let anew = try score(images, scoring, from: nil)
        #expect(second.comparedWithAll == 2)
        #expect(largestDifference(second.scores, anew.scores) < 1e-6)
    }

    @Test("With products of integers scores differ by what such products leave open", arguments: [nil, 2])
    func integers(window: Int?) throws {
        let scoring = MutualScoring(
            interval: .init(upper: 0.1), minimumJudges: 3, window: window, precision: .fast, threads: 2)
        var exact = scoring
        exact.precision = .exact
        var lists: NearestJudges?
        for images in [Array(0..<30), Array(0..<31), Array(2..<33)] {
            let scored = try score(images, scoring, from: lists)
            let expected = allWithAll(images, exact)
            for (found, expected) in zip(scored.scores, expected) {
                #expect(Goldens.maximumDifference(found[0], expected[0]) < 2e-3)
                if found.count > 1 { #expect(Goldens.maximumDifference(found[1], expected[1]) < 5e-3) }
            }
            lists = scored.lists
        }
    }
}
