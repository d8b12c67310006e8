import MuScBatch
import SystemPackage

/// The results of a batch as they were published.
package struct StoredResults: Sendable {
    package let run: RunRecord
    /// Scores and flags; each image's path is where its photograph lies now, or lay.
    package let scores: Inspection

    /// - Parameter folder: The results' folder.
    /// - Throws: ``ResultsError`` where there are no results, or they are damaged.
    package init(at folder: FilePath) throws(ResultsError) {
        run = try RunRecord(at: folder)
        (scores, _) = try ScoresArchive.read(resultsFolder: folder.string, run: run)
    }
}
