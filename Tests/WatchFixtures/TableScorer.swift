import Foundation
import Glibc
import MuScWatching
import Synchronization
import SystemPackage

/// The caller's part, in its smallest form: results are a table of the images' names, published by a rename.
package final class TableScorer: Sendable {
    private let log = Mutex<[ReadyBatch]>([])
    private let before: @Sendable (ReadyBatch) async throws -> Void

    /// - Parameter before: What happens while the batch is being scored.
    package init(before: @escaping @Sendable (ReadyBatch) async throws -> Void = { _ in }) {
        self.before = before
    }

    /// The batches that were scored, in the order in which they were published.
    package var batches: [ReadyBatch] { log.withLock { $0 } }
    /// The names of their folders.
    package var folders: [String] { batches.map { $0.folder.lastComponent?.string ?? "/" } }

    package var scoring: BatchScoring {
        BatchScoring(
            score: { batch in
                // What the images hold when they are opened: if they are others by the time the table is published,
                // something is wrong.
                let contents = batch.seal?.contents() ?? FileContents([:])
                try await self.before(batch)
                // Under the lock, so that whoever has seen a table finds its batch in the log, and the reverse.
                return try self.log.withLock {
                    let outcome = try publishTable(of: batch, contents: contents)
                    $0.append(batch)
                    return outcome
                }
            },
            published: { readTable($0) })
    }
}

/// What lies with a table: whose it is.
private struct TableRecord: Codable {
    var digest: String
    var stamp: String
    var images: Int
    var unread: [String]
    var contents: [String]
    /// Of the result, for messages.
    var id: String
    var ledger: String

    func outcome(_ results: FilePath) -> BatchOutcome {
        BatchOutcome(
            images: images, flagged: 1, unreadable: unread.count, seconds: 0.01, report: results.appending("report.html"),
            deliveries: [Delivery(receiver: "table", key: id, body: results.string)], unread: unread.map { MuScWatching.FileName($0) })
    }
}

/// Writes `scores.csv` and whose it is beside the place of the results, and renames them into it.
///
/// - Parameter contents: What the images held when they were opened; nil for now.
@discardableResult
package func publishTable(of batch: ReadyBatch, contents: FileContents? = nil) throws -> BatchOutcome {
    // Held open, so that a folder that takes its place meanwhile gets nothing.
    let descriptor = batch.results.removingLastComponent().withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    let parent = FilePath("/proc/self/fd/\(descriptor)")
    let place = parent.appending(batch.results.lastName ?? "_musc")
    let beside = parent.appending(temporaryName())
    guard beside.withPlatformString({ mkdir($0, 0o755) }) == 0 else { throw Errno(rawValue: errno) }
    var began = timespec()
    clock_gettime(CLOCK_REALTIME, &began)
    do {
        // To root nothing is closed; so what nobody may read counts as unread.
        let unread = batch.files.filter { file in
            var status = stat()
            return batch.folder.appending(file.name).withPlatformString { stat($0, &status) } == 0 && status.st_mode & 0o444 == 0
        }
        guard unread.count < batch.files.count else {
            throw ScoringFailure(.unreadable, "no image can be read", unread: unread.map(\.name))
        }
        let table = "image\n" + batch.files.map { "\($0.name)\n" }.joined()
        try write(Array(table.utf8), to: beside.appending("scores.csv"))
        var contents = contents ?? batch.seal?.contents() ?? FileContents([:])
        contents.leaveOut(unread.map(\.name))
        let record = TableRecord(
            digest: "\(batch.digest)", stamp: batch.stamp, images: batch.files.count, unread: unread.map { "\($0.name)" },
            contents: contents.lines, id: "\(UInt64.random(in: 0 ... .max))",
            ledger: batch.ledger)
        try write(Array(JSONEncoder().encode(record)), to: beside.appending("record.json"))
        try batch.confirm()
        let former = parent.appending(temporaryName())
        let replaces = exists(place)
        if replaces { try move(place, to: former) }
        try move(beside, to: place)
        if replaces { removeResults(former) }
        noteViolations(of: batch, contents, in: parent, since: began)
        return record.outcome(batch.results)
    } catch {
        removeResults(beside)
        throw error
    }
}

/// Writes beside the drop folder what must never happen: a table of other images than those in its folder.
///
/// - Parameter time: What was changed later than this, or hardly earlier, may be as it likes.
private func noteViolations(of batch: ReadyBatch, _ contents: FileContents, in folder: FilePath, since time: timespec) {
    guard batch.results.removingLastComponent() == batch.folder else { return }
    for file in batch.files {
        let path = folder.appending(file.name)
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0, let published = contents.digests[file.name] else { continue }
        let age = Double(time.tv_sec - status.st_ctim.tv_sec) + Double(time.tv_nsec - status.st_ctim.tv_nsec) / 1e9
        guard age > 0.02, !FileContents([file.name: published]).cover([file.name], in: folder) else { continue }
        let line = Array("\(batch.folder): published with other content of \(file.name)\n".utf8)
        let log = batch.root.removingLastComponent().appending("violations").withPlatformString {
            open($0, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        if log >= 0 {
            _ = Glibc.write(log, line, line.count)
            close(log)
        }
    }
}

private func temporaryName() -> String { ".table-\(UInt64.random(in: 0 ... .max)).tmp" }

/// Reads what lies with a table, and removes tables that were never published.
package func readTable(_ batch: ReadyBatch) -> PublishedResults? {
    let parent = batch.results.removingLastComponent()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.string)) ?? [] where name.hasPrefix(".table-") {
        removeResults(parent.appending(name))
    }
    guard let record = TableRecord(at: batch.results) else { return nil }
    var outcome = record.outcome(batch.results)
    // What another ledger published it has told.
    if record.ledger != batch.ledger { outcome.deliveries = [] }
    return PublishedResults(
        digest: FileSetDigest(text: record.digest), stamp: record.stamp, contents: FileContents(lines: record.contents), outcome: outcome)
}

extension TableRecord {
    fileprivate init?(at results: FilePath) {
        guard let data = FileManager.default.contents(atPath: results.appending("record.json").string),
            let record = try? JSONDecoder().decode(TableRecord.self, from: data)
        else { return nil }
        self = record
    }
}

/// What the images of a table held when they were opened, and the result's number; nil where there is no table.
package func tableContents(_ results: FilePath) -> (contents: FileContents, id: String)? {
    TableRecord(at: results).map { (FileContents(lines: $0.contents), $0.id) }
}

private func removeResults(_ folder: FilePath) {
    for name in ["scores.csv", "record.json"] { _ = folder.appending(name).withPlatformString { unlink($0) } }
    _ = folder.withPlatformString { rmdir($0) }
}
