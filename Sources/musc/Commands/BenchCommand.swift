import ArgumentParser
import FoundationEssentials
import MuSc
import MuScBackbone
import MuScBatch
import MuScEvaluation
import MuScImages
import MuScScoring
import SystemPackage

/// `musc bench`: what the machine makes of the work.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time each stage on this machine, beside what its processor can do at best.",
        discussion: """
            With a folder, its photographs are scored and their results written as musc run does, from nothing and with \
            nothing kept. Without one, made-up images of the given number are used. The processor's peak is measured on \
            the spot.
            """)

    @Argument(help: ArgumentHelp("A folder of photographs; made-up images without one.", valueName: "folder"))
    var folder: String?

    @Flag(help: "Take the images of all folders below too.")
    var recursive = false

    @Option(name: .customLong("images"), help: ArgumentHelp("Made-up images that judge each other; 50 unless given.", valueName: "count"))
    var givenImages: Int?

    @Option(
        name: .customLong("network-images"),
        help: ArgumentHelp("Made-up images that go through the network; 8 unless given.", valueName: "count"))
    var givenNetworkImages: Int?

    /// Keys that bear on what photographs show, or on what becomes of their scores.
    private static let ofPhotographs: Set = [
        "model.region", "model.align", "images.range", "scoring.rscin", "scoring.rscin_windows", "scoring.subsets",
    ]

    private var images: Int { givenImages ?? 50 }
    private var networkImages: Int { givenNetworkImages ?? 8 }

    @Flag(help: "Random weights in full size: no file is needed, and time and memory are the same.")
    var randomWeights = false

    @Flag(help: "Every backbone at both of the paper's image sizes, with random weights.")
    var allBackbones = false

    @Flag(help: "Time and memory of mutual scoring at 25 to 400 images, with all judges and with 32.")
    var growth = false

    @Option(help: ArgumentHelp("table, json or markdown.", valueName: "format"))
    var format = BenchTable.Format.table

    @OptionGroup var options: TrialOptions

    func validate() throws {
        guard images >= 2, networkImages >= 1 else {
            throw ValidationError("At least 2 images judge each other, and 1 goes through the network.")
        }
        let hasImages = givenImages != nil || givenNetworkImages != nil
        guard folder == nil || !(allBackbones || growth || randomWeights || hasImages) else {
            throw ValidationError(
                "A folder is scored as it is: leave out --all-backbones, --growth, --random-weights, --images and --network-images.")
        }
        guard folder != nil || !recursive else { throw ValidationError("--recursive goes with a folder.") }
        guard !growth || !(allBackbones || hasImages) else {
            throw ValidationError("--growth has numbers of images of its own: leave out --all-backbones, --images and --network-images.")
        }
        if folder == nil,
            let flag = options.given.first(where: { Self.ofPhotographs.contains($0.key) || growth && $0.key == "scoring.judges" })
        {
            throw ValidationError(
                flag.key == "scoring.judges"
                    ? "--growth takes all judges, and then 32: leave out --judges."
                    : "--\(flag.flag) has no effect on made-up images: name a folder of photographs, or leave it out.")
        }
        guard !allBackbones || options.backbone.given.isEmpty && options.imageSize == nil else {
            throw ValidationError("--all-backbones takes each at its own sizes: leave out --backbone, --pretrained and --image-size.")
        }
    }

    func run() async throws {
        let configuration = try options.configuration()
        let peak = PeakRate.measure(threads: configuration.threads)
        if allBackbones {
            try printBackbones(configuration, peak)
            return
        }
        if let folder {
            let processor = try await BatchProcessor.ready(configuration, fetching: options.fetchWeights)
            try printStages(of: FilePath(folder), processor, peak)
            return
        }
        let installed =
            randomWeights
            ? try Self.random(try InstalledBackbone.description(of: configuration.backbone))
            : try await InstalledBackbone.find(configuration, fetching: options.fetchWeights)
        let network = try BatchProcessor(configuration: configuration, installed: installed).inspector.network
        if growth {
            let bench = GrowthBench(network: network)
            for table in bench.tables { Terminal.printResultText(table.rendered(format)) }
        } else {
            var table = NetworkTable(peak: peak, images: images, threads: configuration.threads)
            table.add(NetworkBench(network: network, images: images, networkImages: networkImages))
            Terminal.printResultText(table.table.rendered(format))
        }
    }

    private func printBackbones(_ configuration: Configuration, _ peak: PeakRate) throws {
        var table = NetworkTable(peak: peak, images: images, threads: configuration.threads)
        for description in BackboneCatalogue.all {
            let installed = try Self.random(description)
            for size in description.paperSizes.isEmpty ? [224] : description.paperSizes {
                Terminal.note("\(description.name), \(size) px …")
                var configuration = configuration
                configuration.backbone = description.name
                configuration.scoring["model.image_size"] = .text("\(size)")
                let network = try BatchProcessor(configuration: configuration, installed: installed).inspector.network
                table.add(NetworkBench(network: network, images: images, networkImages: networkImages))
            }
        }
        Terminal.printResultText(table.table.rendered(format))
    }

    private func printStages(of folder: FilePath, _ processor: BatchProcessor, _ peak: PeakRate) throws {
        let files = try ImageListing.images(
            in: folder, recursive: recursive, excluding: [processor.configuration.output.folderName])
        let scratch = FilePath(FileManager.default.temporaryDirectory.path).appending("musc-bench.\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: scratch.string) }
        let bar = ProgressBar(label: folder.string, isShown: options.messages.showsProgress)
        let table: BenchTable
        do {
            table = try StageBench(processor: processor, peak: peak).table(files, folder: folder, results: scratch) { progress in
                bar.update(progress)
                return true
            }
        } catch {
            bar.finish()
            throw UserError("\(folder): \(error)", exit: .batchFailed)
        }
        bar.finish()
        Terminal.printResultText(table.rendered(format))
    }

    /// The backbone with random weights, from a file that is gone once this returns.
    private static func random(_ description: BackboneDescription) throws -> InstalledBackbone {
        let path = FilePath("/var/tmp").appending("musc-bench.\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        try BackboneWeights.writeRandom(for: description, to: path.string)
        return InstalledBackbone(
            description: description, weights: try BackboneWeights(path: path.string, for: description), sha256: "")
    }
}

extension BenchTable.Format: ExpressibleByArgument {}
