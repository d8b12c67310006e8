import FoundationEssentials
import MuScBatch
import MuScScoring
import MuScSupport
import MuScTensors
import SystemPackage

/// Chooses layers, degrees, nearest judges, window and image size for a backbone by labelled folders.
///
/// Each image goes through the network once a size, whose tokens of all candidate layers are compared layer by layer and
/// degree by degree; every setting of the grid is a mean of what comes of that. Half of the folders choose, the
/// other half shows whether the choice holds where it was not made. A line's batches with checked parts do as well.
package struct Tuning: Sendable {
    /// What chooses, or is kept back, as one: a labelled folder, or some batches of a line.
    package struct Folder: Sendable {
        package var name: String
        package var batches: [Batch]
        /// Whether it is kept back from the choice.
        package var isKeptBack: Bool

        package init(name: String, batches: [Batch], isKeptBack: Bool) {
            (self.name, self.batches, self.isKeptBack) = (name, batches, isKeptBack)
        }
    }

    /// Images that are compared with each other, and with no others.
    package struct Batch: Sendable {
        package var name: String
        /// Tells its maps on disk from those of the others.
        package var number: Int
        package var root: FilePath
        package var files: [BatchFile]
        /// One an image.
        package var labels: [Label]
        /// The class of a data set that this is, with its masks; nil for a line's batch.
        package var labelled: LabelledClass?

        package init(name: String, number: Int, root: FilePath, files: [BatchFile], labels: [Label], labelled: LabelledClass? = nil) {
            (self.name, self.number, self.root, self.files) = (name, number, root, files)
            (self.labels, self.labelled) = (labels, labelled)
        }

        /// Identifies the images, and the masks where there are some.
        var inputDigest: String { labelled?.inputDigest ?? EvaluationState.digest(of: files.map(\.path)) }
    }

    /// What is known of one image.
    package struct Label: Sendable, Hashable {
        package var isAnomalous: Bool
        /// How many images it stands for; 0 for one that judges and is not counted.
        package var weight: Double

        package init(isAnomalous: Bool, weight: Double = 1) { (self.isAnomalous, self.weight) = (isAnomalous, weight) }

        /// Nobody has said anything of the image.
        package static let unknown = Label(isAnomalous: false, weight: 0)
    }

    package let folders: [Folder]
    package let grid: TuningGrid
    package let output: OutputFolder
    /// What decides the maps beside the grid: the weights' digest and the settings that are not tuned.
    package let configuration: [String: String]
    package let threads: Int
    /// Makes an inspector of these layers and this image size.
    package let inspector: @Sendable (_ layers: [Int], _ imageSize: Int) throws -> Inspector
    /// How many settings are compared by pixels as well.
    package var finalists = 24

    package init(
        folders: [Folder], grid: TuningGrid, configuration: [String: String], threads: Int, output: OutputFolder,
        inspector: @escaping @Sendable (_ layers: [Int], _ imageSize: Int) throws -> Inspector
    ) {
        self.folders = folders
        self.grid = grid
        self.configuration = configuration
        self.threads = threads
        self.output = output
        self.inspector = inspector
    }

    /// What is told of while the work goes on.
    package enum Step: Sendable {
        /// Maps of a folder at a size; whether they were there from an earlier run.
        case maps(folder: String, imageSize: Int, wasKept: Bool)
        case progress(folder: String, imageSize: Int, done: Int, of: Int)
    }

    /// Computes what is missing, and compares the settings.
    ///
    /// - Parameters:
    ///   - deadline: When no further folder and size is begun. What was not reached is named in the result.
    ///   - goesOn: Asked between steps; answering false ends the work soon, with ``EvaluationError/scoring(className:_:)``.
    /// - Throws: ``EvaluationError``.
    package func run(
        until deadline: ContinuousClock.Instant?, goesOn: @escaping @Sendable () -> Bool = { true },
        told: @escaping @Sendable (Step) -> Void = { _ in }
    ) throws(EvaluationError) -> TuningResult {
        var result = TuningResult(folders: folders.map { .init(name: $0.name, isKeptBack: $0.isKeptBack) })
        for size in grid.imageSizes {
            var maps: [[TuningMaps]] = []
            folders: for folder in folders {
                var own: [TuningMaps] = []
                for batch in folder.batches {
                    let file = output.path.appending("maps-\(batch.number)-\(size).safetensors")
                    let key = key(of: batch, size)
                    if let kept = TuningMaps(from: file, key: key, parts: TuningMaps.parts(of: grid)) {
                        told(.maps(folder: batch.name, imageSize: size, wasKept: true))
                        own.append(kept)
                        continue
                    }
                    // The first size is finished whatever the time says: without it there is nothing to compare.
                    if let deadline, size != grid.imageSizes[0], ContinuousClock.now >= deadline { break folders }
                    let made = try self.maps(of: batch, size, goesOn: goesOn, told: told)
                    do {
                        try FileManager.default.createDirectory(atPath: output.path.string, withIntermediateDirectories: true)
                        try made.write(to: file, key: key)
                    } catch {
                        throw .file(file, reason: "\(error)")
                    }
                    told(.maps(folder: batch.name, imageSize: size, wasKept: false))
                    own.append(made)
                }
                maps.append(own)
            }
            guard maps.count == folders.count else {
                result.unreachedSizes.append(size)
                continue
            }
            try compare(maps, size, into: &result)
        }
        result.rank(grid)
        return result
    }

    private func key(of batch: Batch, _ size: Int) -> String {
        let settings = configuration.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
        let parts = TuningMaps.parts(of: grid).map { $0.name + "\n" }
        return EvaluationState.digest(settings + parts + ["\(size)\n", batch.inputDigest])
    }

    /// Runs a batch's images through the network and compares them, layer by layer and degree by degree.
    private func maps(
        of batch: Batch, _ size: Int, goesOn: @escaping @Sendable () -> Bool, told: @escaping @Sendable (Step) -> Void
    ) throws(EvaluationError) -> TuningMaps {
        let parts = TuningMaps.parts(of: grid)
        do {
            let files = batch.files
            let inspector = try inspector(grid.layers, size).ranged(for: files)
            let tokens = try inspector.tokens(of: files) { progress in
                told(.progress(folder: batch.name, imageSize: size, done: progress.completed, of: progress.total))
                return goesOn()
            }
            if let image = tokens.images.first(where: { $0.index == nil }) {
                throw EvaluationError.unreadableImage(image.path, reason: image.error ?? "was not scored.")
            }
            var maps = TuningMaps(grid: inspector.network.grid, images: files.count)
            for (place, layer) in grid.layers.enumerated() {
                let standardised = try inspector.standardised(tokens.layers[place])
                for part in parts where part.layer == layer {
                    guard goesOn() else { throw ScoringError.cancelled }
                    let scoring = MutualScoring(
                        interval: MutualScoring.Interval(upper: part.nearest.share),
                        minimumJudges: part.nearest.leastJudges, window: part.nearest.window.patches(on: inspector.network.grid),
                        precision: inspector.settings.precision, threads: threads)
                    maps.parts[part] = scoring.patchScores(
                        of: standardised, degrees: [part.degree], judged: Array(files.indices),
                        judges: Array(files.indices))
                    told(.progress(folder: batch.name, imageSize: size, done: maps.parts.count, of: parts.count))
                }
            }
            return maps
        } catch let error as EvaluationError {
            throw error
        } catch let error as ScoringError {
            throw .scoring(className: batch.name, error)
        } catch let error as SpillError {
            throw .scoring(className: batch.name, .spill(error))
        } catch {
            throw .file(batch.root, reason: "\(error)")
        }
    }

    /// Image AUROC of every setting in every folder; pixel AP of those that lead where the choice is made, and of the
    /// presets.
    ///
    /// The batches of a folder are judged each by itself, and their images ranked together.
    private func compare(_ maps: [[TuningMaps]], _ size: Int, into result: inout TuningResult) throws(EvaluationError) {
        let settings = grid.settings(imageSize: size)
        let aurocs = folders.indices.map { folder in
            let labels = folders[folder].batches.flatMap(\.labels)
            return concurrentMap(settings.count, threads: threads) { index in
                let scores = maps[folder].flatMap { $0.imageScores($0.maps(of: settings[index])) }
                return RankMetrics.auroc(scores: scores, anomalous: labels.map(\.isAnomalous), weights: labels.map(\.weight))
            }
        }
        var compared = settings.indices.map { index in
            TuningResult.Compared(setting: settings[index], auroc: aurocs.map { $0[index] })
        }
        let choosing = folders.indices.filter { !folders[$0].isKeptBack }
        let leading = compared.indices.sorted { compared[$0].isBetter(than: compared[$1], in: choosing) }.prefix(finalists)
        let presets = compared.indices.filter { [grid.paper, grid.tuned].contains(compared[$0].setting) }
        for (index, folder) in folders.enumerated() {
            guard let own = maps[index].first, let labelled = folder.batches.first?.labelled, labelled.hasMasks else { continue }
            let labels: [UInt8]
            do {
                labels = try labelled.labels(width: size, height: size, threads: threads).labels
            } catch {
                throw .dataset(error)
            }
            for place in Set(leading).union(presets) {
                let values = own.maps(of: compared[place].setting)
                let count = own.grid.count
                let pixels = concurrentMap(own.images, threads: threads) { image in
                    PatchMap.resized(values[image * count..<(image + 1) * count], grid: own.grid, width: size, height: size)
                }
                do {
                    compared[place].pixelAP[index] = try RankMetrics(
                        scores: Array(pixels.joined()), labels: labels, threads: threads
                    ).averagePrecision
                } catch {
                    throw .metrics(className: folder.name, error)
                }
            }
        }
        result.compared += Set(leading).union(presets).sorted().map { compared[$0] }
        result.settings += settings.count
    }
}
