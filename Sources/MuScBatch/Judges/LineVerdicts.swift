import FoundationEssentials
import Glibc
import MuScImages
import MuScSupport
import MuScVerdicts
import SystemPackage

/// What people found of a line's parts, over all of its batches.
///
/// The truth are the files beside the photographs. A register in the folder of the lines' memories holds what was read
/// of each, so that files are read again only when they change, and what was found of a batch outlives its folder: drop
/// folders are emptied. Who deletes a batch's `verdicts.csv` and leaves the folder takes its verdicts back.
package struct LineVerdicts: Sendable {
    /// What was found of one part.
    package struct Part: Sendable, Hashable, Codable {
        /// The batch's folder.
        package var batch: String
        /// With the image's name and content as they were found in that folder.
        package var verdict: PartVerdict

        package init(batch: String, verdict: PartVerdict) { (self.batch, self.verdict) = (batch, verdict) }

        /// The photograph.
        package var path: FilePath { FilePath(batch).pushing(FilePath(verdict.fileAndPage.file)) }
        /// For people: the batch's name and the image's.
        package var label: String { "\(FilePath(batch).lastComponent?.string ?? batch)/\(verdict.image)" }
        /// What tells photographs apart, with the page of a file that has several.
        package var contentKey: String { (verdict.content ?? verdict.image) + verdict.fileAndPage.page }
    }

    /// The standing verdict on each part, in the order in which they were given.
    package private(set) var parts: [Part] = []
    /// What somebody should know and mend.
    package private(set) var findings: [Finding] = []

    package init() {}

    /// - Parameters:
    ///   - line: The folder whose subfolders are the line's batches, and which may be one itself.
    ///   - memories: The folder of the lines' memories; nil reads the files and registers nothing.
    package init(of line: FilePath, memories: FilePath?) {
        // What one reads and writes back must not take away what another has written meanwhile: of folders that are gone
        // the register alone knows.
        let lock = memories.flatMap { try? FileLock.onLine($0) }
        defer { withExtendedLifetime(lock) {} }
        var register = memories.map { Register(at: Self.register(of: line, in: $0), line: line) } ?? Register(line: line.string)
        let former = register
        for folder in [line] + Self.batches(of: line) { findings += register.read(folder) }
        register.batches = register.batches.filter { batch, _ in
            FilePath(batch) == line || access(VerdictsFile(in: FilePath(batch)).path.string, F_OK) == 0 || access(batch, F_OK) != 0
        }
        if register.batches != former.batches, let memories, let problem = register.write(to: Self.register(of: line, in: memories)) {
            findings.append(.verdictsUnregistered(problem))
        }
        let all = register.batches.flatMap { batch, read in read.verdicts.map { Part(batch: batch, verdict: $0) } }
        parts = Self.standing(all)
    }

    /// The verdicts of one folder alone, which belongs to no line.
    package init(inFolder folder: FilePath) {
        var register = Register(line: folder.string)
        findings = register.read(folder)
        parts = Self.standing(register.batches.flatMap { batch, read in read.verdicts.map { Part(batch: batch, verdict: $0) } })
    }

    /// The last word on each content, wherever it was given.
    private static func standing(_ parts: [Part]) -> [Part] {
        let ordered = parts.sorted { ($0.verdict.at, $0.batch, $0.verdict.image) < ($1.verdict.at, $1.batch, $1.verdict.image) }
        var last: [String: Part] = [:]
        for part in ordered { last[part.contentKey] = part }
        return ordered.filter { last[$0.contentKey] == $0 }
    }

    private static func batches(of line: FilePath) -> [FilePath] {
        let entries = (try? FolderEntry.list(line)) ?? []
        return entries.filter { entry in
            entry.kind == .folder && entry.bytes.first != UInt8(ascii: ".") && !ForeignFolder.isNamed(entry.bytes)
        }.map { line.appending($0.name) }.sorted { $0.string < $1.string }
    }

    /// The file of a line's register.
    static func register(of line: FilePath, in memories: FilePath) -> FilePath {
        var hash = StableHash()
        hash.add(line.bytes)
        return memories.appending("\(hash.text).verdicts.json")
    }

    /// Forgets what was registered of a line; what lies beside its photographs stays.
    static func forget(_ line: FilePath, in memories: FilePath) {
        unlink(register(of: line, in: memories).string)
    }
}

extension LineVerdicts {
    /// The parts that were found good.
    package var good: [Part] { parts.filter { $0.verdict.answer == .good } }
    /// The parts that were found defective.
    package var defects: [Part] { parts.filter { $0.verdict.answer == .defect } }

    /// The names of a batch's images that never judge.
    package func barred(in batch: FilePath) -> Set<String> {
        Set(defects.filter { $0.batch == batch.string }.map(\.verdict.image))
    }
}

// MARK: The register

/// What was read of the files of verdicts of one line.
private struct Register: Codable {
    struct Read: Codable, Hashable {
        /// What tells one state of the file from another.
        var stamp: String
        var verdicts: [PartVerdict]
    }

    static let currentFormat = 1
    var format = Register.currentFormat
    var line: String
    /// By the batches' folders.
    var batches: [String: Read] = [:]

    init(line: String) { self.line = line }

    /// What is in a file; nothing where there is none, or it is damaged or another line's: the files tell anew.
    init(at path: FilePath, line: FilePath) {
        self.init(line: line.string)
        guard let data = FileManager.default.contents(atPath: path.string),
            let read = try? JSONDecoder().decode(Register.self, from: data), read.format == Self.currentFormat, read.line == line.string
        else { return }
        self = read
    }

    /// Reads the file of one batch where it changed.
    ///
    /// - Returns: What is wrong with it.
    mutating func read(_ folder: FilePath) -> [Finding] {
        let path = VerdictsFile(in: folder).path
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else {
            if access(folder.string, F_OK) == 0 { batches[folder.string] = nil }
            return []
        }
        let stamp = FileIdentity(path).bytes.hexadecimal
        if batches[folder.string]?.stamp == stamp { return [] }
        do throws(VerdictFileError) {
            let standing = try StandingVerdicts(in: folder)
            batches[folder.string] = Read(stamp: stamp, verdicts: standing.verdicts.sorted { $0.key < $1.key }.map(\.value))
            var findings: [Finding] = []
            if let first = standing.unmatched.first {
                findings.append(.verdictsUnmatched(path, image: first.row.verdict.image, others: standing.unmatched.count - 1))
            }
            if let first = standing.problems.first {
                findings.append(.verdictsFaulty(path, first, others: standing.problems.count - 1))
            }
            return findings
        } catch {
            // What was read before stands until the file is mended.
            return [.verdictsUnreadable(error)]
        }
    }

    /// - Returns: Why it could not be written; nil where it was.
    func write(to path: FilePath) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            try FileManager.default.createDirectory(atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            try path.writeWhole([UInt8](try encoder.encode(self)))
            return nil
        } catch {
            return "\(path): \(error)"
        }
    }
}
