import Foundation
import MuScSupport
import MuScVerdicts
import SystemPackage

/// A verdict that somebody gave, for other programs: what the hook for verdicts gets on its standard input, and webhooks
/// receive. `batch-result.schema.json` describes it.
public struct VerdictResult: Sendable, Hashable, Codable {
    /// The version of the object's schema.
    public var schema: Int
    /// Always `verdict`; tells the object from a batch's.
    public var event: String
    /// The same whenever the same verdict is told of again, and no other verdict's.
    public var id: String
    /// The program's version.
    public var version: String
    /// The batch's folder, absolute; bytes that are not UTF-8 are replaced.
    public var folder: String
    /// The file, absolute.
    public var path: String
    /// The image, the finding, and how, by whom and when it came about.
    public var verdict: PartVerdict

    /// - Parameters:
    ///   - verdict: As it was written.
    ///   - folder: The batch's.
    ///   - version: The program's.
    public init(_ verdict: PartVerdict, folder: String, version: String) {
        let folder = absolutePath(folder)
        schema = BatchResult.currentSchema
        event = "verdict"
        self.version = version
        self.folder = folder
        path = "\(folder)/\(verdict.fileAndPage.file)"
        self.verdict = verdict
        let identity = [folder, verdict.image, verdict.content ?? "", verdict.answer.rawValue, verdict.origin.rawValue]
        let said = [verdict.note, verdict.by, verdict.at]
        id = SHA256.hash(data: Data((identity + said).joined(separator: "\0").utf8)).prefix(16).hexadecimal
    }

    /// The object on one line.
    public var json: String { oneLine(self) }
}
