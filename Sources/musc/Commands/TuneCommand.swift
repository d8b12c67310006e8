import ArgumentParser
import MuSc
import MuScBackbone
import MuScBatch
import MuScEvaluation
import MuScImages
import SystemPackage

/// `musc tune`: finds the settings that do best on labelled folders.
struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Find layers, degrees, interval, window and image size for a backbone on labelled folders.",
        discussion: """
            Takes labelled folders as musc evaluate does, several data sets if need be. Every second class is kept back: the \
            others choose, and the table shows for both halves what each setting came to, so that a gain on one half alone \
            is seen. With --line the labels are what people found of a line's own parts, and every second batch is kept back. \
            What was computed is kept in the folder given by --out, and the same command goes on where it was \
            interrupted. At the end it prints the lines to paste into a configuration.
            """)

    @Argument(help: ArgumentHelp("The data sets' folders.", valueName: "folder"))
    var folders: [String] = []

    @Option(
        help: ArgumentHelp(
            "Take the verdicts on a line's parts for labels; the line's folder, as `musc line list` names it.", valueName: "folder"))
    var line: String?

    @OptionGroup var state: LedgerOption

    @Option(
        help: ArgumentHelp(
            "How the data sets lie on disk: \(Dataset.Layout.allCases.map(\.rawValue).joined(separator: ", ")); folder is any tree with a folder good/. Default: folder.",
            valueName: "layout"))
    var dataset: Dataset.Layout?

    @Option(
        name: .customLong("normal"),
        help: ArgumentHelp("A folder's name that stands for parts without a defect; may be given several times.", valueName: "name"))
    var normalNames: [String] = []

    @Option(help: ArgumentHelp("The folder of masks, as for musc evaluate.", valueName: "folder"))
    var masks: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Image sizes to compare; the preset's and two thirds of it unless given.", valueName: "pixels"))
    var sizes: [Int] = []

    @Option(help: ArgumentHelp("Minutes after which no further image size is begun; the first is always finished.", valueName: "minutes"))
    var minutes: Double = 60

    @Option(key: "output.where", short: "o") var output: GivenFlag?
    @OptionGroup var options: TrialOptions

    func validate() throws {
        guard minutes > 0 else { throw ValidationError("--minutes \(minutes) is no time; give such as 60") }
        guard line != nil else {
            guard !folders.isEmpty else { throw ValidationError("which labelled folders? Give two or more, or a line with --line") }
            return
        }
        let ofDataSets: [(name: String, isGiven: Bool)] = [
            (folders.first ?? "", !folders.isEmpty), ("--dataset", dataset != nil), ("--normal", !normalNames.isEmpty),
            ("--masks", masks != nil),
        ]
        guard let given = ofDataSets.first(where: \.isGiven)?.name else { return }
        throw ValidationError("--line takes verdicts for labels, and no labelled folders: leave out \(given)")
    }

    func run() async throws {
        let configuration = try options.configuration()
        let installed = try await InstalledBackbone.find(configuration, fetching: options.fetchWeights)
        var base: ScoringSettings
        do {
            base = try configuration.scoringSettings(backbone: installed.description)
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
        guard base.imageSize.isSquare else {
            throw UserError("model.image_size: tuning is defined over squares; give --sizes, such as \(base.imageSize.width)", exit: .usage)
        }
        sayWithoutEffect(configuration)
        // Masks lie over the pixels as they are stored; a line's parts have none, and are compared as they are scored.
        if line == nil { base.appliesOrientation = false }
        base.rscin = .never
        base.automaticSize = nil
        base.region = nil
        let patch = installed.description.patch
        let sides = sizes.isEmpty ? [base.imageSize.width, base.imageSize.width * 2 / 3 / patch * patch] : sizes
        for side in sides where side < patch || side % patch != 0 {
            let error = BackboneError.imageSize(side, backbone: installed.description)
            throw UserError("\(error)", exit: .usage)
        }
        let output = OutputFolder(FilePath(self.output?.value.text ?? "tuning"))
        let settings = base
        let folders = try line.map { try halves(of: $0, configuration) } ?? [Tuning.Folder](datasets())
        let tuning = Tuning(
            folders: folders, grid: TuningGrid(backbone: installed.description, imageSizes: sides),
            configuration: [
                "weights": installed.sha256, "backbone": installed.description.name,
                "precision": base.precision.rawValue, "tile": base.tile.map { "\($0)" } ?? "off",
                "activation": base.activation?.rawValue ?? "reference", "range": "\(base.sampleRange)",
                "orientation": "\(base.appliesOrientation)",
            ],
            threads: base.threads, output: output
        ) { layers, size in
            var settings = settings
            settings.featureLayers = layers
            settings.imageSize = ImageSize(side: size)
            return try Inspector(settings: settings, weights: installed.weights, weightsSHA256: installed.sha256)
        }
        guard tuning.folders.count > 1 else {
            throw UserError(
                "\(self.folders.joined(separator: " ")): one class alone has nothing to keep back: give two or more", exit: .usage)
        }
        let result = try await run(tuning)
        print(result, backbone: installed.description.name, output: output)
    }

    /// Names what was said of keys that the comparison itself sets, or leaves out.
    private func sayWithoutEffect(_ configuration: Configuration) {
        let compared = [
            "model.feature_layers", "scoring.r_list", "scoring.interval", "scoring.least_judges", "scoring.window",
        ]
        let leftOut = [
            "scoring.rscin", "scoring.judges", "scoring.subsets", "judges.recurring_marks", "judges.known_good", "model.region",
            "model.align",
        ]
        func said(_ keys: [String]) -> String? {
            let said = keys.filter { configuration.said[$0].map { $0.value != .empty } ?? false }
            return said.isEmpty ? nil : said.joined(separator: ", ")
        }
        if let keys = said(compared) { Terminal.note("Without effect, for these are what is compared: \(keys).", .warning) }
        if let keys = said(leftOut) {
            Terminal.note("Without effect on a tuning, which compares maps of mutual scoring by all images alone: \(keys).", .warning)
        }
    }

    /// The checked batches of a line, of which every second one is kept back.
    private func halves(of line: String, _ configuration: Configuration) throws -> [Tuning.Folder] {
        let line = LineCommand.Line.path(line)
        var evaluation = try state.evaluation(of: line, configuration)
        evaluation.keepPhotographs()
        for remark in LineTable(evaluation).leftOut { Terminal.note(remark, .warning) }
        guard let halves = [Tuning.Folder].halves(of: evaluation) else {
            throw UserError(
                "\(line): every second batch with checked parts is kept back, so it takes a good and a defective part in two batches at "
                    + "least; there are \(evaluation.good) good and \(evaluation.defective) defective ones in \(evaluation.batches.count): check more",
                exit: .usage)
        }
        if !halves.isWeighted {
            Terminal.note(
                "Too few spot checks: each checked part counts once. They were looked at because they score high with the present settings, "
                    + "so that other settings look better than they are.", .warning)
        }
        return halves.folders
    }

    private func datasets() throws(UserError) -> [Dataset] {
        var found: [Dataset] = []
        for folder in folders {
            do {
                found.append(
                    try Dataset(
                        dataset ?? .folder, at: FilePath(folder), hints: Dataset.Hints(normalNames: normalNames, maskFolder: masks)))
            } catch {
                throw UserError("\(error)", exit: .usage)
            }
        }
        for remark in found.flatMap(\.remarks) { Terminal.note(remark) }
        return found
    }

    private func run(_ tuning: Tuning) async throws -> TuningResult {
        let isShown = options.messages.showsProgress
        let deadline = ContinuousClock.now + .seconds(minutes * 60)
        let task = Task { () throws -> TuningResult in
            let isStopped = StopFlag()
            return try await withTaskCancellationHandler {
                do {
                    return try tuning.run(until: deadline, goesOn: { !isStopped.isSet }) { step in
                        switch step {
                        case .maps(let folder, let size, let wasKept):
                            if isShown { Terminal.replaceLine("") }
                            Terminal.note("\(folder), \(size) px: \(wasKept ? "computed before, kept" : "computed")")
                        case .progress(let folder, let size, let done, let total):
                            if isShown { Terminal.replaceLine("\(folder), \(size) px: \(done) of \(total)") }
                        }
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

    private func print(_ result: TuningResult, backbone: String, output: OutputFolder) {
        for folder in result.folders {
            Terminal.note("\(folder.name): \(folder.isKeptBack ? "kept back" : "chooses")")
        }
        if !result.unreachedSizes.isEmpty {
            let sizes = result.unreachedSizes.map { "\($0) px" }.joined(separator: ", ")
            Terminal.note(
                "The time did not suffice for \(sizes): type the same command again, with more --minutes, to go on.")
        }
        guard let chosen = result.chosen else { return }
        Terminal.printResultText("\(result.settings) settings compared\n\(result.table())\n")
        if !result.presetsAhead.isEmpty {
            Terminal.note(
                "On what was kept back the first setting is below preset \(result.presetsAhead.joined(separator: " and ")): it "
                    + "fits the folders that chose it better than the others. Take more folders, or stay with the preset.", .warning)
        }
        Terminal.printResultText(chosen.setting.configuration(backbone: backbone))
        Terminal.note("Kept in \(output.path), which may be deleted.")
    }
}
