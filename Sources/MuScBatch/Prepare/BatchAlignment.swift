import FoundationEssentials
import MuScImages
import MuScSupport
import SystemPackage

/// The frame in which a batch's parts are compared, as the network takes it.
package struct BatchAlignment: Sendable {
    /// Of the shape in which the network takes it.
    package let frame: AlignmentFrame
    /// Tells one frame from another.
    package let digest: String
    /// Where it lies in photographs that were looked at already, by file.
    private let known: [String: Place]

    /// What a look at one photograph came to.
    struct Look: Sendable {
        var part: FoundPart
        var photograph: ImageSize
    }

    /// Where the frame lies in one photograph.
    struct Place: Sendable {
        var frame: PartFrame
        var photograph: ImageSize
    }

    /// - Parameters:
    ///   - frame: Of any shape.
    ///   - size: As the network takes it; the frame is widened to its shape.
    ///   - looks: What was found in photographs that were looked at already, by file.
    init(frame: AlignmentFrame, size: ImageSize, looks: [String: Look] = [:], threads: Int = 1) {
        let wide = frame.widened(to: size)
        let files = Array(looks)
        let places = concurrentMap(files.count, threads: threads) { index in
            let look = files[index].value
            return (files[index].key, Place(frame: wide.place(look.part, photograph: look.photograph), photograph: look.photograph))
        }
        self.frame = wide
        known = Dictionary(places, uniquingKeysWith: { first, _ in first })
        digest = Self.digest(of: wide)
    }

    private static func digest(of frame: AlignmentFrame) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Only numbers and texts, which always have a JSON.
        return SHA256.hash(data: (try? encoder.encode(frame)) ?? Data()).prefix(8).hexadecimal
    }

    /// Where the frame lies in a photograph.
    ///
    /// The same photograph always gets the same place, whether it was looked at before or not.
    func place(_ file: BatchFile, options: DecodingOptions) throws(ImageError) -> Place {
        if let known = known[Self.key(file)] { return known }
        let (part, size) = try FoundPart.find(in: file.path, options: options, copy: frame.copy)
        return Place(frame: frame.place(part, photograph: size), photograph: size)
    }

    static func key(_ file: BatchFile) -> String { FileIdentity(file.path).bytes.hexadecimal + "#\(file.page ?? 0)" }
}

/// What was settled of a batch's parts, for people and programs.
public struct AlignmentRecord: Sendable, Hashable, Codable {
    /// Whether parts were turned upright.
    public var isTurned: Bool
    /// Whether the frame moves with the part; else it lies at one place in all photographs.
    public var follows: Bool
    /// The frame's sides in pixels of most photographs.
    public var width, height: Int
    /// One entry a readable image.
    public var images: [Image]

    /// Where the part of one image lies.
    public struct Image: Sendable, Hashable, Codable {
        public var image: String
        /// By how much the part lay turned, degrees from −180 to 180, clockwise.
        public var degrees: Double
        /// The frame's corners in pixels of the upright photograph, clockwise from its top left: x, y, x, y …
        public var corners: [Double]
        /// Why no part was found; nil where one was.
        public var fault: PartFault?
        /// Whether something lies beside the part that was not compared.
        public var hasMoreOutside: Bool
        /// Whether the part lies far from where the others lie.
        public var isAstray: Bool

        /// From shares of the frame's sides to pixels of the upright photograph; nil where that is not recorded.
        package var toPhotograph: AffineMap? {
            guard corners.count == 8, corners.allSatisfy({ abs($0) < 1e7 }) else { return nil }
            let (x, y) = (corners[0], corners[1])
            return AffineMap(
                a: corners[2] - x, b: corners[6] - x, c: x, d: corners[3] - y, e: corners[7] - y, f: y)
        }

        init(_ name: String, _ frame: PartFrame) {
            image = name
            degrees = (10 * frame.degrees).rounded() / 10
            corners = frame.corners.flatMap { [$0.x, $0.y] }.map { (10 * $0).rounded() / 10 }
            (fault, hasMoreOutside, isAstray) = (frame.fault, frame.hasMoreOutside, frame.isAstray)
        }
    }

    /// The names of the images of which something holds.
    package func names(_ holds: (Image) -> Bool) -> [String] { images.filter(holds).map(\.image) }
}
