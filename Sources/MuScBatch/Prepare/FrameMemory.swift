import FoundationEssentials
import Glibc
import MuScImages
import MuScTensors
import SystemPackage

/// The frames in which the parts of a line, or of a batch that belongs to none, were compared before.
///
/// What is compared in the same frame can be compared with each other: so a frame is used again as long as it fits, and
/// the tokens that are kept stay of use. A file that is missing or damaged counts as empty.
struct FrameMemory: Sendable {
    let path: FilePath
    /// The line's folder, or the batch's.
    let subject: String

    /// The most frames that are kept, the latest first: a batch of something else does not push a line's own out.
    private static let most = 4
    static let fileEnding = ".frames"

    private struct Content: Codable {
        var subject: String
        var frames: [AlignmentFrame]
    }

    /// - Parameters:
    ///   - folder: In which it is kept.
    ///   - subject: The folder of the line or the batch.
    ///   - settings: Of which those count that decide how a photograph is decoded.
    init(folder: FilePath, subject: FilePath, settings: ScoringSettings, align: PartAlignment) {
        var hash = StableHash()
        hash.add(subject.bytes)
        hash.add(Array("\0\(align.rawValue) \(settings.appliesOrientation) \(settings.sampleRange)".utf8))
        path = folder.appending(hash.text + Self.fileEnding)
        self.subject = subject.string
    }

    /// The frames, the latest first.
    var frames: [AlignmentFrame] { Self.content(of: path).flatMap { $0.subject == subject ? $0.frames : nil } ?? [] }

    private static func content(of path: FilePath) -> Content? {
        FileManager.default.contents(atPath: path.string).flatMap { try? JSONDecoder().decode(Content.self, from: $0) }
    }

    /// Puts a frame first; what cannot be written is not kept, and settled anew the next time.
    func keep(_ frame: AlignmentFrame) {
        let known = frames
        guard known.first != frame else { return }
        let content = Content(subject: subject, frames: Array(([frame] + known.filter { $0 != frame }).prefix(Self.most)))
        try? FileManager.default.createDirectory(atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        guard let data = try? JSONEncoder().encode(content) else { return }
        try? [UInt8](data).writeWhole(to: path)
    }

    /// Forgets the frames of a line.
    static func forget(_ line: FilePath, in folder: FilePath) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? [] where name.hasSuffix(fileEnding) {
            let path = folder.appending(name)
            if content(of: path)?.subject == line.string { unlink(path.string) }
        }
    }
}
