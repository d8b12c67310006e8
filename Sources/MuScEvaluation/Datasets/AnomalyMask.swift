import MuScImages
import MuScSupport
import SystemPackage

/// Reading of masks: which pixels of a resized image are anomalous.
package enum AnomalyMask {
    /// Which values of a resized mask count as anomalous.
    package enum Rule: String, Sendable, Hashable, Codable {
        /// Only 255, the full value; so the reference reads MVTec AD and BTAD, as it cuts the fraction off.
        case full
        /// Anything above 0; so the reference reads VisA.
        case any
        /// As `full`; a mask without any 255 is one of labels (0, 1, 2 …), in which all but 0 is taken for 255 first.
        case fullOrLabel
    }

    /// Reads a mask, resizes it as images are resized (Pillow's bilinear filter, 8 bits) and applies the rule.
    ///
    /// - Parameters:
    ///   - path: The mask's file; colours are taken as grey by Pillow's weights.
    ///   - width, height: The size of the result.
    /// - Returns: `[height, width]` row-major, 1 for anomalous, 0 for normal.
    /// - Throws: ``ImageError`` where the file cannot be decoded.
    package static func read(_ path: FilePath, rule: Rule, width: Int, height: Int) throws(ImageError) -> [UInt8] {
        var mask = try GrayImage(contentsOf: path, options: .reference)
        if rule == .fullOrLabel, !mask.pixels.contains(255) {
            for index in mask.pixels.indices where mask.pixels[index] != 0 { mask.pixels[index] = 255 }
        }
        let resized = mask.resized(width: width, height: height, filter: .bilinear)
        return resized.pixels.map { (rule == .any ? $0 > 0 : $0 == 255) ? 1 : 0 }
    }
}

extension LabelledClass {
    /// Checks that every mask can be read and is as large as its image, before hours are spent on scores.
    ///
    /// - Throws: ``DatasetError`` for the first image at fault.
    package func checkMasks(threads: Int) throws(DatasetError) {
        let faults = concurrentMap(images.count, threads: threads) { index -> DatasetError? in
            let image = images[index]
            guard let mask = image.mask else { return nil }
            do throws(ImageError) {
                let picture = try ImageHeader(contentsOf: image.path, options: .reference)
                let truth = try ImageHeader(contentsOf: mask, options: .reference)
                if (picture.width, picture.height) == (truth.width, truth.height) { return nil }
                return DatasetError(
                    path: image.path,
                    fault: .maskSize(
                        mask: mask, maskWidth: truth.width, maskHeight: truth.height, width: picture.width,
                        height: picture.height))
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
        let read = concurrentMap(images.count, threads: threads) { index -> Result<[UInt8], DatasetError> in
            guard let mask = images[index].mask else { return .success([UInt8](repeating: 0, count: width * height)) }
            do throws(ImageError) {
                return .success(try AnomalyMask.read(mask, rule: maskRule, width: width, height: height))
            } catch {
                return .failure(DatasetError(path: mask, fault: .image(error)))
            }
        }
        var labels: [UInt8] = []
        labels.reserveCapacity(images.count * width * height)
        for mask in read { labels += try mask.get() }
        return labels
    }
}
