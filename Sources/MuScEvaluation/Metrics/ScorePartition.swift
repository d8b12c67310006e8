import MuScSupport

/// Scores dealt by their leading bits into buckets, anomalous and normal ones apart; within a bucket in no order.
///
/// A score is held as its depth: how far its key lies below the highest key of all. The buckets divide the depths
/// evenly between the highest and the lowest score, not by the bits of the number itself, so that scores which share
/// their exponent, as anomaly scores mostly do, still spread over many. As each bucket knows how many scores lie
/// above it, all buckets can be swept at once.
struct ScorePartition: Sendable {
    /// One sort of samples, anomalous or normal.
    struct Side: Sendable {
        /// Each depth's bits below the bucket's, bucket after bucket from the highest scores down.
        var remainders: [UInt32] = []
        /// Where bucket b begins in `remainders`; one more entry holds the end.
        var starts: [Int] = []
    }

    let positives: Int
    let negatives: Int
    let anomalous: Side
    let normal: Side
    let highestKey: UInt32
    /// Bits of a remainder, 0 to 31.
    let remainderBits: Int
    let bucketCount: Int

    init(scores: [Float], labels: [UInt8], threads: Int) throws(MetricError) {
        let count = scores.count
        let chunkCount = max(1, min(max(threads, 1) * 4, count / 65_536))
        let chunk = { @Sendable (index: Int) -> Range<Int> in
            count * index / chunkCount..<count * (index + 1) / chunkCount
        }

        let extents = concurrentMap(chunkCount, threads: threads) { KeyExtent(scores, chunk($0)) }
        if let index = extents.lazy.compactMap(\.notFinite).first { throw .notFinite(index: index) }
        let lowest = count == 0 ? 0 : extents.reduce(UInt32.max) { min($0, $1.lowest) }
        let highest = extents.reduce(lowest) { max($0, $1.highest) }

        // About 16 samples a bucket and at most 4,096 buckets: their write positions then stay in the cache.
        let spanBits = 32 - (highest - lowest).leadingZeroBitCount
        let bucketBits = max(1, min(12, Int.bitWidth - (count / 16).leadingZeroBitCount))
        let shift = UInt32(max(0, spanBits - bucketBits))
        let buckets = Int((highest - lowest) &>> shift) + 1

        // How many of each sort every chunk has for every bucket; then, from these, where it may write them.
        var positions = concurrentMap(chunkCount, threads: threads) { index in
            var counts = [Int](repeating: 0, count: 2 * buckets)
            for i in chunk(index) {
                let bucket = Int((highest - OrderedKey.key(scores[i])) &>> shift)
                counts[labels[i] != 0 ? buckets + bucket : bucket] += 1
            }
            return counts
        }
        var sides = [Side(), Side()]
        for side in 0..<2 {
            var position = 0
            for bucket in 0..<buckets {
                sides[side].starts.append(position)
                for index in 0..<chunkCount {
                    let here = positions[index][side * buckets + bucket]
                    positions[index][side * buckets + bucket] = position
                    position += here
                }
            }
            sides[side].starts.append(position)
        }
        let normalCount = sides[0].starts[buckets]
        let anomalousCount = sides[1].starts[buckets]

        let firstPositions = positions
        let mask = (UInt32(1) << shift) - 1
        sides[0].remainders = [UInt32](unsafeUninitializedCapacity: normalCount) { normal, normalInitialised in
            // Each chunk writes the positions counted for it and no others, and together they fill both arrays.
            nonisolated(unsafe) let normal = normal
            sides[1].remainders = [UInt32](unsafeUninitializedCapacity: anomalousCount) { anomalous, initialised in
                nonisolated(unsafe) let anomalous = anomalous
                concurrentLoop(chunkCount, threads: threads) { index in
                    var next = firstPositions[index]
                    for i in chunk(index) {
                        let depth = highest - OrderedKey.key(scores[i])
                        let bucket = Int(depth &>> shift)
                        if labels[i] != 0 {
                            anomalous[next[buckets + bucket]] = depth & mask
                            next[buckets + bucket] += 1
                        } else {
                            normal[next[bucket]] = depth & mask
                            next[bucket] += 1
                        }
                    }
                }
                initialised = anomalousCount
            }
            normalInitialised = normalCount
        }
        positives = anomalousCount
        negatives = normalCount
        normal = sides[0]
        anomalous = sides[1]
        highestKey = highest
        remainderBits = Int(shift)
        bucketCount = buckets
    }

    /// What each bucket adds to the metrics, from the highest scores to the lowest.
    ///
    /// - Precondition: there are samples of both sorts.
    func sweep(threads: Int) -> [BucketSweep] {
        concurrentMap(bucketCount, threads: threads) { BucketSweep(of: self, bucket: $0) }
    }
}

/// The lowest and the highest key of some scores.
private struct KeyExtent: Sendable {
    var lowest = UInt32.max
    var highest: UInt32 = 0
    /// The first score that is infinite or not a number.
    var notFinite: Int?

    init(_ scores: [Float], _ range: Range<Int>) {
        for i in range {
            if !scores[i].isFinite && notFinite == nil { notFinite = i }
            let key = OrderedKey.key(scores[i])
            lowest = min(lowest, key)
            highest = max(highest, key)
        }
    }
}
