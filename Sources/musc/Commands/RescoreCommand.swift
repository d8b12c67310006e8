import ArgumentParser
import MuSc
import MuScBackbone
import MuScBatch
import MuScEvaluation
import MuScImages
import SystemPackage

/// `musc rescore`: RsCIN for another method's scores.
struct RescoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rescore",
        abstract: "Re-score images by what images that look alike scored: RsCIN for any method's scores.",
        discussion: """
            Prints a CSV of image, score and score_before in the order of the scores given; new scores are from 0 to 1. \
            Features come from a file (.npy, .npz, safetensors, or the reference's .dat), in the order of the scores \
            unless both have names, or are computed from photographs with --features-from.
            """)

    @Option(help: ArgumentHelp("A CSV file with columns image and score, or one number a line.", valueName: "file"))
    var scores: String

    @Option(help: ArgumentHelp("The column of the scores, such as score_msm.", valueName: "name"))
    var column: String?

    @Option(help: ArgumentHelp("A file of image features, one row an image.", valueName: "file"))
    var features: String?

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("Which array of the features' file, such as the class in the reference's .dat files.", valueName: "name"))
    var array: String?

    @Option(help: ArgumentHelp("Compute the features of the photographs in this folder with --backbone.", valueName: "folder"))
    var featuresFrom: String?

    @Option(
        help: ArgumentHelp("Neighbourhood sizes, the image itself included; 1 is added. 2,3 for most, 8,9 for VisA.", valueName: "list"))
    var windows = "2,3"

    @Flag(help: "Divide the features by their lengths first; what is computed here always is.")
    var unitFeatures = false

    @Option(key: "output.where", short: "o") var output: GivenFlag?
    @Option(key: "model.image_size") var imageSize: GivenFlag?
    @Option(key: "scoring.threads") var threads: GivenFlag?
    @OptionGroup var backbone: BackboneFlags
    @OptionGroup var messages: MessageFlags

    func validate() throws {
        guard (features == nil) != (featuresFrom == nil) else {
            throw ValidationError("Give either --features FILE or --features-from FOLDER.")
        }
        let ofComputing = [imageSize, threads].compactMap { $0 } + backbone.given
        guard featuresFrom != nil || ofComputing.isEmpty && !backbone.fetchWeights else {
            throw ValidationError(
                "--\(ofComputing.first?.flag ?? "fetch-weights") is for features that are computed: give --features-from FOLDER, or leave it out."
            )
        }
        guard features != nil || array == nil else {
            throw ValidationError("--class names an array of a features' file: give --features FILE, or leave it out.")
        }
    }

    func run() async throws {
        let sizes = windows.split(separator: ",").map { Int($0.filter { $0 != " " }) }
        guard !sizes.isEmpty, sizes.allSatisfy({ $0 != nil }) else {
            throw UserError("--windows: “\(windows)” is not a list of whole numbers, such as 2,3", exit: .usage)
        }
        do {
            let list = try ScoreList(contentsOf: FilePath(scores), column: column)
            let computed = try await computedFeatures(for: list)
            let vectors = try computed ?? ImageFeatures(contentsOf: FilePath(features ?? ""), array: array)
            let rescored = try Rescoring.rescore(
                list.scores, features: try vectors.values(for: list), windows: sizes.compactMap { $0 },
                unitFeatures: unitFeatures || computed != nil, precision: vectors.precision)
            let table = RescoredTable(list: list, rescored: rescored)
            if let folder = output?.value.text {
                try OutputFolder(FilePath(folder)).write(table)
            } else {
                Terminal.printResultText(String(table.csv.dropLast()))
            }
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
    }

    /// The features of the photographs, where a folder of them is given.
    private func computedFeatures(for list: ScoreList) async throws -> ImageFeatures? {
        guard let featuresFrom else { return nil }
        let folder = FilePath(featuresFrom)
        let configuration = try messages.configuration([imageSize, threads].compactMap { $0 } + backbone.given)
        let files: [(name: String, path: FilePath)]
        if let names = list.names {
            files = names.map { ($0, folder.pushing(FilePath($0))) }
        } else {
            files = try ImageListing.images(in: folder, recursive: true).map { ($0.string, $0) }
        }
        let installed = try await InstalledBackbone.find(configuration, fetching: backbone.fetchWeights)
        let settings = try configuration.scoringSettings(backbone: installed.description)
        let model = try VisionTransformer(
            description: installed.description, weights: installed.weights, imageWidth: settings.imageSize.width,
            imageHeight: settings.imageSize.height, featureLayers: settings.featureLayers, activation: settings.activation)
        return try ImageFeatures(of: files, model: model, family: installed.description.family, threads: settings.threads)
    }
}
