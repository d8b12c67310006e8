import MuScImages
import MuScSupport
import SystemPackage

/// Reading of masks: which pixels of a resized image are anomalous.
package enum AnomalyMask {
    /// Which values of a mask count as anomalous.
    package enum Rule: String, Sendable, Hashable, Codable {
        /// Only 255, the full value, after resizing; so the reference reads MVTec AD and BTAD, as it cuts the fraction off.
        case full
        /// Anything above 0 after resizing; so the reference reads VisA.
        case any
        /// Whatever is not 0 in the file, of any depth, is taken for 255 first, then as `full`: masks of labels, of 1, of
        /// 240 and 255. Of a JPEG, whose zeros are not exact, what is above 127.
        case nonZero
    }

    /// Reads a mask, resizes it as images are resized (Pillow's bilinear filter, 8 bits) and applies the rule.
    ///
    /// - Parameters:
    ///   - path: The mask's file; colours are taken as grey by Pillow's weights.
    ///   - width, height: The size of the result.
    /// - Returns: `[height, width]` row-major, 1 for anomalous, 0 for normal.
    /// - Throws: ``ImageError`` where the file cannot be decoded.
    package static func read(_ path: FilePath, rule: Rule, width: Int, height: Int) throws(ImageError) -> [UInt8] {
        try MaskReading([path], rule: rule, width: width, height: height).labels
    }
}

/// The masks of one image as read, with what their values say beside the labels.
struct MaskReading: Sendable {
    /// How far each pixel of the wanted size is covered, 0 to 255.
    private(set) var coverage: GrayImage
    private let rule: AnomalyMask.Rule
    /// Whether the rule counts any pixel of the masks at their own size.
    private(set) var isEmpty = true
    /// Values other than 0 that the rule does not count, of 8 bits or of the first 255 of a deeper mask.
    private(set) var passedOver: Set<UInt8> = []
    /// Whether a mask is a JPEG, so that its values are not exact.
    private(set) var isLossy = false

    /// - Parameters:
    ///   - paths: Masks of one size, which together show the anomalous pixels.
    /// - Throws: ``ImageError`` where a file cannot be decoded.
    init(_ paths: [FilePath], rule: AnomalyMask.Rule, width: Int, height: Int) throws(ImageError) {
        self.rule = rule
        coverage = GrayImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height))
        var union: GrayImage?
        for path in paths {
            let mask = try read(path)
            if var whole = union, (whole.width, whole.height) == (mask.width, mask.height) {
                for index in whole.pixels.indices { whole.pixels[index] = max(whole.pixels[index], mask.pixels[index]) }
                union = whole
            } else {
                union = mask
            }
        }
        if let union { coverage = union.resized(width: width, height: height, filter: .bilinear) }
    }

    /// `[height, width]` row-major, 1 for anomalous, 0 for normal.
    var labels: [UInt8] { coverage.pixels.map { (rule == .any ? $0 > 0 : $0 == 255) ? 1 : 0 } }

    private mutating func read(_ path: FilePath) throws(ImageError) -> GrayImage {
        let header = try ImageHeader(contentsOf: path, options: .reference)
        var options = DecodingOptions.reference
        // A deep mask of ones would be black where its 16 bits are cut to the upper 8.
        if rule == .nonZero { options.sampleScaling = .range(low: 0, high: 1) }
        var mask = try GrayImage(contentsOf: path, options: options)
        if header.format == .jpeg { isLossy = true }
        if rule == .nonZero {
            let least: UInt8 = header.format == .jpeg ? 128 : 1
            for index in mask.pixels.indices { mask.pixels[index] = mask.pixels[index] >= least ? 255 : 0 }
        }
        var values = Self.values(of: mask)
        if values.isEmpty, header.bitsPerSample > 8, rule != .nonZero {
            options.sampleScaling = .range(low: 0, high: 255)
            values = Self.values(of: try GrayImage(contentsOf: path, options: options))
            passedOver.formUnion(values)
        } else if rule == .full, !isLossy {
            passedOver.formUnion(values.subtracting([255]))
        }
        if rule == .full ? mask.pixels.contains(255) : mask.pixels.contains(where: { $0 > 0 }) { isEmpty = false }
        return mask
    }

    private static func values(of mask: GrayImage) -> Set<UInt8> {
        var isThere = [Bool](repeating: false, count: 256)
        for value in mask.pixels { isThere[Int(value)] = true }
        return Set((1...255).filter { isThere[$0] }.map { UInt8($0) })
    }
}

extension LabelledClass {
    /// Checks that every mask can be read and is as large as its image, before hours are spent on scores.
    ///
    /// - Throws: ``DatasetError`` for the first image at fault.
    package func checkMasks(threads: Int) throws(DatasetError) {
        let faults = concurrentMap(images.count, threads: threads) { index -> DatasetError? in
            let image = images[index]
            guard !image.masks.isEmpty else { return nil }
            do throws(ImageError) {
                let picture = try ImageHeader(contentsOf: image.path, options: .reference)
                for mask in image.masks {
                    let truth = try ImageHeader(contentsOf: mask, options: .reference)
                    if (picture.width, picture.height) == (truth.width, truth.height) { continue }
                    return DatasetError(
                        path: image.path,
                        fault: .maskSize(
                            mask: mask, maskWidth: truth.width, maskHeight: truth.height, width: picture.width,
                            height: picture.height))
                }
                return nil
            } catch {
                return DatasetError(path: image.path, fault: .image(error))
            }
        }
        if let fault = faults.lazy.compactMap({ $0 }).first { throw fault }
    }

    /// The masks of all images at one size, `[images.count, height, width]` row-major, 1 for anomalous.
    ///
    /// - Throws: ``DatasetError`` for the first mask that cannot be decoded.
    package func masks(width: Int, height: Int, threads: Int) throws(DatasetError) -> [UInt8] {
        try labels(width: width, height: height, threads: threads).labels
    }

    /// ``masks(width:height:threads:)`` with what a reader should know of the masks, one sentence each.
    func labels(width: Int, height: Int, threads: Int) throws(DatasetError) -> (labels: [UInt8], notes: [String]) {
        let read = concurrentMap(images.count, threads: threads) { index -> Result<MaskReading, DatasetError> in
            do throws(ImageError) {
                return .success(try MaskReading(images[index].masks, rule: maskRule, width: width, height: height))
            } catch {
                return .failure(DatasetError(path: images[index].masks.first ?? images[index].path, fault: .image(error)))
            }
        }
        var labels: [UInt8] = []
        labels.reserveCapacity(images.count * width * height)
        var readings: [MaskReading] = []
        for result in read {
            let reading = try result.get()
            labels += reading.labels
            readings.append(reading)
        }
        let area = width * height
        return (labels, notes(on: readings, width: width) { labels[$0 * area..<($0 + 1) * area].contains(1) })
    }

    /// Sentences on masks that count for less than they show, each with how many there are and the first of them.
    private func notes(
        on readings: [MaskReading], width: Int, hasPixels: (_ image: Int) -> Bool
    ) -> [String] {
        let masked = images.indices.filter { images[$0].isAnomalous && hasMasks }
        func note(_ isConcerned: (MaskReading) -> Bool, _ says: (Int) -> String) -> [String] {
            let concerned = masked.filter { isConcerned(readings[$0]) }
            guard let first = concerned.first else { return [] }
            return [
                "\(concerned.count) of \(masked.count) masks \(says(concerned.count)) (\(images[first].mask ?? images[first].path) first)."
            ]
        }
        let values = Set(masked.flatMap { readings[$0].passedOver }).sorted().prefix(8).map(String.init).joined(separator: ", ")
        var notes: [String] = []
        let vanished = masked.count { !readings[$0].isEmpty && !hasPixels($0) }
        if vanished > 0 {
            notes.append("\(vanished) of \(masked.count) masks have no pixel left at \(width) px; a larger image size keeps them.")
        }
        notes += note({ $0.isEmpty && $0.passedOver.isEmpty }) { "\($0 == 1 ? "is" : "are") empty" }
        notes += note({ !$0.passedOver.isEmpty }) { _ in
            let counted = maskRule == .full ? "255 alone counts" : "8 bits count"
            return "hold values that the rule of this data set does not count as defect: \(values), where \(counted)"
        }
        notes += note(\.isLossy) { "\($0 == 1 ? "is a JPEG" : "are JPEGs"), whose values are not exact" }
        return notes
    }
}
