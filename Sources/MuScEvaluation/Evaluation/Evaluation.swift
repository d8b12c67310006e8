import MuScBatch
import MuScResults
import MuScScoring
import MuScSupport
import SystemPackage

/// Scores a labelled data set class by class and compares the scores with the labels.
///
/// Make one of a ``Dataset``, run it, and print the ``ResultTable`` of what it comes to.
///
/// Finished classes are kept in the output folder with the configuration they belong to: an evaluation that was
/// interrupted goes on where it was.
package struct Evaluation: Sendable {
    /// Scores the images of one class by each other.
    package typealias Scoring = @Sendable ([BatchFile], ProgressHandler) throws(ScoringError) -> Inspection

    package let dataset: Dataset
    /// What decides the scores, under the names of the configuration, for the state file and the results.
    package let configuration: [String: String]
    package let backbone: String
    /// Side in pixels of the maps and masks that are compared.
    package let imageSize: Int
    package let threads: Int
    package let output: OutputFolder
    /// The rate of false positives up to which the exact PRO and sPRO are taken, above 0, at most 1.
    package let overlapLimit: Double
    /// Whether heat maps of the images are written, and what their colours span.
    package var heatMaps: ReferenceConfiguration.HeatMapScale?
    /// How many overlooked images and how many false alarms of a class are shown.
    package var shownMisses = 4
    let score: Scoring

    /// - Parameters:
    ///   - dataset: The images and labels.
    ///   - inspector: With EXIF orientation switched off, as masks lie over the stored pixels.
    ///   - configuration: Everything that decides the scores: settings and the weights' digest.
    ///   - output: A folder, which is created.
    ///   - overlapLimit: See there; the data set's own unless given.
    package init(
        dataset: Dataset, inspector: Inspector, configuration: [String: String], output: OutputFolder,
        overlapLimit: Double? = nil
    ) {
        self.init(
            dataset: dataset, backbone: inspector.settings.backbone.name, imageSize: inspector.settings.imageSize.width,
            threads: inspector.settings.threads, configuration: configuration, output: output, overlapLimit: overlapLimit
        ) { files, progress throws(ScoringError) in try inspector.inspect(Batch(files), progress: progress) }
    }

    /// An evaluation of scores that come from elsewhere.
    package init(
        dataset: Dataset, backbone: String, imageSize: Int, threads: Int, configuration: [String: String],
        output: OutputFolder, overlapLimit: Double? = nil, score: @escaping Scoring
    ) {
        self.dataset = dataset
        self.backbone = backbone
        self.imageSize = imageSize
        self.threads = threads
        self.output = output
        self.score = score
        self.overlapLimit = overlapLimit ?? dataset.layout.overlapLimit
        var configuration = configuration
        configuration["metrics.pro_limit"] = "\(self.overlapLimit)"
        configuration["dataset"] = dataset.layout.rawValue
        configuration["data"] = dataset.root.absolute.string
        self.configuration = configuration
    }

    /// Evaluates the classes that are not finished yet, one after the other, on the calling thread and as many more
    /// as `threads` allows.
    ///
    /// - Parameters:
    ///   - progress: Told of each step of a class, from any thread; answering false ends the work soon.
    ///   - finished: Told of each class as it is finished, and whether it was finished before.
    /// - Throws: ``EvaluationError``.
    package func run(
        progress: @escaping @Sendable (_ className: String, Progress) -> Bool = { _, _ in true },
        finished: (ClassEvaluation, _ wasKept: Bool) -> Void = { _, _ in }
    ) throws(EvaluationError) -> EvaluationResults {
        var state = EvaluationState(configuration: configuration, in: output)
        var classes: [ClassEvaluation] = []
        for labelled in dataset.classes {
            let inputs = labelled.inputDigest
            if let kept = state.classes.first(where: { $0.name == labelled.name && $0.inputDigest == inputs }) {
                classes.append(kept)
                finished(kept, true)
                continue
            }
            var evaluated = try evaluate(labelled) { progress(labelled.name, $0) }
            evaluated.inputDigest = inputs
            state.classes.removeAll { $0.name == labelled.name }
            state.classes.append(evaluated)
            try state.write(to: output)
            classes.append(evaluated)
            finished(evaluated, false)
        }
        return EvaluationResults(
            layout: dataset.layout, isComplete: dataset.isComplete, remarks: dataset.remarks, backbone: backbone, imageSize: imageSize,
            configuration: configuration, classes: classes)
    }

    /// Scores one class and computes its metrics.
    private func evaluate(
        _ labelled: LabelledClass, progress: ProgressHandler
    ) throws(EvaluationError) -> ClassEvaluation {
        let start = ContinuousClock.now
        do {
            try labelled.checkMasks(threads: threads)
        } catch {
            throw .dataset(error)
        }
        let scores: Inspection
        do {
            scores = try score(labelled.images.map { BatchFile($0.path, in: dataset.root) }, progress)
        } catch {
            throw .scoring(className: labelled.name, error)
        }
        if let image = scores.images.first(where: { $0.index == nil }) {
            throw .unreadableImage(image.path, reason: image.error ?? "was not scored.")
        }
        let scored = ContinuousClock.now

        let images = zip(labelled.images, scores.images).map { label, image in
            ClassEvaluation.ImageScore(
                path: image.name, type: label.type, isAnomalous: label.isAnomalous, score: image.score ?? 0,
                scoreMSM: image.scoreMSM ?? 0)
        }
        var masks: [UInt8] = []
        var maskNotes: [String] = []
        var defects: [DefectRegion]?
        do {
            if labelled.hasMasks {
                (masks, maskNotes) = try labelled.labels(width: imageSize, height: imageSize, threads: threads)
                let found = try labelled.defects(side: imageSize, threads: threads)
                defects = found.defects
                if found.vanished > 0 {
                    maskNotes.append("\(found.vanished) defects have no pixel left at \(imageSize) px and do not count for sPRO.")
                }
            }
        } catch {
            throw .dataset(error)
        }
        let figures: ClassFigures
        do throws(MetricError) {
            figures = try ClassFigures(
                of: labelled, scores, masks: masks, defects: defects, side: imageSize, limit: overlapLimit, threads: threads)
        } catch {
            throw .metrics(className: labelled.name, error)
        }
        var result = ClassEvaluation(
            name: labelled.name,
            metrics: SevenMetrics(image: figures.ranking, pixel: figures.pixels, overlap: figures.overlap), images: images,
            imageThreshold: figures.ranking.f1Threshold, imageCurve: ClassEvaluation.rates(figures.ranking),
            pixelCurve: ClassEvaluation.rates(figures.pixels), regions: figures.overlap?.regions ?? 0,
            misses: ClassEvaluation.misses(images, limit: shownMisses),
            scoringSeconds: (scored - start) / .seconds(1),
            metricsSeconds: (ContinuousClock.now - scored) / .seconds(1),
            notes: scores.findings.sentences + maskNotes, inputDigest: "")
        result.own = figures.own
        result.groups = figures.groups
        result.exactOverlap = figures.exactOverlap?.value
        result.saturatedOverlap = figures.saturatedOverlap?.value
        let pictures = EvaluationPictures(labelled: labelled, scores: scores, imageSize: imageSize, output: output)
        for index in result.misses.indices {
            let miss = result.misses[index]
            (result.misses[index].photograph, result.misses[index].heatMap) = try pictures.writeMiss(miss.image)
        }
        if let heatMaps { try pictures.writeHeatMaps(scale: heatMaps, threads: threads) }
        return result
    }
}
