/// Scores before and after RsCIN, as a CSV table: image, score, score_before, in the order of the scores given.
package struct RescoredTable: Sendable, Hashable {
    package var list: ScoreList
    /// One an image, from 0 to 1.
    package var rescored: [Float]

    /// - Precondition: there is one new score for each old one.
    package init(list: ScoreList, rescored: [Float]) {
        precondition(list.scores.count == rescored.count)
        self.list = list
        self.rescored = rescored
    }

    /// The table with LF line ends; images without names are counted from 1.
    package var csv: String {
        let lines = rescored.indices.map { index in
            "\(CSVTable.field(list.names?[index] ?? "\(index + 1)")),\(rescored[index]),\(list.scores[index])\n"
        }
        return "image,score,score_before\n" + lines.joined()
    }
}

extension OutputFolder {
    /// Writes `rescored.csv`.
    ///
    /// - Throws: ``EvaluationError/file(_:reason:)``.
    package func write(_ table: RescoredTable) throws(EvaluationError) { try write(table.csv, to: "rescored.csv") }
}
