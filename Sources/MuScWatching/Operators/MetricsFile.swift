import GRDB
import SystemPackage

/// Figures for Prometheus, in the text format that node_exporter's textfile collector reads.
package struct MetricsFile: Sendable {
    /// The file; its name must end in `.prom` for the collector to read it.
    package let path: FilePath

    package init(path: FilePath) {
        self.path = path
    }

    /// What the ledger does not know.
    package struct Watching: Sendable, Equatable {
        /// Folders that are watched, and those that could not be.
        package var watched = 0
        package var unwatched = 0
        /// Times that the kernel's queue overflowed since the program was started.
        package var overflows = 0

        package init() {}
    }

    /// Writes the figures in one step.
    ///
    /// - Parameter watching: nil for a sweep, which watches nothing.
    /// - Throws: ``LedgerError`` or ``FileWriteError``.
    package func write(_ ledger: Ledger, watching: Watching? = nil) throws {
        try writeWhole(Array(text(ledger, watching: watching).utf8), to: path)
    }

    func text(_ ledger: Ledger, watching: Watching?) throws(LedgerError) -> String {
        let (totals, states, lastSuccess) = try ledger.read { db in
            (
                try Dictionary(
                    uniqueKeysWithValues: Row.fetchAll(db, sql: "SELECT name, value FROM total").map { ($0[0] as String, $0[1] as Double) }),
                try Dictionary(
                    uniqueKeysWithValues: Row.fetchAll(
                        db,
                        sql: """
                            SELECT state, count(*) FROM batch JOIN folder ON folder.id = batch.folder
                            WHERE gone_since IS NULL GROUP BY state
                            """
                    ).map { ($0[0] as String, $0[1] as Int) }),
                try Double.fetchOne(db, sql: "SELECT max(finished) FROM batch")
            )
        }
        var text = ""
        func metric(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Double)]) {
            text += "# HELP musc_\(name) \(help)\n# TYPE musc_\(name) \(type)\n"
            for sample in samples { text += "musc_\(name)\(sample.labels) \(number(sample.value))\n" }
        }
        let counters = [
            ("batches_total", "batches", "Batches scored."),
            ("images_total", "images", "Images of batches that were scored, unreadable ones included."),
            ("flagged_images_total", "flagged", "Images flagged as anomalous."),
            ("unreadable_images_total", "unreadable", "Images that could not be read."),
            ("scoring_seconds_total", "seconds", "Seconds spent on scoring."),
            ("failures_total", "failures", "Tries at a batch that failed."),
        ]
        for (name, total, help) in counters { metric(name, "counter", help, [("", totals[total] ?? 0)]) }
        metric(
            "batches", "gauge", "Batches by state.",
            BatchState.allCases.map { ("{state=\"\($0.rawValue)\"}", Double(states[$0.rawValue] ?? 0)) })
        metric(
            "queue", "gauge", "Batches that are ready or due for another try.",
            [("", Double((states["ready"] ?? 0) + (states["failed"] ?? 0)))])
        metric("last_success_timestamp_seconds", "gauge", "When a batch was last scored, seconds since 1970.", [("", lastSuccess ?? 0)])
        if let watching {
            metric("watched_folders", "gauge", "Folders that are watched.", [("", Double(watching.watched))])
            metric(
                "unwatched_folders", "gauge", "Folders that could not be watched and are scanned instead.",
                [("", Double(watching.unwatched))])
            metric(
                "event_queue_overflows_total", "counter", "Times that events were lost and the roots scanned again.",
                [("", Double(watching.overflows))])
        }
        return text
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}
