import Foundation
import MuScBatch
import MuScScoring

/// Renders overlays and the page again from stored results, without scoring: `musc report`.
package struct ReportRenderer: Sendable {
    package var options: OutputOptions

    package init(options: OutputOptions) {
        self.options = options
    }

    /// Renders a results folder anew, in its place, in one step.
    ///
    /// - Parameters:
    ///   - folder: The results folder itself, or the batch's folder that holds it under `options.folderName`.
    ///   - threshold: Takes the stored threshold's place, and decides anew which images are flagged.
    ///   - indexURL: The page of all batches as seen from the report; nil where there is none.
    /// - Returns: The path of `report.html`, and the record as it now stands.
    /// - Throws: ``ResultsError`` where there are no results, or they are damaged, or cannot be written.
    @discardableResult
    package func render(
        folder: String, threshold: Threshold? = nil, indexURL: String? = nil
    ) throws(ResultsError) -> (report: String, run: RunRecord) {
        let place = ResultsFolder(path: Self.resultsFolder(folder, name: options.folderName))
        var run = try RunRecord(resultsFolder: place.path)
        if let threshold { run.threshold = threshold }
        let (scores, batchFolder) = try ScoresArchive.read(resultsFolder: place.path, run: run)
        run.summarise(scores)
        let report = try ResultsWriter(options: options).write(
            scores: scores, run: run, batchFolder: batchFolder, to: place, indexURL: indexURL)
        return (report, run)
    }

    private static func resultsFolder(_ folder: String, name: String) -> String {
        let manager = FileManager.default
        let inner = "\(folder)/\(name)"
        return !manager.fileExists(atPath: "\(folder)/run.json") && manager.fileExists(atPath: "\(inner)/run.json")
            ? inner : folder
    }
}

/// A path from the root of the file system, without resolving links.
func absolutePath(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
}
