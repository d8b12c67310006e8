import FoundationEssentials
import MuScSupport

/// What somebody found of the part on one photograph: a row of `verdicts.csv`.
public struct PartVerdict: Sendable, Hashable, Codable {
    /// The finding, under the words of the column `verdict`.
    public enum Answer: String, Sendable, Hashable, Codable, CaseIterable {
        case good, defect
        /// Somebody looked and cannot say: this counts for nothing, and takes back an earlier word.
        case unsure
    }

    /// How the image came before somebody's eyes, under the words of the column `origin`. It decides what a verdict may
    /// be used for: images that were looked at because they are anomalous are no sample of the good parts.
    public enum Origin: String, Sendable, Hashable, Codable, CaseIterable {
        /// It was among the most anomalous: flagged, or worth a look.
        case top
        /// It was drawn at random, and not flagged.
        case spotCheck = "spot check"
        /// It was drawn at random, and flagged: with the other spot checks these are a sample of all parts, and without
        /// them one of those that score low.
        case flaggedSpotCheck = "flagged spot check"
        /// Somebody came upon it otherwise.
        case hand

        /// Whether chance decided that somebody looked: only such images are a sample of the parts.
        package var isDrawn: Bool { self == .spotCheck || self == .flaggedSpotCheck }
    }

    /// The name relative to the batch's folder, with `#2` behind it for the second page of a TIFF.
    public var image: String
    /// SHA-256 of the file, 64 lower-case hexadecimal digits, by which it is found under another name; nil where it is
    /// not known, and then the name alone counts.
    public var content: String?
    public var answer: Answer
    public var origin: Origin
    public var note: String
    /// Who said so, as that person likes to be called; empty where it is not known.
    public var by: String
    /// When, ISO 8601; empty where it is not known.
    public var at: String

    public init(
        image: String, content: String? = nil, answer: Answer, origin: Origin = .hand, note: String = "", by: String = "",
        at: String = ""
    ) {
        self.image = image
        self.content = content
        self.answer = answer
        self.origin = origin
        self.note = note
        self.by = by
        self.at = at
    }

    /// By which rows of one image find each other: names as a spreadsheet leaves them.
    package var nameKey: String { CSVCell.inert(image) }

    /// The name of the file, and the page of it that the image is: `stack.tif`, `#2`.
    package var fileAndPage: (file: String, page: String) {
        guard let mark = image.lastIndex(of: "#"), image[image.index(after: mark)...].allSatisfy(\.isNumber),
            image.index(after: mark) < image.endIndex
        else { return (image, "") }
        return (String(image[..<mark]), String(image[mark...]))
    }

    /// Whether this verdict takes the place of one that was written before it: it does, unless both say when they were
    /// given and the other was given later (a file that somebody hands in late).
    package func replaces(_ other: PartVerdict) -> Bool {
        guard let own = Self.time(at), let former = Self.time(other.at) else { return true }
        return own >= former
    }

    private static func time(_ text: String) -> Date? { try? Date(text, strategy: .iso8601) }
}
