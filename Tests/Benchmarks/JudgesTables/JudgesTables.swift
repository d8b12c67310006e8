import FoundationEssentials
import MuScBackbone
import MuScBatch
import MuScWeights
import SystemPackage

/// Prints how well judges from outside a batch do, on labelled photographs.
///
///     JudgesTables --cells FOLDER [--tiles FOLDER] [--cache FOLDER] [--weights FILE] [small] [known-good] [alarms] [recurring] [verdicts] [label] [added]
///
/// `--cells` is the folder of elpv-dataset's `labels.csv`; `--tiles` one of `test/good` and `test/<defect>`. Without
/// words, all tables. The weights of `dinov2_vits14` are taken from the store of `musc weights`, into which `--weights`
/// puts a file where they are missing; `--cache` keeps tokens for the next time. `--seeds N` says over how many simulated
/// lines the tables of verdicts are means, 5 unless given.
@main
enum JudgesTables {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        var folders: [String: FilePath] = [:]
        var words: Set<String> = []
        while let argument = arguments.popFirst() {
            if argument.hasPrefix("--"), let value = arguments.popFirst() {
                folders[argument] = FilePath(value)
            } else {
                words.insert(argument)
            }
        }
        let (inspector, sha256) = try tunedScorer(importing: folders["--weights"])
        let cache = folders["--cache"].map {
            TokenCache(folder: $0, key: TokenKey(inspector.network, weightsSHA256: sha256), byteLimit: 4 << 30)
        }
        let isLineAlone = !words.isEmpty && words.isSubset(of: ["verdicts", "label"])
        var kinds: [Photographs] = []
        if let cells = folders["--cells"] {
            for type in isLineAlone ? [] : ["mono", "poly"] {
                let files = try SolarCells(folder: cells).files(of: type)
                kinds.append(
                    try Photographs(
                        "\(type) cells", good: files.good, defective: files.defective, most: (300, 60), inspector: inspector, cache: cache))
            }
        }
        let cells = kinds
        if let tiles = folders["--tiles"] {
            let files = try labelledFiles(tiles)
            kinds.append(
                try Photographs("tiles", good: files.good, defective: files.defective, most: (300, 60), inspector: inspector, cache: cache))
        }
        guard !kinds.isEmpty || isLineAlone && folders["--cells"] != nil else {
            note("name the folders of photographs: --cells FOLDER --tiles FOLDER")
            return
        }
        func wants(_ word: String) -> Bool { words.isEmpty || words.contains(word) }
        if wants("small") { try smallBatches(kinds, inspector) }
        if wants("known-good") { try aloneOrBeside(kinds, inspector) }
        if wants("alarms") { try falseAlarms(cells, inspector) }
        if wants("recurring") {
            try recurringDefects(cells, inspector)
            try naturalBatches(kinds, inspector)
        }
        if wants("verdicts") || wants("label"), let folder = folders["--cells"] {
            let files = try SolarCells(folder: folder).files(of: "mono")
            let mono = try Photographs(
                "mono cells", good: files.good, defective: files.defective, most: (330, 60), inspector: inspector, cache: cache)
            let seeds = folders["--seeds"].flatMap { Int($0.string) } ?? VerdictLine.seeds
            if wants("verdicts") { try verdictLine(mono, inspector, seeds: max(seeds, 1)) }
            if wants("label") {
                try benignMark(
                    mono, inspector, seeds: max(seeds, 1),
                    in: FilePath(FileManager.default.temporaryDirectory.path).appending("musc-labelled-cells"))
            }
        }
        if wants("added"), let cells = folders["--cells"] { try addedImage(cells, inspector, sha256: sha256) }
    }

    /// Preset tuned at 224 px, and the sum of the weights.
    static func tunedScorer(importing weights: FilePath?) throws -> (Inspector, String) {
        let name = BackboneCatalogue.standard
        guard let description = BackboneCatalogue.description(named: name) else { throw MissingBackbone(name: name) }
        let store = WeightsStore()
        let id = WeightsStore.id(backbone: name)
        if let weights, store.installed(id) == nil { try store.importFile(weights.string, as: id, for: description) }
        var settings = ScoringSettings(
            preset: .tuned, backbone: description, threads: ProcessInfo.processInfo.activeProcessorCount)
        settings.imageSize = 224
        let inspector = try Inspector(settings: settings, weights: try store.open(description))
        return (inspector, store.installed(id)?.sha256 ?? "")
    }

    struct MissingBackbone: Error { var name: String }
}

/// AUROC over the scores of a batch whose first images are good.
func imageAUROC(_ scores: Inspection, good: Int) -> Double {
    let values = scores.images.map { $0.score ?? .nan }
    return imageAUROC(good: Array(values.prefix(good)), defective: Array(values.dropFirst(good)))
}
