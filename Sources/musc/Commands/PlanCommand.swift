import ArgumentParser
import FoundationEssentials
import MuScBatch
import MuScImages
import MuScResults
import MuScSupport
import MuScWatching
import SystemPackage

/// `musc plan`: divides one large batch into shards for an array job.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Divide one large batch into shards, for many machines to score.",
        discussion: """
            Lists the images, chooses those that judge, and writes a plan into a folder that every machine reaches under \
            the same path. Then run `musc work` for each shard, from 0 on, as an array job of Slurm or Kubernetes, and \
            `musc merge` once all are done. What the settings are is settled here; workers take them from the plan.
            """)

    @Argument(help: ArgumentHelp("The batch: a folder of images.", valueName: "folder"))
    var folder: String

    @Option(help: ArgumentHelp("Shards to divide the batch into.", valueName: "count"))
    var shards: Int

    @Option(help: ArgumentHelp("A folder on a shared file system, for the plan and what workers make.", valueName: "folder"))
    var work: String

    @Flag(help: "Take the images of all folders below into the same batch.")
    var recursive = false

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var options: ScoringOptions

    /// How many images judge unless the user says: more cost time in proportion, and gained little where it was measured.
    static let standardJudges = 64

    /// Under this name a plan keeps the identity of the set of files, by which a watcher recognises the results.
    static let fileSet = "batch.file_set"

    /// Under this name a plan keeps where the results belong.
    static let results = "batch.results"

    func validate() throws {
        guard (1...100_000).contains(shards) else {
            throw ValidationError("--shards: \(shards) is not a number of shards from 1 to 100000.")
        }
    }

    func run() async throws {
        var configuration = try options.configuration()
        let judges = try settle(&configuration)
        if configuration.said["scoring.memory"]?.isFlag == true {
            Terminal.note("--memory has no effect on a plan: each worker takes half of what is free on its machine", .warning)
        }
        let folder = FilePath(folder).absolute()
        // Refused before many machines work for results that have no place.
        let results = try configuration.placesByHand(of: [folder]).first?.results
        let files = try ImageListing.images(
            in: folder, recursive: recursive, excluding: [configuration.output.folderName], rules: configuration.fileRules)
        guard !files.isEmpty else {
            throw UserError(
                "\(folder): holds no images\(recursive ? "" : " itself: name a folder that does, or add --recursive")",
                exit: .batchFailed)
        }
        if case .mask(let mask)? = RegionOfInterest(in: folder) {
            throw UserError("\(mask): does not go with shards yet: move it away, or score the folder with musc run", exit: .usage)
        }
        let processor = try await BatchProcessor.ready(configuration, fetching: options.fetchWeights)
        let work = FilePath(work).absolute()
        // A list of files has no pages.
        let batch = Batch(files, in: folder, pages: .first, threads: processor.inspector.settings.threads)
        let knownGood = try configuration.knownGood.map { (folder) throws(UserError) in try knownGoodImages(folder) } ?? []
        let prepared: PreparedBatch
        do {
            var placed = batch
            placed.folder = folder.canonical()
            prepared = try processor.inspector.prepare(
                placed, knownGood: configuration.knownGood.map { KnownGoodFolder($0) }, linePast: linePast(of: folder, processor))
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
        // What follows from the photographs together, no worker sees.
        var said = configuration.said.mapValues(\.value)
        let (size, stated) = (prepared.settings.imageSize, processor.inspector.settings)
        if stated.automaticSize != nil || size != stated.imageSize { said["model.image_size"] = .text("\(size)") }
        said["images.range"] = .text("\(prepared.settings.sampleRange)")
        for finding in prepared.findings { Terminal.note("\(folder): \(finding.sentence)") }
        if prepared.verdictCount > 0 {
            Terminal.note(
                "\(folder): a batch that is divided is judged without the \(prepared.verdictCount) verdicts of its line", .warning)
        }
        var request = ShardPlanRequest(
            folder: folder, files: batch.files, work: work, shards: shards, judges: judges,
            weightsSHA256: processor.inspector.weightsSHA256, version: MuscVersion.current)
        said["scoring.judges"] = .text("\(judges)")
        request.configuration = Self.forWorkers(said)
        request.configuration[Self.results] = results?.absolute().string
        if !recursive { request.configuration[Self.fileSet] = FileSetDigest(filesAt: files, in: folder)?.description }
        request.knownGood = knownGood
        request.linePast = recollected(prepared)

        let bar = ProgressBar(label: folder.string, isShown: options.messages.showsProgress)
        defer { bar.finish() }
        do throws(ShardError) {
            let plan = try ShardPlan.make(request, for: prepared.network) { progress in
                bar.update(progress)
                return true
            }
            for finding in plan.findings { Terminal.note(finding.sentence, .warning) }
            Terminal.printResult(
                "\(work.appending(ShardPlan.fileName))  \(plan.images) images  \(plan.shards.count) shards  "
                    + "\(plan.judges.count) judges")
        } catch {
            throw UserError(error)
        }
    }

    /// Fixes what workers must not decide for themselves, and refuses what cannot be scored in shards.
    ///
    /// - Returns: How many of the batch's images judge.
    private func settle(_ configuration: inout Configuration) throws(UserError) -> Int {
        let settings = configuration.statedSettings
        guard settings.subsets == 1 else {
            throw UserError(
                "scoring.subsets: does not go with shards, which bound memory and time by scoring.judges: take 1",
                exit: .usage)
        }
        guard settings.region == nil else {
            throw UserError("model.region: does not go with shards yet: leave it out, or score the folder with musc run", exit: .usage)
        }
        let judges: Int
        switch settings.judges {
        case .count(let count): judges = count
        case .all where configuration.scoring["scoring.judges"] != nil:
            throw UserError(
                "scoring.judges: all images cannot judge a batch that is divided: take a number, such as "
                    + "\(Self.standardJudges)", exit: .usage)
        case .all, .auto: judges = Self.standardJudges
        }
        configuration.scoring["scoring.judges"] = .text("\(judges)")
        return judges
    }

    private func knownGoodImages(_ folder: FilePath) throws(UserError) -> [FilePath] {
        do throws(ListingError) {
            let images = try ImageListing.images(in: folder.absolute())
            if images.isEmpty {
                Terminal.note("there are no known good images in \(folder) (judges.known_good)", .warning)
            }
            return images
        } catch {
            throw UserError("judges.known_good: \(error)", exit: .usage)
        }
    }

    /// The line's past, where the batch lies in a drop folder of the configuration.
    private func linePast(of folder: FilePath, _ processor: BatchProcessor) -> LinePast? {
        var configuration = processor.configuration
        let roots = configuration.watch.roots.map { $0.canonical() }
        guard let root = roots.first(where: { folder.canonical().starts(with: $0) }) else { return nil }
        configuration.stateFolder = ledger.path.removingLastComponent()
        return JudgeSources(configuration).linePast(of: folder.canonical(), in: root)
    }

    /// What is remembered of the batch's line.
    private func recollected(_ prepared: PreparedBatch) -> BatchTokens? {
        guard let recollection = prepared.recollection else { return nil }
        for problem in recollection.problems { Terminal.note("\(problem)", .warning) }
        return recollection.tokens
    }
}

extension PlanCommand {
    /// What was said of model, scoring, judges and output, as text by key, with absolute paths.
    private static func forWorkers(_ said: [String: ConfigurationValue]) -> [String: String] {
        let sections = ["model.", "scoring.", "judges.", "images.", "output."]
        // Threads and memory are each machine's own.
        let others: Set = ["scoring.threads", "scoring.memory"]
        var result: [String: String] = [:]
        for (key, value) in said where sections.contains(where: { key.hasPrefix($0) }) && !others.contains(key) {
            let text = value.flat
            let isPath =
                Configuration.key(named: key)?.isPath(value) ?? false
                || key == "model.backbone" && text.hasSuffix(".json")
            result[key] = isPath ? FilePath(text).absolute().string : text
        }
        return result
    }
}

extension FilePath {
    /// The path from the root of the file system, without resolving links.
    func absolute() -> FilePath {
        isAbsolute
            ? self : FilePath(FileManager.default.currentDirectoryPath).pushing(self).lexicallyNormalized()
    }
}
