import ArgumentParser
import FoundationEssentials
import MuScBatch
import MuScHooks
import MuScImages
import MuScResults
import MuScSupport
import MuScWatching
import SystemPackage

/// `musc run`: scores folders by hand, each as one batch.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Score each folder as one batch, now, and write its results beside the images.",
        usage: "musc run <folder> ... [options]",
        discussion: """
            Prints one line a batch: folder, images, flagged, seconds, path of the report. Images are judged by each \
            other, so a batch needs at least 2 images of the same kind of part, and 20 or more are better.

              musc run photographs/2026-11-24
              musc run photographs/* --known-good photographs/good --out results
            """)

    @Argument(help: ArgumentHelp("Folders of images.", valueName: "folder"))
    var folders: [String]

    @OptionGroup(title: ScoringOptions.mostUsed) var own: RunFlags
    @OptionGroup var options: ScoringOptions

    /// What `run` alone has.
    struct RunFlags: ParsableArguments {
        @Flag(help: "Take the images of all folders below into the same batch.")
        var recursive = false

        @Flag(help: "Print one JSON object a batch instead of a line.")
        var json = false
    }

    func run() async throws {
        let configuration = try options.configuration()
        let batches = try configuration.placesByHand(of: folders.map { FilePath($0) })
        let processor = try await BatchProcessor.ready(configuration, fetching: options.fetchWeights)
        var failures = 0
        for batch in batches {
            do {
                await configuration.hooks.tell(processor.takeInVerdicts(on: batch.folder, in: nil))
                let outcome = try score(batch, with: processor)
                Terminal.printResult(own.json ? outcome.result.json : outcome.line)
                await configuration.hooks.tell(configuration.hooks.deliveries(of: outcome.result))
            } catch {
                Terminal.printError("\(error)")
                failures += 1
            }
        }
        if failures > 0 { throw ExitCode.batchFailed }
    }

    private func score(_ batch: BatchByHand, with processor: BatchProcessor) throws -> BatchProcessor.Outcome {
        let folder = batch.folder
        let rules = processor.configuration.fileRules
        let listing = try ImageListing(
            folder, recursive: own.recursive, excluding: [processor.configuration.output.folderName], rules: rules)
        let files = listing.images
        guard !files.isEmpty else {
            let below = try ImageListing.images(in: folder, recursive: true, rules: rules)
            throw UserError(
                below.isEmpty
                    ? "\(folder): holds no images: \(ImageFormat.names) files are taken"
                    : "\(folder): holds no images itself, but folders below do: name those, or add --recursive",
                exit: .batchFailed)
        }
        let bar = ProgressBar(label: folder.string, isShown: options.messages.showsProgress)
        defer { bar.finish() }
        // A watcher on the same folder recognises the results by the set of files, and does not score it again.
        let origin = own.recursive ? BatchOrigin() : BatchOrigin(filesAt: files, in: folder)
        return try processor.process(
            files, folder: folder, results: batch.results, origin: origin, ignored: listing.ignored, copies: batch.copies
        ) { progress in
            bar.update(progress)
            return true
        }
    }
}

extension HookSettings {
    /// Runs the hooks, one try each; what fails is told and changes nothing.
    func tell(_ deliveries: [Delivery]) async {
        for fault in await Deliverer.tell(deliveries, settings: self, userAgent: MuscVersion.userAgent) { Terminal.printError(fault) }
    }
}

extension BatchProcessor.Outcome {
    /// One line of results: folder, images, flagged, seconds, path of the report.
    var line: String {
        let unread = result.unreadable > 0 ? "  \(result.unreadable) unreadable" : ""
        let left = ignored > 0 ? "  \(ignored) ignored" : ""
        let tenths = Int((seconds * 10).rounded())
        return "\(folder)  \(result.images) images  \(outcome.phrase)\(unread)\(left)  \(tenths / 10).\(tenths % 10) s  \(report)"
    }
}
