import MuScTensors
import SystemPackage

/// Image scores from a CSV file, one row an image.
package struct ScoreList: Sendable, Hashable {
    /// The images' names; nil where the file has no column `image`.
    package var names: [String]?
    package var scores: [Float]

    package init(names: [String]?, scores: [Float]) {
        self.names = names
        self.scores = scores
    }

    /// Reads a CSV file: columns `image` and `score` (or `score_msm`, where that is asked for) as `musc run` writes them,
    /// or a list of numbers alone, one a line.
    ///
    /// Rows whose score is empty, such as those of unreadable images, are left out.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - column: The column of the scores; nil for `score`, or the only column.
    /// - Throws: ``RescoringError``.
    package init(contentsOf path: FilePath, column: String? = nil) throws(RescoringError) {
        func fault(_ reason: String, line: Int? = nil) -> RescoringError {
            RescoringError(file: path.string + (line.map { ":\($0)" } ?? ""), fault: .unreadable(reason))
        }
        let table: CSVTable
        do {
            table = try CSVTable(contentsOf: path)
        } catch {
            throw fault(error.reason, line: error.line)
        }
        // A list of numbers has no header: its first number was taken for one.
        if table.columns.count == 1, let first = Float(table.columns[0]) {
            scores = [first]
            for row in table.rows {
                guard let score = Float(row[table.columns[0]] ?? "") else {
                    throw fault("a number was expected", line: row.line)
                }
                scores.append(score)
            }
            names = nil
            return
        }
        let wanted = column ?? (table.columns.count == 1 ? table.columns[0] : "score")
        guard table.columns.contains(wanted) else {
            throw fault("has no column \(wanted.quotedForPeople): there are \(table.columns.listedForPeople)")
        }
        var names: [String] = []
        scores = []
        for row in table.rows {
            guard let text = row[wanted], !text.isEmpty else { continue }
            guard let score = Float(text) else { throw fault("\(text.quotedForPeople) is not a number", line: row.line) }
            scores.append(score)
            if let name = row["image"] { names.append(name) }
        }
        self.names = names.count == scores.count && !names.isEmpty ? names : nil
    }
}
