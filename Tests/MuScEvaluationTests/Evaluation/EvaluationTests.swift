import Foundation
import MuScBatch
import MuScEvaluation
import MuScScoring
import Synchronization
import SystemPackage
import Testing

@Suite("Evaluation class by class")
struct EvaluationTests {
    /// Counts the classes that were scored, by the folders of their first files.
    private final class ScoredClasses: Sendable {
        let names = Mutex<[String]>([])
        func add(_ files: [BatchFile]) { names.withLock { $0.append(files.first?.name ?? "") } }
        var count: Int { names.withLock { $0.count } }
    }

    private func evaluation(
        _ dataset: Dataset, output: FilePath, imageSize: Int = 224,
        settings: [String: String] = ["scoring.preset": "paper"], scored: ScoredClasses = ScoredClasses(),
        failing: String? = nil, changing: @escaping @Sendable (inout Inspection) -> Void = { _ in }
    ) -> Evaluation {
        Evaluation(
            dataset: dataset, backbone: "dinov2_vits14", imageSize: imageSize, threads: 2, configuration: settings,
            output: OutputFolder(output)
        ) { files, progress throws(ScoringError) in
            scored.add(files)
            if let failing, files.first?.name.contains(failing) == true { throw .cancelled }
            _ = progress(Progress(stage: .features, completed: 1, total: 1))
            var scores = drawnScores(files)
            changing(&scores)
            return scores
        }
    }

    @Test(
        "The paper's layouts and a folder of one's own run from files to a table and all result files",
        arguments: [Dataset.Layout.mvtecAD, .folder, .btad, .visa])
    func everyLayout(layout: Dataset.Layout) throws {
        let data = try TemporaryFolder()
        switch layout {
        case .mvtecAD, .folder:
            try data.addMVTecClass("tile")
            try data.addMVTecClass("wood")
        case .btad:
            try data.addBTADClass("01")
            try data.addBTADClass("02")
        default:
            try data.addVisA(["candle", "pcb1"])
        }
        let output = try TemporaryFolder()
        var evaluation = evaluation(try Dataset(layout, at: data.path), output: output.path.appending("new"))
        evaluation.heatMaps = .whole
        let results = try evaluation.run()
        #expect(results.classes.count == 2)
        for evaluated in results.classes {
            for metric in SevenMetrics.Metric.allCases {
                let value = try #require(evaluated.metrics[metric], "\(metric) of \(evaluated.name)")
                #expect((0...1).contains(value))
            }
            #expect(evaluated.regions > 0)
        }
        try results.write(to: evaluation.output)
        for name in ["results.csv", "results.json", "results.md", "results.xlsx", "evaluation.html"] {
            #expect(output.exists("new/\(name)"), "\(name)")
        }
        let first = results.classes[0]
        let image = FilePath(first.images[0].path)
        #expect(output.exists("new/\(first.name)/\(first.images[0].type)/\(image.stem ?? "").png"))
        for miss in first.misses { #expect(output.exists("new/\(miss.photograph ?? "?")")) }
    }

    @Test("The metrics are those of the scores, the labels and the masks")
    func metricsOfScores() throws {
        let data = try TemporaryFolder()
        try data.addMVTecClass("tile")
        let output = try TemporaryFolder()
        let dataset = try Dataset(.mvtecAD, at: data.path)
        let evaluated = try evaluation(dataset, output: output.path).run().classes[0]
        let tile = dataset.classes[0]
        let scores = drawnScores(tile.images.map { BatchFile($0.path, in: data.path) })
        let ranking = try RankMetrics(scores: scores.images.compactMap(\.score), anomalous: tile.images.map(\.isAnomalous))
        #expect(evaluated.metrics.imageAUROC == ranking.auroc)
        #expect(evaluated.imageThreshold == ranking.f1Threshold)
        let maps = (0..<8).flatMap { PatchMap.resized(scores.patchMap($0), grid: scores.grid, width: 224, height: 224) }
        let pixels = try RankMetrics(scores: maps, labels: tile.masks(width: 224, height: 224, threads: 1))
        #expect(evaluated.metrics.pixelAP == pixels.averagePrecision)
    }

    @Test("An interrupted evaluation goes on with the class at which it stopped")
    func resumes() throws {
        let data = try TemporaryFolder()
        for name in ["a", "b", "c"] { try data.addMVTecClass(name) }
        let output = try TemporaryFolder()
        let dataset = try Dataset(.mvtecAD, at: data.path)
        let first = ScoredClasses()
        #expect(throws: EvaluationError.self) {
            try evaluation(dataset, output: output.path, scored: first, failing: "b/").run()
        }
        #expect(first.count == 2)
        let second = ScoredClasses()
        var kept: [String] = []
        let results = try evaluation(dataset, output: output.path, scored: second).run(finished: { evaluated, wasKept in
            if wasKept { kept.append(evaluated.name) }
        })
        #expect(kept == ["a"])
        #expect(second.names.withLock { $0 }.map { $0.prefix(2) } == ["b/", "c/"])
        #expect(results.classes.map(\.name) == ["a", "b", "c"])
        // A third run has nothing left to do, and gives the same numbers.
        let third = ScoredClasses()
        let again = try evaluation(dataset, output: output.path, scored: third).run()
        #expect(third.count == 0)
        #expect(again.mean == results.mean)
    }

    @Test("Results of another configuration or of changed images are never taken over")
    func keepsConfigurationsApart() throws {
        let data = try TemporaryFolder()
        try data.addMVTecClass("a")
        try data.addMVTecClass("b")
        let output = try TemporaryFolder()
        var dataset = try Dataset(.mvtecAD, at: data.path)
        _ = try evaluation(dataset, output: output.path).run()
        let other = ScoredClasses()
        _ = try evaluation(dataset, output: output.path, settings: ["scoring.preset": "tuned"], scored: other).run()
        #expect(other.count == 2)
        // Both configurations' results are still there.
        let back = ScoredClasses()
        _ = try evaluation(dataset, output: output.path, scored: back).run()
        #expect(back.count == 0)
        try data.copy(TemporaryFolder.photograph("good", 9), to: "b/test/good/999.jpg")
        dataset = try Dataset(.mvtecAD, at: data.path)
        let changed = ScoredClasses()
        _ = try evaluation(dataset, output: output.path, scored: changed).run()
        #expect(changed.names.withLock { $0 }.map { $0.prefix(2) } == ["b/"])
    }

    @Test("A damaged state file costs its classes, not the evaluation")
    func damagedState() throws {
        let data = try TemporaryFolder()
        try data.addMVTecClass("a")
        let output = try TemporaryFolder()
        let dataset = try Dataset(.mvtecAD, at: data.path)
        _ = try evaluation(dataset, output: output.path).run()
        let files = try FileManager.default.contentsOfDirectory(atPath: output.path.string)
        let state = try #require(files.first { $0.hasPrefix("evaluation-") })
        try output.write("{\"format\": 1, ", to: state)
        let scored = ScoredClasses()
        _ = try evaluation(dataset, output: output.path, scored: scored).run()
        #expect(scored.count == 1)
    }

    @Test("An image that cannot be read stops the evaluation and is named")
    func unreadableImage() throws {
        let data = try TemporaryFolder()
        try data.addMVTecClass("tile")
        let output = try TemporaryFolder()
        let dataset = try Dataset(.mvtecAD, at: data.path)
        let evaluation = evaluation(dataset, output: output.path) { scores in
            scores.images[5].index = nil
            scores.images[5].error = "the file ends early."
        }
        do {
            _ = try evaluation.run()
            Issue.record("no error")
        } catch {
            #expect(error.description.contains("good/001.jpg: the file ends early."))
        }
    }

    @Test("Masks that vanish when they are resized are counted in a note")
    func vanishingMasks() throws {
        let data = try TemporaryFolder()
        try data.addMVTecClass("tile")
        let output = try TemporaryFolder()
        let dataset = try Dataset(.mvtecAD, at: data.path)
        let evaluated = try evaluation(dataset, output: output.path, imageSize: 56).run().classes[0]
        #expect(evaluated.metrics.pixelAUROC == nil && evaluated.metrics.imageAUROC != nil)
        #expect(evaluated.notes.contains { $0.hasPrefix("4 of 4 masks have no pixel left at 56 px") })
    }

    @Test("A class without masks has image metrics alone, and the page and tables say so")
    func withoutMasks() throws {
        let data = try TemporaryFolder()
        for number in 0..<4 {
            try data.copy(TemporaryFolder.photograph("good", number), to: "good/\(number).jpg")
            try data.copy(TemporaryFolder.photograph("fray", number), to: "fray/\(number).jpg")
        }
        let output = try TemporaryFolder()
        let results = try evaluation(try Dataset(.folder, at: data.path), output: output.path).run()
        #expect(results.mean.imageAUROC != nil)
        #expect(results.mean.pixelAUROC == nil && results.mean.pixelPRO == nil)
        let text = ResultTable(results).text
        #expect(text.contains("Classes without mask pixels at this size have no pixel metrics."))
        #expect(text.contains("–"))
        try results.write(to: OutputFolder(output.path))
        let html = String(decoding: try output.read("evaluation.html"), as: UTF8.self)
        #expect(html.contains("images (full line): AUROC"))
        #expect(!html.contains("pixels (broken line)"))
    }
}
