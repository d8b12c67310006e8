import MuScSupport

/// One defect whose overlap is measured.
package struct DefectRegion: Sendable, Hashable {
    /// The image's index among the maps.
    package var image: Int
    /// Its pixels, as ranges of pixel indices within the image.
    package var runs: [Range<Int>]
    /// So many of its pixels above a threshold count as all of it, at least 1: its area, unless it saturates earlier.
    package var saturation: Int

    package init(image: Int, runs: [Range<Int>], saturation: Int) {
        self.image = image
        self.runs = runs
        self.saturation = saturation
    }

    /// The number of its pixels.
    package var area: Int { runs.reduce(0) { $0 + $1.count } }
}

/// The overlap of defects against the false-positive rate, exactly: every distinct score is a threshold.
///
/// At a threshold t the overlap is the mean over all defects of min(pixels of the defect with a score ≥ t / s, 1), where
/// s is the defect's saturation, and the rate is the part of all normal pixels with a score ≥ t. The value is the area
/// under overlap against rate by trapezoids from rate 0 to a limit, cut there by interpolation, divided by the limit.
/// With s the defect's area it is PRO (Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021, limit 0.3; MVTec
/// AD 2, limit 0.05), else sPRO (Bergmann et al., "Beyond Dents and Scratches", IJCV 2022, limit 0.05).
///
/// A defect's pixels count one by one: in order of their scores the first s of them add 1/s each, the others nothing. So
/// the area is a sum over these pixels of the rates that lie beyond each of them, and only they need to be sorted; normal
/// pixels are counted between them, and those of them that lie beyond the limit are passed over.
package struct ExactOverlap: Sendable, Hashable {
    /// The rate of false positives up to which the area is taken, above 0, at most 1.
    package let limit: Double
    /// The number of defects.
    package let defects: Int
    /// The area divided by the limit, 0 to 1; nil where there is no defect or no normal pixel.
    package let value: Double?

    /// PRO: every 8-connected region of the masks is a defect, and saturates at its own area.
    ///
    /// - Parameters:
    ///   - maps: Scores of `count` images of the same size, `[count, height, width]` row-major; finite.
    ///   - masks: Labels of the same shape; 0 is normal, anything else anomalous.
    ///   - width, height: Of one image.
    ///   - threads: The most threads to use.
    /// - Throws: ``MetricError``, where the counts do not fit or a score is not finite.
    package init(
        maps: [Float], masks: [UInt8], width: Int, height: Int, limit: Double, threads: Int = 1
    ) throws(MetricError) {
        let area = width * height
        guard maps.count == masks.count else { throw .countsDiffer(scores: maps.count, labels: masks.count) }
        guard area > 0, maps.count % area == 0 else {
            throw .notWholeImages(values: maps.count, width: width, height: height)
        }
        let regions = concurrentMap(maps.count / area, threads: threads) { image in
            let found = ConnectedRegions(mask: masks[image * area..<(image + 1) * area], width: width)
            var runs = [[Range<Int>]](repeating: [], count: found.areas.count)
            for (run, region) in zip(found.runs, found.regionOfRun) { runs[region].append(run) }
            return zip(runs, found.areas).map { DefectRegion(image: image, runs: $0, saturation: $1) }
        }
        try self.init(
            maps: maps, masks: masks, area: area, defects: regions.flatMap { $0 }, limit: limit, threads: threads)
    }

    /// - Parameters:
    ///   - masks: As above; what is 0 there is normal.
    ///   - area: Pixels of one image.
    ///   - defects: Each within the anomalous pixels of its image; they may overlap.
    package init(
        maps: [Float], masks: [UInt8], area: Int, defects: [DefectRegion], limit: Double, threads: Int = 1
    ) throws(MetricError) {
        guard maps.count == masks.count else { throw .countsDiffer(scores: maps.count, labels: masks.count) }
        self.limit = limit
        self.defects = defects.count
        let chunks = Chunks(count: maps.count, threads: threads)
        // How many normal pixels each of 65,536 ranges of keys holds.
        let tallies = concurrentMap(chunks.number, threads: threads) { index in
            KeyTally(maps, masks, chunks[index])
        }
        if let index = tallies.lazy.compactMap(\.notFinite).first { throw .notFinite(index: index) }
        let normal = tallies.reduce(0) { $0 + $1.normal }
        guard !defects.isEmpty, normal > 0 else {
            value = nil
            return
        }
        let reach = limit * Double(normal)
        var lowestBin = (1 << 16) - 1
        var above = 0
        while lowestBin > 0 {
            above += tallies.reduce(0) { $0 + Int($1.counts[lowestBin]) }
            if Double(above) >= reach { break }
            lowestBin -= 1
        }
        // Below the lowest key that matters, the limit is reached: no defect's pixel adds anything there.
        let lowest = UInt32(lowestBin) << 16
        let samples = Self.samples(maps, area: area, defects: defects, lowest: lowest, threads: threads)
        let counts = Self.counts(of: samples.keys, maps, masks, lowest: lowest, chunks: chunks, threads: threads)
        // Walked from the highest defect pixel down: `false positives` are the normal pixels above, `ties` beside it.
        var falsePositives = 0
        var area = 0.0
        for index in samples.keys.indices.reversed() {
            falsePositives += counts.between[index + 1]
            let ties = counts.beside[index]
            let rest = reach - Double(falsePositives)
            guard rest > 0 else { break }
            let tied = Double(ties)
            area += samples.weights[index] * (rest >= tied ? rest - tied / 2 : rest * rest / (2 * tied))
            falsePositives += ties
        }
        value = area / Double(defects.count) / reach
    }

    /// The distinct keys of all defect pixels that count, ascending, and the sum of what those at each key add.
    private static func samples(
        _ maps: [Float], area: Int, defects: [DefectRegion], lowest: UInt32, threads: Int
    ) -> (keys: [UInt32], weights: [Double]) {
        let parts = concurrentMap(defects.count, threads: threads) { index -> [UInt32] in
            let defect = defects[index]
            var keys: [UInt32] = []
            keys.reserveCapacity(defect.area)
            for run in defect.runs {
                for pixel in run { keys.append(OrderedKey.key(maps[defect.image * area + pixel])) }
            }
            if defect.saturation < keys.count {
                keys.sort(by: >)
                keys.removeLast(keys.count - defect.saturation)
            }
            return keys.filter { $0 >= lowest }
        }
        var samples: [UInt64] = []
        samples.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for (index, part) in parts.enumerated() {
            for key in part { samples.append(UInt64(key) << 32 | UInt64(index)) }
        }
        radixSort(&samples)
        var keys: [UInt32] = []
        var weights: [Double] = []
        for sample in samples {
            let key = UInt32(sample >> 32)
            let weight = 1 / Double(max(1, defects[Int(sample & 0xffff_ffff)].saturation))
            if keys.last == key {
                weights[weights.count - 1] += weight
            } else {
                keys.append(key)
                weights.append(weight)
            }
        }
        return (keys, weights)
    }

    /// How many normal pixels lie at each key, and below each (above the one before); one more entry holds those above all.
    private static func counts(
        of keys: [UInt32], _ maps: [Float], _ masks: [UInt8], lowest: UInt32, chunks: Chunks, threads: Int
    ) -> (beside: [Int], between: [Int]) {
        guard let first = keys.first, let last = keys.last else { return ([], [0]) }
        // Where keys of each range begin, so that a key is found in a few steps.
        let shift = UInt32(max(0, 32 - (last - first).leadingZeroBitCount - 18))
        var starts = [Int32](repeating: 0, count: Int((last - first) >> shift) + 2)
        for key in keys { starts[Int((key - first) >> shift) + 1] += 1 }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        let table = starts
        let parts = concurrentMap(min(chunks.number, max(threads, 1)), threads: threads) { worker in
            var slots = [UInt32](repeating: 0, count: 2 * keys.count + 1)
            for chunk in stride(from: worker, to: chunks.number, by: max(1, min(chunks.number, max(threads, 1)))) {
                for index in chunks[chunk] where masks[index] == 0 {
                    let key = OrderedKey.key(maps[index])
                    // Below the lowest key of a defect, normal pixels add nothing either.
                    guard key >= first else { continue }
                    guard key <= last else {
                        slots[2 * keys.count] += 1
                        continue
                    }
                    var place = Int(table[Int((key - first) >> shift)])
                    while keys[place] < key { place += 1 }
                    slots[2 * place + (keys[place] == key ? 1 : 0)] += 1
                }
            }
            return slots
        }
        var beside = [Int](repeating: 0, count: keys.count)
        var between = [Int](repeating: 0, count: keys.count + 1)
        for slots in parts {
            for index in keys.indices {
                between[index] += Int(slots[2 * index])
                beside[index] += Int(slots[2 * index + 1])
            }
            between[keys.count] += Int(slots[2 * keys.count])
        }
        return (beside, between)
    }
}

/// Ranges of about equal length that together cover an array.
private struct Chunks: Sendable {
    let count: Int
    let number: Int

    init(count: Int, threads: Int) {
        self.count = count
        number = max(1, min(max(threads, 1) * 4, count / 65_536))
    }

    subscript(index: Int) -> Range<Int> { count * index / number..<count * (index + 1) / number }
}

/// The normal pixels of a chunk by the upper half of their keys.
private struct KeyTally: Sendable {
    var counts = [UInt32](repeating: 0, count: 1 << 16)
    var normal = 0
    /// The first score that is infinite or not a number.
    var notFinite: Int?

    init(_ maps: [Float], _ masks: [UInt8], _ range: Range<Int>) {
        for index in range {
            let score = maps[index]
            if !score.isFinite && notFinite == nil { notFinite = index }
            guard masks[index] == 0 else { continue }
            counts[Int(OrderedKey.key(score) >> 16)] += 1
        }
        normal = counts.reduce(0) { $0 + Int($1) }
    }
}

/// Sorts by all 64 bits, eleven a pass; passes in which all agree are passed over.
private func radixSort(_ values: inout [UInt64]) {
    guard values.count > 512 else {
        values.sort()
        return
    }
    var other = values
    for shift in stride(from: UInt64(0), to: 64, by: 11) {
        var starts = [Int](repeating: 0, count: 2_049)
        for value in values { starts[Int(value &>> shift & 2_047) + 1] += 1 }
        if starts.contains(values.count) { continue }
        for digit in 1...2_048 { starts[digit] += starts[digit - 1] }
        for value in values {
            let digit = Int(value &>> shift & 2_047)
            other[starts[digit]] = value
            starts[digit] += 1
        }
        swap(&values, &other)
    }
}
