import SystemPackage

/// How often each value of 16-bit samples occurs in a batch, from which the batch's percentiles follow.
///
/// A camera of 12 bits in 16-bit files, or a dark scene, uses a small part of the full range; scaling by a range
/// that all images of a batch share keeps them comparable.
public struct SampleHistogram: Sendable, Hashable {
    /// The number of samples of each value, 65536 counts.
    public private(set) var counts = [Int](repeating: 0, count: 65536)

    /// A histogram of nothing.
    public init() {}

    /// Counts the samples of an image file that has 16-bit samples; all channels count alike.
    ///
    /// - Returns: Whether the file has 16-bit samples; others change nothing.
    /// - Throws: `ImageError`, as `RGBImage.init(contentsOf:options:)`.
    @discardableResult
    public mutating func add(
        contentsOf path: FilePath, limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) -> Bool {
        let content = try FileContent(path, options: DecodingOptions(limits: limits))
        let encoded = try EncodedImage(content.bytes, name: content.name, limits: limits)
        guard encoded.layout.sampleType == .uint16 else { return false }
        if case .uint16(let samples) = try encoded.decoded().samples {
            for sample in samples { counts[Int(sample)] += 1 }
        }
        return true
    }

    /// Adds another histogram's counts, so that files may be counted in parallel.
    public mutating func add(_ other: SampleHistogram) {
        for value in counts.indices { counts[value] += other.counts[value] }
    }

    /// The smallest value that at least the fraction `quantile` of the samples do not exceed; nil where nothing
    /// was counted.
    ///
    /// - Parameter quantile: 0 to 1, such as 0.001 and 0.999 for a range that a few hot pixels do not decide.
    public func value(atQuantile quantile: Double) -> Int? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        var below = 0
        for (value, count) in counts.enumerated() where count > 0 {
            below += count
            if Double(below) >= quantile * Double(total) { return value }
        }
        return counts.lastIndex { $0 > 0 }
    }

    /// The scaling from one quantile to another, or nil where nothing was counted or both are the same value.
    public func scaling(from low: Double, to high: Double) -> SampleScaling? {
        guard let lowest = value(atQuantile: low), let highest = value(atQuantile: high), lowest < highest else {
            return nil
        }
        return .range(low: Double(lowest), high: Double(highest))
    }
}
