import FoundationEssentials
import MuScSupport

extension Inspection {
    /// Writes the results that `musc run` writes: `report.html`, `scores.csv`, `scores.safetensors`, `run.json` and
    /// overlays, in the place of earlier ones in one step.
    ///
    /// - Parameters:
    ///   - folder: The batch's folder; unless the options name another place, the results lie in it.
    ///   - options: Where the results go, and how they look.
    /// - Returns: The path of `report.html`.
    /// - Throws: ``ResultsError``; earlier results are then as they were.
    @discardableResult
    public func writeReport(of folder: FilePath, options: OutputOptions = OutputOptions()) throws(ResultsError) -> FilePath {
        let seconds = timings.reduce(0) { $0 + $1.seconds }
        let run = RunRecord(
            of: self, version: MuscVersion.current, batch: folder.string,
            started: Date.now.addingTimeInterval(-seconds).ISO8601Format(), seconds: seconds,
            settings: conditions.settings, weightsSHA256: conditions.weightsSHA256)
        return FilePath(try ResultsWriter(options: options).write(scores: self, run: run, batchFolder: folder.string))
    }
}
