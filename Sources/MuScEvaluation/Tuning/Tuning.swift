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
/// other half shows whether the choice holds where it was not made.
package struct Tuning: Sendable {
    /// One labelled folder.
    package struct Folder: Sendable {
        package var name: String
        package var root: FilePath
        package var labelled: LabelledClass
        /// Whether it is kept back from the choice.
        package var isKeptBack: Bool
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
        datasets: [Dataset], grid: TuningGrid, configuration: [String: String], threads: Int, output: OutputFolder,
        inspector: @escaping @Sendable (_ layers: [Int], _ imageSize: Int) throws -> Inspector
    ) {
        let classes = datasets.flatMap { dataset in dataset.classes.map { (dataset.root, $0) } }
        folders = classes.enumerated().map { index, entry in
            let (root, labelled) = entry
            let isShared = classes.count { $0.1.name == labelled.name } > 1
            // Every second one is kept back, so that folders that were named alike fall on both sides.
            return Folder(
                name: isShared ? "\(root.lastComponent?.string ?? "")/\(labelled.name)" : labelled.name, root: root,
                labelled: labelled, isKeptBack: index % 2 == 1)
        }
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
            var maps: [TuningMaps] = []
            for (index, folder) in folders.enumerated() {
                let file = output.path.appending("maps-\(index)-\(size).safetensors")
                let key = key(of: folder, size)
                if let kept = TuningMaps(from: file, key: key, parts: TuningMaps.parts(of: grid)) {
                    told(.maps(folder: folder.name, imageSize: size, wasKept: true))
                    maps.append(kept)
                    continue
                }
                // The first size is finished whatever the time says: without it there is nothing to compare.
                if let deadline, size != grid.imageSizes[0], ContinuousClock.now >= deadline { break }
                let made = try self.maps(of: folder, size, goesOn: goesOn, told: told)
                do {
                    try FileManager.default.createDirectory(atPath: output.path.string, withIntermediateDirectories: true)
                    try made.write(to: file, key: key)
                } catch {
                    throw .file(file, reason: "\(error)")
                }
                told(.maps(folder: folder.name, imageSize: size, wasKept: false))
                maps.append(made)
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

    private func key(of folder: Folder, _ size: Int) -> String {
        let settings = configuration.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
        let parts = TuningMaps.parts(of: grid).map { $0.name + "\n" }
        return EvaluationState.digest(settings + parts + ["\(size)\n", folder.labelled.inputDigest])
    }

    /// Runs a folder's images through the network and compares them, layer by layer and degree by degree.
    private func maps(
        of folder: Folder, _ size: Int, goesOn: @escaping @Sendable () -> Bool, told: @escaping @Sendable (Step) -> Void
    ) throws(EvaluationError) -> TuningMaps {
        let parts = TuningMaps.parts(of: grid)
        do {
            let files = folder.labelled.images.map { BatchFile($0.path, in: folder.root) }
            let inspector = try inspector(grid.layers, size).ranged(for: files)
            let tokens = try inspector.tokens(of: files) { progress in
                told(.progress(folder: folder.name, imageSize: size, done: progress.completed, of: progress.total))
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
                    told(.progress(folder: folder.name, imageSize: size, done: maps.parts.count, of: parts.count))
                }
            }
            return maps
        } catch let error as EvaluationError {
            throw error
        } catch let error as ScoringError {
            throw .scoring(className: folder.name, error)
        } catch let error as SpillError {
            throw .scoring(className: folder.name, .spill(error))
        } catch {
            throw .file(folder.root, reason: "\(error)")
        }
    }

    /// Image AUROC of every setting in every folder; pixel AP of those that lead where the choice is made, and of the
    /// presets.
    private func compare(_ maps: [TuningMaps], _ size: Int, into result: inout TuningResult) throws(EvaluationError) {
        let settings = grid.settings(imageSize: size)
        let aurocs = folders.indices.map { folder in
            concurrentMap(settings.count, threads: threads) { index in
                let scores = maps[folder].imageScores(maps[folder].maps(of: settings[index]))
                return (try? RankMetrics(scores: scores, anomalous: folders[folder].labelled.images.map(\.isAnomalous)))?.auroc
            }
        }
        var compared = settings.indices.map { index in
            TuningResult.Compared(setting: settings[index], auroc: aurocs.map { $0[index] })
        }
        let choosing = folders.indices.filter { !folders[$0].isKeptBack }
        let leading = compared.indices.sorted { compared[$0].isBetter(than: compared[$1], in: choosing) }.prefix(finalists)
        let presets = compared.indices.filter { [grid.paper, grid.tuned].contains(compared[$0].setting) }
        for (index, folder) in folders.enumerated() where folder.labelled.hasMasks {
            let labels: [UInt8]
            do {
                labels = try folder.labelled.labels(width: size, height: size, threads: threads).labels
            } catch {
                throw .dataset(error)
            }
            for place in Set(leading).union(presets) {
                let values = maps[index].maps(of: compared[place].setting)
                let count = maps[index].grid.count
                let pixels = concurrentMap(maps[index].images, threads: threads) { image in
                    PatchMap.resized(
                        values[image * count..<(image + 1) * count], grid: maps[index].grid, width: size, height: size)
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
