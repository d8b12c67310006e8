import MuScSupport
import SystemPackage

/// One range for all of a batch's samples of more than 8 bits, so that its images stay comparable.
///
/// * Unsigned 16-bit samples: the significant bits, where they can be told: of 8, 10, 12, 14 and 16 bits the fewest that
///   hold the highest value of all images. A camera of 12 bits that fills the lower bits of 16 is so read as its own
///   8-bit images would be; one that fills the upper bits has the full range.
/// * Floating-point, signed and 32-bit samples (height and thermal maps): from the value that 1/1000 of all samples stay
///   below to the one that 1/1000 exceed, widened by a quarter of the span on either side, but not beyond what occurs.
///   What is no number or infinite does not count.
///
/// Files of 8 bits keep their meaning and are not read. Of a batch of these alone, not a file is decoded.
package struct SampleSurvey: Sendable {
    /// A file, one page of it, and the folder that it must lie in.
    package struct Source: Sendable, Hashable {
        package var path: FilePath
        package var page: Int
        package var root: FilePath?

        package init(path: FilePath, page: Int = 0, root: FilePath? = nil) {
            (self.path, self.page, self.root) = (path, page, root)
        }
    }

    /// Names of images of more than 8 bits, in order.
    package let deep: [String]
    /// How many images have 8 bits.
    package let shallow: Int
    private let statistics: [SampleStatistics]

    /// Looks at the files.
    ///
    /// - Parameters:
    ///   - sources: The batch's images, and whoever judges along.
    ///   - reads: Whether the samples of those of more than 8 bits are read; else they are only counted.
    ///   - limits: How much a file may ask for.
    package init(_ sources: [Source], reads: Bool = true, limits: DecodingLimits = DecodingLimits(), threads: Int = 1) {
        let isDeep = concurrentMap(sources.count, threads: threads) {
            FilePeek(sources[$0].path, root: sources[$0].root).isDeep
        }
        let found = sources.indices.filter { isDeep[$0] }
        deep = found.map { sources[$0].path.lastComponent?.string ?? sources[$0].path.string }
        shallow = sources.count - found.count
        statistics =
            !reads
            ? []
            : concurrentMap(found.count, threads: threads) { index in
                let source = sources[found[index]]
                return try? SampleStatistics(
                    contentsOf: source.path, options: DecodingOptions(limits: limits, root: source.root, page: source.page))
            }.compactMap { $0 }
    }

    /// Whether any file has samples of more than 8 bits.
    package var findsDeep: Bool { !deep.isEmpty }

    /// The batch's range.
    package var range: SampleRange {
        if statistics.contains(where: { $0.kind == .map }) { return mapRange }
        let highest = statistics.filter { $0.kind == .wholeNumbers }.map(\.highest).max() ?? 0
        guard highest > 0, let bits = [8, 10, 12, 14].first(where: { highest < Double(1 << $0) }) else { return .full }
        return .fixed(low: 0, high: Double(1 << bits) - 1)
    }

    private var mapRange: SampleRange {
        let counted = statistics.filter { !$0.quantiles.isEmpty && $0.kind != .stretched }
        guard let lowest = counted.map(\.lowest).min(), let highest = counted.map(\.highest).max() else { return .full }
        let (bottom, top) = (quantile(0.001, of: counted), quantile(0.999, of: counted))
        let margin = (top - bottom) / 4
        let low = bottom < top ? max(lowest, bottom - margin) : lowest
        let high = bottom < top ? min(highest, top + margin) : highest
        // One value in all images: whatever the range, it becomes black.
        return .fixed(low: low, high: high > low ? high : low + max(abs(low), 1))
    }

    /// The value that a share of all samples stays below, from the images' own quantiles.
    private func quantile(_ level: Double, of counted: [SampleStatistics]) -> Double {
        let levels = SampleStatistics.levels
        let shares = levels.indices.map { index in
            (levels[min(index + 1, levels.count - 1)] - levels[max(index - 1, 0)]) / 2
        }
        var points = counted.flatMap { image in
            zip(image.quantiles, shares).map { (value: Double($0), weight: $1 * Double(image.count)) }
        }
        points.sort { $0.value < $1.value }
        let total = points.reduce(0) { $0 + $1.weight }
        var below = 0.0
        for point in points {
            below += point.weight
            if below >= level * total { return point.value }
        }
        return points.last?.value ?? 0
    }

    /// Whether samples of more than 8 bits are of several kinds.
    package var mixesKinds: Bool { Set(statistics.map(\.kind)).count > 1 }
}

extension SampleStatistics {
    /// - Throws: ``ImageError`` where the file cannot be decoded.
    init?(contentsOf path: FilePath, options: DecodingOptions) throws(ImageError) {
        let content = try FileContent(path, options: options)
        let encoded = try EncodedImage(content.bytes, name: content.name, limits: options.limits, page: options.page)
        let raster = try DecodingGate.pass(bytes: encoded.decodingBytes, name: content.name) { () throws(ImageError) in
            try encoded.decoded()
        }
        self.init(raster)
    }
}
