import Foundation
import MuScBatch
import MuScScoring

/// Renders overlays and the page again from stored results, without scoring: `musc report`.
package struct ReportRenderer: Sendable {
    package var options: OutputOptions

    package init(options: OutputOptions) {
        self.options = options
    }

    /// Which threshold takes the stored one's place.
    package enum ThresholdChoice: Sendable, Hashable {
        /// None: the stored one stays.
        case stored
        /// The automatic one, whatever was set since.
        case automatic
        case fixed(Float)
    }

    /// Renders a results folder anew, in its place, in one step.
    ///
    /// - Parameters:
    ///   - folder: The results folder itself, or the batch's folder that holds it under `options.folderName`.
    ///   - threshold: Decides anew which images are flagged.
    ///   - indexURL: The page of all batches as seen from the report; nil where there is none.
    /// - Returns: The path of `report.html`, the record as it now stands, and the page that is complete in itself, if one
    ///   was asked for.
    /// - Throws: ``ResultsError`` where there are no results, or they are damaged, or cannot be written.
    @discardableResult
    package func render(
        folder: String, threshold: ThresholdChoice = .stored, indexURL: String? = nil
    ) throws(ResultsError) -> (report: String, run: RunRecord, singleFile: (path: String, bytes: Int)?) {
        let place = ResultsFolder(path: Self.resultsFolder(folder, name: options.folderName))
        var run = try RunRecord(resultsFolder: place.path)
        // Results of earlier versions have the automatic threshold only where none was set.
        if run.automaticThreshold == nil, run.threshold.rule != .fixed { run.automaticThreshold = run.threshold }
        switch threshold {
        case .stored: break
        case .fixed(let value): run.threshold = .fixed(value)
        case .automatic:
            guard let automatic = run.automaticThreshold else {
                throw ResultsError(
                    kind: .unreadable, path: "\(place.path)/run.json",
                    detail: "does not hold the automatic threshold, because an earlier version wrote it with one set by hand",
                    advice: "Score the batch again: musc run FOLDER --threshold auto.")
            }
            run.threshold = automatic
        }
        let (scores, batchFolder) = try ScoresArchive.read(resultsFolder: place.path, run: run)
        run.summarise(scores)
        let report = try ResultsWriter(options: options).write(
            scores: scores, run: run, batchFolder: batchFolder, to: place, indexURL: indexURL)
        guard options.singleFile != nil else { return (report, run, nil) }
        let single = "\(place.path)/\(EmbeddedPictures.pageName)"
        let size = try? FileManager.default.attributesOfItem(atPath: single)[.size] as? Int
        return (report, run, (single, size ?? 0))
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
