/// One bucket of a ``ScorePartition`` walked from its highest score to its lowest, with what it adds to the metrics.
struct BucketSweep: Sendable {
    /// Twice the area under the bucket's part of the curve of true against false positives, in counts; an exact integer.
    private(set) var doubledArea = 0
    /// Σ ΔTP · TP/(TP + FP) over the bucket's thresholds.
    private(set) var precisionSum = 0.0
    /// The best F1 among the bucket's thresholds, −1 where the bucket is empty.
    private(set) var bestF1 = -1.0
    /// The key of the threshold with the best F1.
    private(set) var bestKey: UInt32 = 0
    /// The points of the curve worth drawing.
    private(set) var curve: [RankMetrics.CurvePoint] = []

    private var truePositives: Int
    private var falsePositives: Int
    private let positives: Int
    private let negatives: Int

    /// A curve is drawn in at most this many steps along either rate.
    private static let curveSteps = 512

    init(of partition: ScorePartition, bucket: Int) {
        let anomalous = partition.anomalous.starts[bucket]..<partition.anomalous.starts[bucket + 1]
        let normal = partition.normal.starts[bucket]..<partition.normal.starts[bucket + 1]
        truePositives = anomalous.lowerBound
        falsePositives = normal.lowerBound
        positives = partition.positives
        negatives = partition.negatives
        let count = anomalous.count + normal.count
        guard count > 0 else { return }
        let firstKey = partition.highestKey - UInt32(bucket) << UInt32(partition.remainderBits)

        // Where the bucket has few values for its samples, counting them sorts fastest.
        if partition.remainderBits <= 16, 1 << partition.remainderBits <= 4 * count {
            var counts = [(anomalous: Int32, normal: Int32)](repeating: (0, 0), count: 1 << partition.remainderBits)
            for i in anomalous { counts[Int(partition.anomalous.remainders[i])].anomalous += 1 }
            for i in normal { counts[Int(partition.normal.remainders[i])].normal += 1 }
            for (depth, here) in counts.enumerated() where here.anomalous | here.normal != 0 {
                step(Int(here.anomalous), Int(here.normal), key: firstKey - UInt32(depth))
            }
            return
        }
        let bits = partition.remainderBits
        let anomalousDepths = sorted(partition.anomalous.remainders[anomalous], bits: bits)
        let normalDepths = sorted(partition.normal.remainders[normal], bits: bits)
        var a = 0
        var n = 0
        while a < anomalousDepths.count || n < normalDepths.count {
            let depth = min(
                a < anomalousDepths.count ? anomalousDepths[a] : .max, n < normalDepths.count ? normalDepths[n] : .max)
            let (firstA, firstN) = (a, n)
            while a < anomalousDepths.count, anomalousDepths[a] == depth { a += 1 }
            while n < normalDepths.count, normalDepths[n] == depth { n += 1 }
            step(a - firstA, n - firstN, key: firstKey - depth)
        }
    }

    /// Lowers the threshold to the next distinct score, at which there are so many samples of both sorts.
    @inline(__always)
    private mutating func step(_ newPositives: Int, _ newNegatives: Int, key: UInt32) {
        let before = (truePositives, falsePositives)
        truePositives += newPositives
        falsePositives += newNegatives
        doubledArea += newNegatives * (before.0 + truePositives)
        if newPositives > 0 {
            precisionSum += Double(newPositives) * Double(truePositives) / Double(truePositives + falsePositives)
            // F1 falls wherever only normal samples are added, so only these thresholds can be best.
            let f1 = 2 * Double(truePositives) / Double(truePositives + falsePositives + positives)
            if f1 > bestF1 { (bestF1, bestKey) = (f1, key) }
        }
        let steps = Self.curveSteps
        if before.0 * steps / positives != truePositives * steps / positives
            || before.1 * steps / negatives != falsePositives * steps / negatives
        {
            curve.append(
                RankMetrics.CurvePoint(
                    threshold: OrderedKey.score(key), truePositives: truePositives, falsePositives: falsePositives))
        }
    }
}

/// Values below 2^`bits` in ascending order, by a radix sort of eleven bits a pass where there are enough of them.
private func sorted(_ values: ArraySlice<UInt32>, bits: Int) -> [UInt32] {
    guard values.count >= 512 else { return values.sorted() }
    var from = Array(values)
    var to = from
    for shift in stride(from: UInt32(0), to: UInt32(bits), by: 11) {
        var starts = [Int](repeating: 0, count: 2_049)
        for value in from { starts[Int(value &>> shift & 2_047) + 1] += 1 }
        for digit in 1...2_048 { starts[digit] += starts[digit - 1] }
        for value in from {
            let digit = Int(value &>> shift & 2_047)
            to[starts[digit]] = value
            starts[digit] += 1
        }
        swap(&from, &to)
    }
    return from
}
