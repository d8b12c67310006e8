import Glibc
import MuScBatch
import MuScImages
import MuScSupport
import MuScVerdicts
import SystemPackage

/// A part that somebody found good or defective, and that has a score.
package struct CheckedPart: Sendable, Hashable {
    /// The batch's folder.
    package let batch: String
    /// The image's name in it.
    package let image: String
    package let isDefective: Bool
    /// How it came before somebody's eyes.
    package let origin: PartVerdict.Origin
    /// SHA-256 of the photograph that somebody saw; nil where it is not known.
    package let content: String?
    package let photograph: FilePath
    /// Whether the results as they are flag it.
    package let isFlagged: Bool
    /// In the results as they are.
    package let score: Float

    package init(
        batch: String, image: String, isDefective: Bool, origin: PartVerdict.Origin, content: String? = nil, photograph: FilePath = "",
        isFlagged: Bool, score: Float
    ) {
        (self.batch, self.image, self.isDefective, self.origin) = (batch, image, isDefective, origin)
        (self.content, self.photograph, self.isFlagged, self.score) = (content, photograph, isFlagged, score)
    }

    /// For people: the batch's name and the image's.
    package var label: String { "\(FilePath(batch).lastComponent?.string ?? batch)/\(image)" }

    /// Whether the photograph that somebody saw is still there.
    var isThere: Bool {
        guard let own = SHA256.digest(ofFile: photograph) else { return false }
        return content == nil || own == content
    }
}

/// A batch with checked parts, and the results that it has.
package struct CheckedBatch: Sendable {
    /// Its folder.
    package let folder: FilePath
    /// All images of the results, in their order, those without a score too.
    package let images: [BatchFile]
    /// Names of those without a score.
    package let unread: Set<String>
    /// How many images with a score are flagged, and how many are not.
    package let flagged, others: Int
    /// Who judged beside its own images: `known good`, `found good`, `line's past`.
    package let judges: [String]

    package init(
        folder: FilePath, images: [BatchFile] = [], unread: Set<String> = [], flagged: Int, others: Int, judges: [String] = []
    ) {
        (self.folder, self.images, self.unread) = (folder, images, unread)
        (self.flagged, self.others, self.judges) = (flagged, others, judges)
    }
}

extension BatchFile {
    /// Whether the photograph is there and can be read.
    var isThere: Bool { path.withPlatformString { access($0, R_OK) } == 0 }
}

/// A part that somebody found good or defective, and that is left out of the figures.
package struct LeftOutPart: Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// Its batch has no results any more, or they do not have it.
        case noResults
        /// It could not be read when its batch was scored.
        case unreadable
        /// Its photograph is gone, or another is there under its name.
        case gone
        /// Its batch could not be scored anew, and why.
        case notScored(String)
    }

    /// For people: the batch's name and the image's.
    package let label: String
    package let reason: Reason
}
