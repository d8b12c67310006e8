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
                try await self.before(batch)
                // Under the lock, so that whoever has seen a table finds its batch in the log, and the reverse.
                try self.log.withLock {
                    try publishTable(of: batch)
                    $0.append(batch)
                }
                return BatchOutcome(
                    images: batch.files.count, flagged: 1, unreadable: 0, seconds: 0.01,
                    report: batch.results.appending("report.html"))
            },
            published: { readTable($0) })
    }
}

/// Writes `scores.csv` and the set's digest beside the place of the results, and renames them into it.
package func publishTable(of batch: ReadyBatch) throws {
    let parent = batch.results.removingLastComponent()
    let beside = parent.appending(temporaryName())
    guard beside.withPlatformString({ mkdir($0, 0o755) }) == 0 else { throw Errno(rawValue: errno) }
    do {
        let table = "image\n" + batch.files.map { "\($0.name)\n" }.joined()
        try write(Array(table.utf8), to: beside.appending("scores.csv"))
        try write(Array("\(batch.digest) \(batch.files.count)".utf8), to: beside.appending("digest"))
        let former = parent.appending(temporaryName())
        let replaces = exists(batch.results)
        if replaces { try move(batch.results, to: former) }
        try move(beside, to: batch.results)
        if replaces { removeResults(former) }
    } catch {
        removeResults(beside)
        throw error
    }
}

private func temporaryName() -> String { ".table-\(UInt64.random(in: 0 ... .max)).tmp" }

/// Reads the digest that lies with a table, and removes tables that were never published.
package func readTable(_ results: FilePath) -> PublishedResults? {
    let parent = results.removingLastComponent()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.string)) ?? [] where name.hasPrefix(".table-") {
        removeResults(parent.appending(name))
    }
    guard let text = try? String(contentsOfFile: results.appending("digest").string, encoding: .utf8) else { return nil }
    let parts = text.split(separator: " ")
    guard parts.count == 2, let count = Int(parts[1]) else { return nil }
    return PublishedResults(
        digest: FileSetDigest(text: String(parts[0])),
        outcome: BatchOutcome(images: count, flagged: 1, unreadable: 0, seconds: 0.01, report: results.appending("report.html")))
}

private func removeResults(_ folder: FilePath) {
    for name in ["scores.csv", "digest"] { _ = folder.appending(name).withPlatformString { unlink($0) } }
    _ = folder.withPlatformString { rmdir($0) }
}
