import FoundationEssentials
import MuScBatch
import MuScResults
import MuScScoring
import MuScSupport
import SystemPackage

/// The stages of scoring a folder of photographs, from files to the report.
struct StageBench {
    let processor: BatchProcessor
    let peak: PeakRate

    /// Scores the files with nothing kept and nothing from outside, and writes their results.
    ///
    /// - Throws: ``ScoringError``, or what writing the results throws.
    func table(
        _ files: [FilePath], folder: FilePath, results: FilePath, progress: @escaping ProgressHandler
    ) throws -> BenchTable {
        var inspector = processor.inspector
        // A folder that is empty yet: the same way as a run takes, and nothing found on it.
        inspector.cache = inspector.cache.map { _ in FilePath(results.string + ".tokens") }
        defer { if let cache = inspector.cache { try? FileManager.default.removeItem(atPath: cache.string) } }
        let start = ContinuousClock.now
        let started = Date.now.ISO8601Format()
        let batch = try inspector.prepare(
            inspector.batch(of: files, in: folder), region: processor.region(of: folder, in: nil))
        let (network, settings) = (batch.network, batch.settings)
        let prepared = ContinuousClock.now - start
        // Apart, since in the stage of features one image is decoded while another is in the network.
        let decoding = ContinuousClock().measure { network.decode(batch.batch.files) } / .seconds(1)
        let inspecting = ContinuousClock.now
        let scores = try batch.inspect(progress: progress)
        let scored = (prepared + (ContinuousClock.now - inspecting)) / .seconds(1)
        let record = RunRecord(
            of: scores, version: MuscVersion.current, batch: folder.string, started: started, seconds: scored, settings: [:],
            weightsSHA256: "", fileSet: nil)
        _ = try ResultsWriter(options: processor.configuration.output).write(
            scores: scores, run: record, batchFolder: folder.string, to: ResultsFolder(path: results.string), indexURL: nil)
        let total = (prepared + (ContinuousClock.now - inspecting)) / .seconds(1)

        let readable = scores.images.count { $0.index != nil }
        var table = BenchTable(
            title: "\(readable) photographs of \(folder), \(settings.backbone.name), \(settings.imageSize) px in "
                + "\(network.tiles.count) tile\(network.tiles.count == 1 ? "" : "s"), \(settings.preset.rawValue), \(settings.precision.rawValue), \(settings.threads) threads",
            columns: [("stage", "stage"), ("s", "seconds"), ("s/image", "seconds_per_image"), ("of peak, %", "peak_percent")])
        let isFast = settings.precision.isFast
        for stage in scores.timings + [StageTiming(stage: "results", seconds: total - scored)] {
            var share = BenchTable.Cell.none
            if stage.stage == "features" {
                let operations = network.estimate.featureOperations * Double(readable)
                let best = isFast && peak.bfloat16 > 0 ? peak.bfloat16 : peak.fp32
                share = .number(100 * operations / stage.seconds / best, decimals: 0)
            } else if stage.stage == "mutual scoring" {
                let operations = network.estimate.scoringOperations(
                    images: readable, judges: network.estimate.chosenJudges(of: readable).count)
                let best = isFast && peak.int8 > 0 ? peak.int8 : peak.fp32
                share = .number(100 * operations / stage.seconds / best, decimals: 0)
            }
            table.rows.append([
                .text(stage.stage), .number(stage.seconds, decimals: 2),
                .number(stage.seconds / Double(max(readable, 1)), decimals: 4), share,
            ])
            if stage.stage == "features" {
                table.rows.append([
                    .text("of that, decoding"), .number(decoding, decimals: 2),
                    .number(decoding / Double(max(readable, 1)), decimals: 4), .none,
                ])
            }
        }
        table.rows.append([
            .text("together"), .number(total, decimals: 2), .number(total / Double(max(readable, 1)), decimals: 4), .none,
        ])
        let share = BenchTable.fixed(100 * network.estimate.computedShare, 1)
        table.notes = [
            "Features include decoding and resizing, which were measured apart. \(network.grid.count) patches an image, of "
                + "whose pairs mutual scoring computes \(share) %. Peak memory: \(ProcessMemory.peak >> 20) MB."
        ]
        return table
    }
}
