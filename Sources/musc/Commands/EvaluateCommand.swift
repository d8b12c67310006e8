import ArgumentParser
import FoundationEssentials
import MuSc
import MuScBackbone
import MuScBatch
import MuScEvaluation
import MuScSupport
import Synchronization
import SystemPackage

extension Dataset.Layout: ExpressibleByArgument {}
extension ReferenceConfiguration.HeatMapScale: ExpressibleByArgument {}

/// `musc evaluate`: scores a labelled data set and compares the scores with the labels.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Score a labelled data set and print the seven metrics of each class and their mean.",
        discussion: """
            Works with the preset paper unless told otherwise. Results lie in the folder given by --out: results.csv, \
            results.json, results.md, results.xlsx and evaluation.html. Finished classes are kept there, so the same \
            command goes on where it was interrupted. --config also takes the musc.yaml of MuSc's reference \
            implementation. No other configuration is looked for.

            With --line the labels are what people found of a line's own parts, and the settings are those of the \
            configuration, as for musc run. Settings that the command line gives are computed anew beside them. Without --out \
            nothing is written.
            """)

    @Option(
        help: ArgumentHelp(
            "Take the verdicts on a line's parts for labels; the line's folder, as `musc line list` names it.", valueName: "folder"))
    var line: String?

    @OptionGroup var state: LedgerOption

    @Option(
        help: ArgumentHelp(
            "How the data set lies on disk: \(Dataset.Layout.allCases.map(\.rawValue).joined(separator: ", ")); folder is any tree with a folder good/.",
            valueName: "layout"))
    var dataset: Dataset.Layout?

    @Option(help: ArgumentHelp("The data set's folder.", valueName: "folder"))
    var data: String?

    @Option(
        name: .customLong("class"), parsing: .upToNextOption,
        help: ArgumentHelp("Classes to evaluate; ALL unless given.", valueName: "name"))
    var classNames: [String] = []

    @Option(
        name: .customLong("normal"),
        help: ArgumentHelp(
            "A folder's name, or a list's label, that stands for parts without a defect, beside those of the layout; may be given several times.",
            valueName: "name"))
    var normalNames: [String] = []

    @Option(
        help: ArgumentHelp(
            "The folder of masks: a name that is looked for in every class, or a path with the classes in it. Without it, folders such as ground_truth and masks are found, and masks beside their images.",
            valueName: "folder"))
    var masks: String?

    @Option(
        help: ArgumentHelp(
            "The share of false-positive pixels up to which PRO and sPRO are taken, above 0, at most 1. Default: 0.3; 0.05 for mvtec_ad_2, mvtec_loco and autovi.",
            valueName: "share"))
    var proLimit: Double?

    @Flag(
        help:
            "Score the splits without labels too (mvtec_ad_2), each by itself, and write them as the data set's server wants them: anomaly_images and anomaly_images_thresholded in the folder of the results."
    )
    var submission = false

    @Option(help: ArgumentHelp("The same as --subsets, by the reference's name.", valueName: "count"))
    var divideNum: String?

    @Option(
        help: ArgumentHelp("Taken as the reference takes it, and without effect: every thread works on one image.", valueName: "images"))
    var batchSize: Int?

    @Flag(inversion: .prefixedNo, help: "Write the heat maps as pictures.")
    var vis: Bool?

    @Option(help: "What a heat map's colours span: single_norm (each anomalous image by itself) or whole_norm (the class).")
    var visType: ReferenceConfiguration.HeatMapScale?

    @Flag(inversion: .prefixedNo, help: "Write results.xlsx.")
    var saveExcel: Bool?

    @Flag(help: "Print the results as JSON instead of a table.")
    var json = false

    @Option(key: "output.where", short: "o") var output: GivenFlag?
    @OptionGroup var options: TrialOptions

    func validate() throws {
        guard divideNum == nil || options.method.subsets == nil else {
            throw ValidationError("--divide-num and --subsets are the same: give one of them.")
        }
        if let proLimit, !(proLimit > 0 && proLimit <= 1) {
            throw ValidationError("--pro-limit \(proLimit) is no share above 0 and at most 1; give such as 0.3")
        }
        guard let given = flagsOfDataSets.first, line != nil else { return }
        throw ValidationError("--line takes verdicts for labels, and no data set: leave out \(given)")
    }

    /// Flags that were given and say something of data sets.
    private var flagsOfDataSets: [String] {
        let flags: [(String, Bool)] = [
            ("--dataset", dataset != nil), ("--data", data != nil), ("--class", !classNames.isEmpty), ("--normal", !normalNames.isEmpty),
            ("--masks", masks != nil), ("--pro-limit", proLimit != nil), ("--submission", submission), ("--divide-num", divideNum != nil),
            ("--batch-size", batchSize != nil), ("--vis", vis != nil), ("--vis-type", visType != nil), ("--save-excel", saveExcel != nil),
        ]
        return flags.filter(\.1).map(\.0)
    }

    func run() async throws {
        if let line { return try await evaluateLine(line) }
        if state.state != nil { Terminal.note("--state has no effect without --line", .warning) }
        let environment = ProcessInfo.processInfo.environment
        // Only a file that is named: what a user's own file says of batches would be another evaluation.
        let file = (options.messages.config ?? environment["MUSC_CONFIG"]).flatMap { $0.isEmpty ? nil : FilePath($0) }
        let reference = try file.flatMap { ReferenceConfiguration.recognises($0) ? try readReference($0) : nil }
        let configuration = try configuration(reference, file: reference == nil ? file : nil)
        guard let layout = dataset ?? reference?.dataset else {
            throw UserError(
                "which data set? Give --dataset \(Dataset.Layout.allCases.map(\.rawValue).joined(separator: ", ")), and --data its folder",
                exit: .usage)
        }
        guard let root = data.map({ FilePath($0) }) ?? reference?.dataPath else {
            throw UserError("where does the data set lie? Give its folder with --data", exit: .usage)
        }
        let labelled: Dataset
        do {
            labelled = try Dataset(
                layout, at: root, classNames: classNames.isEmpty ? reference?.classNames : classNames,
                hints: Dataset.Hints(
                    normalNames: normalNames, maskFolder: masks, threads: ProcessInfo.processInfo.activeProcessorCount))
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
        for remark in labelled.remarks { Terminal.note(remark) }
        let writesHeatMaps = vis ?? reference?.writesHeatMaps ?? false
        if visType != nil, !writesHeatMaps { Terminal.note("--vis-type has no effect without --vis", .warning) }
        if batchSize != nil { Terminal.note("--batch-size has no effect: every thread works on one image", .warning) }
        let inspector = try await inspector(configuration, layout: layout)
        let output = OutputFolder(outputFolder(reference, layout: layout, settings: inspector.settings))
        var evaluation = Evaluation(
            dataset: labelled, inspector: inspector, configuration: Evaluation.configuration(of: inspector), output: output,
            overlapLimit: proLimit)
        if writesHeatMaps {
            evaluation.heatMaps = visType ?? reference?.heatMapScale ?? .single
        }
        let results = try await evaluate(evaluation)
        try await submit(labelled.privateSplits, evaluation)
        do {
            try results.write(to: output, workbook: saveExcel ?? reference?.writesWorkbook ?? true)
        } catch {
            throw UserError("\(error)", exit: .batchFailed)
        }
        let table = ResultTable(results)
        Terminal.printResultText(json ? table.json : table.text)
        Terminal.note("written to \(output.path): results.csv, .json, .md, evaluation.html")
    }

    private func readReference(_ file: FilePath) throws(UserError) -> ReferenceConfiguration {
        do {
            return try ReferenceConfiguration(contentsOf: file)
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
    }

    /// The preset paper, the reference's file or ours, the environment and the flags, in this order.
    private func configuration(
        _ reference: ReferenceConfiguration?, file: FilePath?
    ) throws -> Configuration {
        var defaults = Configuration()
        func text(_ numbers: [Int]?) -> ConfigurationValue? { numbers.map { .list($0.map { .text("\($0)") }) } }
        defaults.scoring["scoring.preset"] = .text(ScoringSettings.Preset.paper.rawValue)
        if let reference {
            if let backbone = reference.backbone { defaults.backbone = backbone }
            defaults.pretrained = reference.pretrained
            defaults.scoring["model.image_size"] = reference.imageSize.map { .text("\($0)") }
            defaults.scoring["model.feature_layers"] = text(reference.featureLayers)
            defaults.scoring["scoring.r_list"] = text(reference.degrees)
            defaults.scoring["scoring.subsets"] = reference.subsets.map { .text("\($0)") }
        }
        var flags = options.given
        if let divideNum {
            flags.append(GivenFlag(key: "scoring.subsets", flag: "divide-num", value: ConfigurationValue(scalar: divideNum)))
        }
        let configuration = try options.messages.configuration(
            flags, place: ConfigurationPlace(file: file?.string), defaults: defaults)
        for key in ["judges.known_good", "judges.line_memory", "output.threshold", "output.false_alarm_rate"] {
            guard let said = configuration.said[key], said.value != .empty else { continue }
            Terminal.note(
                "\(said.place): \(key) has no effect on an evaluation: each class is judged by itself, and labels are compared with scores",
                .warning)
        }
        return configuration
    }

    /// The network and the settings, as the data set has them.
    private func inspector(
        _ configuration: Configuration, layout: Dataset.Layout
    ) async throws(UserError) -> Inspector {
        var configuration = configuration
        // The reference's scripts name weights of CLIP for DINO too, where they mean nothing.
        if options.backbone.pretrained == nil, try InstalledBackbone.description(of: configuration.backbone).family != .clip {
            configuration.pretrained = nil
        }
        if configuration.scoring["scoring.rscin_windows"] == nil, layout == .visa {
            configuration.scoring["scoring.rscin_windows"] = .list(Rescoring.visaWindows.map { .text("\($0)") })
        }
        let installed = try await InstalledBackbone.find(configuration, fetching: options.fetchWeights)
        do {
            var settings = try configuration.scoringSettings(backbone: installed.description)
            // Masks lie over the pixels as they are stored.
            settings.appliesOrientation = false
            guard settings.imageSize.isSquare, settings.automaticSize == nil else {
                throw SettingsError(
                    key: "model.image_size", fault: "the metrics of data sets are defined over squares",
                    advice: "give one number, such as \(settings.imageSize.width)")
            }
            return try Inspector(settings: settings, weights: installed.weights, weightsSHA256: installed.sha256)
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
    }

    /// --out, or the reference's `output_dir/DATASET/BACKBONE/imagesizeSIZE`.
    private func outputFolder(
        _ reference: ReferenceConfiguration?, layout: Dataset.Layout, settings: ScoringSettings
    ) -> FilePath {
        if let folder = output?.value.text { return FilePath(folder) }
        let name = settings.backbone.name.map { $0 == "/" ? "-" : $0 }
        return (reference?.outputFolder ?? "output").pushing(
            FilePath("\(layout.rawValue)/\(String(name))/imagesize\(settings.imageSize)"))
    }

    /// Scores the splits without labels, or says that it does not.
    private func submit(_ splits: [PrivateSplit], _ evaluation: Evaluation) async throws {
        guard submission else {
            if let first = splits.first {
                Terminal.note(
                    "\(splits.count) splits without labels are not scored, \(first.className)/\(first.split) first; --submission scores and writes them."
                )
            }
            return
        }
        if splits.isEmpty { Terminal.note("--submission is without effect: the data set has no splits without labels here.") }
        for split in splits {
            let task = Task { () throws -> Int in
                let isStopped = StopFlag()
                return try await withTaskCancellationHandler {
                    do {
                        return try evaluation.submit(split) { _ in !isStopped.isSet }
                    } catch {
                        throw UserError("\(error)", exit: .batchFailed)
                    }
                } onCancel: {
                    isStopped.set()
                }
            }
            let marked = try await StopSignal.cancelling(task)
            Terminal.note(
                "\(split.className)/\(split.split): \(split.images.count) images, \(marked) with marked pixels, written to \(evaluation.output.path)/anomaly_images"
            )
        }
    }

    /// Runs the evaluation with progress on the terminal, until it is done or a signal ends it.
    private func evaluate(_ evaluation: Evaluation) async throws -> EvaluationResults {
        let isShown = options.messages.showsProgress
        let task = Task { () throws -> EvaluationResults in
            let isStopped = StopFlag()
            let bar = EvaluationProgress(isShown: isShown)
            return try await withTaskCancellationHandler {
                defer { bar.finish() }
                do {
                    return try evaluation.run { name, progress in
                        bar.update(name, progress)
                        return !isStopped.isSet
                    } finished: { evaluated, wasKept in
                        bar.finish()
                        Terminal.note(Self.note(evaluated, wasKept: wasKept))
                        for note in evaluated.notes { Terminal.note("\(evaluated.name): \(note)") }
                    }
                } catch {
                    throw UserError("\(error)", exit: .batchFailed)
                }
            } onCancel: {
                isStopped.set()
            }
        }
        return try await StopSignal.cancelling(task)
    }

    private static func note(_ evaluated: ClassEvaluation, wasKept: Bool) -> String {
        if wasKept { return "\(evaluated.name): finished before, kept" }
        let seconds = Int((evaluated.scoringSeconds + evaluated.metricsSeconds).rounded())
        return "\(evaluated.name): \(evaluated.images.count) images in \(seconds) s"
    }
}

/// The progress bar of the class that is scored.
private final class EvaluationProgress: Sendable {
    private let isShown: Bool
    private let current = Mutex<(name: String, bar: ProgressBar)?>(nil)

    init(isShown: Bool) { self.isShown = isShown }

    func update(_ name: String, _ progress: Progress) {
        let bar = current.withLock { current in
            if let known = current, known.name == name { return known.bar }
            let bar = ProgressBar(label: name, isShown: isShown)
            current = (name, bar)
            return bar
        }
        bar.update(progress)
    }

    func finish() { current.withLock { $0 }?.bar.finish() }
}
