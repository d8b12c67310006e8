import MuScScoring
import Testing

/// The jump from near to far judges, and the groups that it gives away.
@Suite struct RecurringDefectsTests {
    /// 20 images of 4 × 4 patches with random unit vectors around a few directions; images 3, 8 and 15 share a mark.
    ///
    /// - Parameter second: Images that share another.
    private func batch(second: [Int] = []) -> (near: [Float], far: [Float], tokens: UnitTokens) {
        var state: UInt64 = 5
        func random() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24) - 0.5
        }
        let grid = PatchGrid(width: 4, height: 4)
        let channels = 16
        let mark = (0..<channels).map { _ in random() }
        let other = second.isEmpty ? [] : (0..<channels).map { _ in random() }
        let base = (0..<grid.count).map { _ in (0..<channels).map { _ in random() } }
        var values: [Float] = []
        for image in 0..<20 {
            for patch in 0..<grid.count {
                let isMark = [3, 8, 15].contains(image) && patch == 6
                let isOther = second.contains(image) && patch == 9
                let vector = (0..<channels).map { (isMark ? mark : isOther ? other : base[patch])[$0] + 0.1 * random() }
                let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                values += vector.map { $0 / norm }
            }
        }
        let tokens = UnitTokens(images: 20, grid: grid, channels: channels, values: values)
        let all = Array(0..<20)
        var scoring = MutualScoring(interval: .init(upper: 0.1), threads: 1)
        let near = scoring.patchScores(of: tokens, judged: all, judges: all)
        scoring.interval = RecurringDefects.farInterval
        return (near, scoring.patchScores(of: tokens, judged: all, judges: all), tokens)
    }

    @Test("The mark's patches are penalised most")
    func penalties() {
        let (near, far, _) = batch()
        let penalties = RecurringDefects(near: near, far: far).penalties
        let highest = penalties.indices.sorted { penalties[$0] > penalties[$1] }.prefix(3)
        #expect(Set(highest) == [3 * 16 + 6, 8 * 16 + 6, 15 * 16 + 6])
        #expect(penalties.allSatisfy { $0 >= 0 && $0.isFinite })
    }

    @Test("Penalised scores stay within 0 to 2, in the order of their sums, and what is below 1.5 stays what it is")
    func bounded() {
        let (near, far, _) = batch()
        let found = RecurringDefects(near: near, far: far)
        for scale: Float in [1, 10, 1000] {
            let raw = near.map { $0 * scale }
            var scores = raw
            found.penalise(&scores, from: 0)
            let sums = zip(raw, found.penalties).map { $0 + $1 }
            #expect(scores.allSatisfy { $0 >= 0 && $0 < 2 })
            for (sum, score) in zip(sums, scores) where sum <= 1.5 { #expect(score == sum) }
            let order = sums.indices.sorted { sums[$0] < sums[$1] }
            #expect(zip(order, order.dropFirst()).allSatisfy { scores[$0] <= scores[$1] })
        }
    }

    private func groups(of batch: (near: [Float], far: [Float], tokens: UnitTokens)) -> [RecurringDefects.Group] {
        let (near, far, tokens) = batch
        return RecurringDefects(near: near, far: far).groups(near: near, images: 20, patches: 16) { images in
            UnitTokens(
                images: images.count, grid: tokens.grid, channels: tokens.channels,
                values: images.flatMap { tokens.values[$0 * 256..<($0 + 1) * 256] })
        }
    }

    @Test("Images that share a mark are named as one group, with the mark's patch")
    func groups() {
        let groups = groups(of: batch())
        #expect(groups.map { $0.members.map(\.image) } == [[3, 8, 15]])
        #expect(groups.first?.members.allSatisfy { $0.patch == 6 } == true)
    }

    @Test("An image with two marks belongs to both groups, and does not make one of them")
    func twoMarks() {
        let groups = groups(of: batch(second: [1, 11, 15, 18]))
        #expect(groups.map { $0.members.map(\.image) } == [[1, 11, 15, 18], [3, 8, 15]])
        #expect(groups.map { Set($0.members.map(\.patch)) } == [[9], [6]])
    }

    @Test("Equal distances give neither penalties nor groups")
    func equal() {
        let flat = [Float](repeating: 0.3, count: 20 * 16)
        let found = RecurringDefects(near: flat, far: flat)
        #expect(found.penalties.allSatisfy { $0 == 0 })
    }
}
