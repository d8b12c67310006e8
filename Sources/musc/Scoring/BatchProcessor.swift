import FoundationEssentials
import Logging
import MuSc
import MuScBackbone
import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScSupport
import MuScWatching
import SystemPackage

/// Scores batches and writes their results, with one network that is loaded once.
struct BatchProcessor: Sendable {
    let configuration: Configuration
    let inspector: Inspector
    let judges: JudgeSources
    /// The same network with the settings of drop folders that have some of their own.
    private let inspectorsOfRoots: [FilePath: Inspector]

    /// Loads the network that the configuration names.
    ///
    /// - Throws: ``UserError`` with exit status 2 where settings or weights cannot be used.
    init(configuration: Configuration, installed: InstalledBackbone) throws(UserError) {
        do {
            let settings = try configuration.scoringSettings(backbone: installed.description)
            let inspector = try Inspector(
                settings: settings, weights: installed.weights, weightsSHA256: installed.sha256,
                cache: Inspector.standardCache)
            self.inspector = inspector
            inspectorsOfRoots = try configuration.scoringOfRoots(backbone: installed.description)
                .mapValues { inspector.with($0) }
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
        self.configuration = configuration
        judges = JudgeSources(configuration)
    }

    /// The region of a batch: the mask in its folder, else its drop folder's, else the configuration's; nil for all.
    func region(of folder: FilePath, in root: FilePath?) -> RegionOfInterest? {
        if let mask = RegionOfInterest(in: folder) { return mask }
        return rootInspector(for: root).settings.region
    }

    /// The inspector of a drop folder's batches, or of batches by hand.
    private func rootInspector(for root: FilePath?) -> Inspector { root.flatMap { inspectorsOfRoots[$0] } ?? inspector }

    /// Inspects images beside each other and with the known good ones, as a batch of no line: what is remembered of a line is
    /// of other settings, and verdicts would be asked of themselves.
    ///
    /// - Parameters:
    ///   - folder: The batch's, by which its drop folder and its mask are found.
    /// - Throws: ``ScoringError``.
    func inspectAlone(
        _ files: [BatchFile], of folder: FilePath, progress: ProgressHandler
    ) throws(ScoringError) -> Inspection {
        let root = configuration.watch.roots.map { $0.canonical() }.first { folder.starts(with: $0) }
        // What the command line gives goes before what folders have of their own.
        func isFlag(_ key: String) -> Bool { configuration.said[key]?.isFlag ?? false }
        let files = files.map { file in
            var file = file
            file.root = root
            return file
        }
        let own = rootInspector(for: root).settings
        let prepared = try inspector.prepare(
            Batch(files), knownGood: judges.knownGood(for: root),
            region: isFlag("model.region") ? inspector.settings.region : region(of: folder, in: root),
            range: isFlag("images.range") ? nil : own.sampleRange, align: isFlag("model.align") ? nil : own.alignment)
        return try prepared.inspect(progress: progress)
    }

    /// What one batch came to.
    struct Outcome: Sendable {
        var folder: String
        var outcome: FlagOutcome
        /// Images that could not be read for a reason that may pass.
        var unread: [FileName]
        /// Other files of the folder, left out by rules.
        var ignored: Int
        var seconds: Double
        var report: String
        /// The same for other programs.
        var result: BatchResult
    }

    /// Scores the files as one batch and publishes its results.
    ///
    /// - Parameters:
    ///   - files: Of the batch, in the order of their names.
    ///   - folder: The batch's folder.
    ///   - results: Where the results belong.
    ///   - root: The drop folder that the batch belongs to; nil by hand.
    ///   - origin: What is known of the files.
    ///   - ignored: Files of the folder that are no images of the batch, by the rule that leaves them out.
    ///   - copies: Where flagged photographs are copied to; nil for nowhere.
    /// - Throws: ``UserError`` with exit status 1.
    func process(
        _ files: [FilePath], folder: FilePath, results: FilePath, root: FilePath? = nil, origin: BatchOrigin = BatchOrigin(),
        ignored: [IgnoringRule: Int] = [:], copies: FlaggedCopies?, progress: ProgressHandler = { _ in true }
    ) throws(UserError) -> Outcome {
        let start = ContinuousClock.now
        let started = Date.now.ISO8601Format()
        let prepared: PreparedBatch
        let inspection: Inspection
        do throws(ScoringError) {
            let inspector = rootInspector(for: root)
            prepared = try inspector.prepare(
                inspector.batch(of: files, in: folder, root: root), knownGood: judges.knownGood(for: root),
                linePast: judges.linePast(of: folder, in: root), region: region(of: folder, in: root))
            for finding in prepared.findings { say(finding.sentence, of: folder, in: root) }
            inspection = try prepared.inspect(progress: progress)
        } catch {
            var failure = UserError("\(folder): \(error)", exit: .batchFailed)
            switch error {
            case .tooFewImages(let images):
                failure.unread = images.mayBeReadLater.compactMap { $0.name(in: folder) }
                failure.failureKind = failure.unread.isEmpty ? .lasting : .unreadable
            case .region, .notFinite: failure.failureKind = .lasting
            case .cancelled, .listing, .memory, .spill: break
            }
            throw failure
        }
        let outcome = try publish(
            inspection, by: prepared.network, folder: folder, results: results, root: root, origin: origin,
            ignored: ignored, copies: copies, started: started, said: prepared.findings
        ) { (ContinuousClock.now - start) / .seconds(1) }
        // What goes wrong costs nothing but the memory.
        do {
            for problem in try inspection.remember() { say("\(problem)", .warning, of: folder, in: root) }
        } catch {
            say("\(error)", .warning, of: folder, in: root)
        }
        return outcome
    }

    /// Takes in files of verdicts that people dropped since the last batch. To be called before a batch is scored.
    ///
    /// - Returns: The messages that they make.
    func takeInVerdicts(on batch: FilePath, in root: FilePath?) -> [Delivery] {
        let (watch, output) = (configuration.watch, configuration.output)
        let intake = VerdictIntake(batch: batch, root: root) { folder in
            root.map { watch.resultsFolder(of: folder, in: $0) }
                ?? output.place.folder(of: folder, named: Array(folder.components.suffix(1)))
        }
        let taken = intake.run()
        for note in taken.notes { say(note, .notice, of: batch, in: root) }
        return taken.verdicts.flatMap { configuration.hooks.deliveries(of: $0.verdict, in: $0.batch) }
    }

    /// Publishes the results of a batch that is scored.
    ///
    /// - Parameters:
    ///   - network: At the size at which the batch was scored.
    ///   - started: When scoring began, ISO 8601.
    ///   - said: What people were told of the batch before.
    ///   - seconds: Tells how long it took until now.
    ///   - Others as for ``process(_:folder:results:root:origin:ignored:copies:progress:)``.
    /// - Throws: ``UserError`` with exit status 1.
    func publish(
        _ scores: Inspection, by network: SizedNetwork, folder: FilePath, results: FilePath, root: FilePath? = nil,
        origin: BatchOrigin = BatchOrigin(), ignored: [IgnoringRule: Int] = [:], copies: FlaggedCopies?, started: String,
        said: [Finding] = [], seconds: () -> Double
    ) throws(UserError) -> Outcome {
        let inForce = SettingsInForce(
            of: scores, network, configuration, region: region(of: folder, in: root),
            knownGood: judges.knownGood(for: root)?.folder, lineMemory: judges.memories == nil ? 0 : judges.capacity)
        var scores = scores
        scores.findings += inForce.findings
        for finding in inForce.findings { say(finding.sentence, .warning, of: folder, in: root) }
        var told = (said + inForce.findings).sentences
        let stages = scores.timings.map { "\($0.stage) \(($0.seconds * 100).rounded() / 100) s" }
        say(stages.joined(separator: ", "), .debug, of: folder, in: root)
        var record = RunRecord(
            of: scores, version: MuscVersion.current, batch: folder.string, started: started,
            seconds: seconds(), settings: inForce.texts, weightsSHA256: inspector.weightsSHA256)
        record.ignored = Dictionary(uniqueKeysWithValues: ignored.map { ($0.key.rawValue, $0.value) })
        origin.complete(&record, unread: scores.images.unread(in: folder), hooks: configuration.hooks, threads: configuration.threads)
        let output = configuration.output
        let drawn = SpotChecks(output.spotChecks, from: scores, of: folder)
        (record.spotChecks, record.flaggedSpotChecks) = (drawn.unflagged, drawn.flagged)
        let place = results.string
        let result = BatchResult(
            scores: scores, run: record, folder: folder.string, results: place, look: output.look,
            leastRegion: output.leastRegion)
        // Before the results are published: a batch whose program ends in between is scored again, copies and all.
        try origin.confirm()
        do {
            try copies?.write(scores, batchFolder: folder, result: result)
        } catch {
            let note = "Flagged photographs could not be copied: \(error)"
            record.notes.append(note)
            told.append(note)
            say(note, .error, of: folder, in: root)
        }
        let report: String
        // In a drop folder anybody may have put a link where the batch was.
        let confinement = root.map { configuration.watch.resultsRoot(of: $0).canonical() }
        do {
            let index = root.map { configuration.watch.resultsRoot(of: $0).appending("index.html") }
            report = try ResultsWriter(options: output).write(
                scores: scores, run: record, batchFolder: folder.string, to: ResultsFolder(at: results, in: confinement),
                indexURL: index.map { relativeURL(from: place, to: $0) }
            ) { () throws(ResultsError) in
                do throws(UserError) {
                    try origin.confirm()
                } catch {
                    throw ResultsError(kind: .system, path: folder.string, detail: error.description)
                }
            }
        } catch {
            var failure = UserError("\(error)", exit: .batchFailed)
            switch error.kind {
            case .noSpace, .notWritable: failure.failureKind = .noSpace
            case .occupied: failure.failureKind = .lasting
            default: break
            }
            throw failure
        }
        tell(record.notes, beyond: told, of: scores, folder: folder, in: root)
        return Outcome(
            folder: folder.string, outcome: FlagOutcome(flagged: result.flagged, threshold: scores.threshold),
            unread: scores.images.unread(in: folder), ignored: ignored.values.reduce(0, +),
            seconds: seconds(), report: report, result: result)
    }

    /// Of how many images that were not read the terminal says why.
    private static let mostUnread = 5

    /// Says on the terminal what the report says of a batch whose results are published.
    ///
    /// Marks that no flagged image bears are most likely of the design: those are for the report.
    ///
    /// - Parameters:
    ///   - notes: The report's.
    ///   - told: What of them was said before.
    private func tell(_ notes: [String], beyond told: [String], of scores: Inspection, folder: FilePath, in root: FilePath?) {
        let flagged = Set(scores.images.filter(\.flagged).map(\.name))
        let calm = scores.findings.filter {
            if case .recurringMark(let mark) = $0 { !mark.parts.contains { flagged.contains($0.name) } } else { false }
        }
        for note in notes where !told.contains(note) {
            say(note, calm.sentences.contains(note) ? .debug : .info, of: folder, in: root)
        }
        let unread = scores.images.filter { $0.error != nil }
        for image in unread.prefix(Self.mostUnread) { say("\(image.name) \(image.error ?? "")", .warning, of: folder, in: root) }
        let more = unread.count - Self.mostUnread
        if more > 0 { say("\(more) more could not be read, which scores.csv names with the reasons", .warning, of: folder, in: root) }
    }

    /// Says something of a batch on standard error: at the terminal, or as an event of the log where a drop folder is
    /// watched.
    private func say(_ note: String, _ level: LogLevel = .info, of folder: FilePath, in root: FilePath?) {
        guard root != nil else { return Terminal.note("\(folder): \(note)", level) }
        Log.logger.log(
            level: Logger.Level(rawValue: level.rawValue) ?? .info, "batch_note", metadata: ["folder": "\(folder.text)", "note": "\(note)"])
    }
}

extension [ScoredImage] {
    /// The names of those that could not be read for a reason that may pass.
    ///
    /// - Parameter folder: The batch's.
    func unread(in folder: FilePath) -> [FileName] { filter(\.mayBeReadLater).compactMap { $0.path.name(in: folder) } }
}

/// An error for the person at the terminal: one line, and the exit status.
struct UserError: Error, Sendable, CustomStringConvertible {
    enum Exit: Int32, Sendable { case batchFailed = 1, usage = 2 }

    var description: String
    var exit: Exit
    /// What the failure of a batch means for trying again.
    var failureKind: ScoringFailure.Kind = .passing
    /// The files that could not be read for a reason that may pass.
    var unread: [FileName] = []

    init(_ description: String, exit: Exit) {
        self.description = description
        self.exit = exit
    }
}
