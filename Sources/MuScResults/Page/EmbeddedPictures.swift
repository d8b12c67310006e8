import Foundation
import MuScBatch
import MuScImages
import SystemPackage

/// The pictures of a page that is complete in itself, as `data:` addresses: such a page can be sent.
struct EmbeddedPictures: Sendable {
    /// The name of the page in the results folder.
    static let pageName = "report-single.html"
    /// Pixels of the longer side beyond which photographs are reduced.
    private static let longestSide = 1600

    /// Where the pictures of the page lie.
    let folder: String
    /// Which photographs are inside; all images have their thumbnail.
    let photographs: OutputOptions.SingleFile
    /// Of samples of more than 8 bits.
    let range: SampleRange
    let limits: DecodingLimits

    /// A picture of the results folder; nil where it is not there.
    func picture(_ path: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(path)") else { return nil }
        return Self.address(Array(bytes), type: path.hasSuffix(".png") ? "png" : "jpeg")
    }

    /// A photograph as a JPEG; nil where it is not asked for, or cannot be read.
    func photograph(_ image: ScoredImage, level: Ranking.Level) -> String? {
        guard photographs == .all || level != .none, let size = image.size else { return nil }
        let fitted = PictureWriter.fitted(size, longest: Self.longestSide)
        let options = DecodingOptions(
            sampleScaling: range.scaling ?? .fullRange, scaledToAtLeast: min(fitted.width, fitted.height), limits: limits,
            root: image.root, page: image.page ?? 0)
        guard let photograph = try? RGBImage(contentsOf: image.path, options: options) else { return nil }
        let reduced =
            photograph.width == fitted.width && photograph.height == fitted.height
            ? photograph : photograph.resized(width: fitted.width, height: fitted.height, filter: .bilinear)
        return (try? reduced.jpegEncoded(quality: 85)).map { Self.address($0, type: "jpeg") }
    }

    private static func address(_ bytes: [UInt8], type: String) -> String {
        "data:image/\(type);base64,\(Markup.base64(bytes))"
    }
}
