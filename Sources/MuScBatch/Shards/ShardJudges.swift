import FoundationEssentials
import MuScBackbone
import MuScImages
import MuScSupport
import MuScTensors
import Synchronization
import SystemPackage

/// The judges' tokens, made once by all workers together and shared as files.
///
/// Every judge has a file of its own. A worker goes once around the list of judges, beginning at its own share of it,
/// and makes what is not there yet; then all are there. So workers that start together make a share each, one that
/// comes later finds them made, and a worker that dies costs the others one more judge and no waiting: there is nothing
/// that it could have held. At worst a judge is made twice, with the same content.
extension ShardWork {
    /// Makes what is missing of the judges' tokens, reads them all, and finds what they say of the threshold.
    func judges(startingAt shard: Int, progress: ProgressHandler) throws(ShardError) -> ChosenJudges {
        let files = try judgeFiles()
        try makeTokens(of: files, startingAt: shard * files.count / plan.shards.count, progress: progress)
        var own = BatchTokens(images: [], layers: plan.key.featureLayers.map { _ in [] }, imageFeatures: [])
        var outside: [OutsideJudges] = [.knownGood, .linePast].map { OutsideJudges(origin: $0, tokens: own) }
        for (index, judge) in plan.judges.enumerated() {
            let (tokens, image, look) = try tokens(of: index, files[index])
            if let origin = judge.origin {
                for group in outside.indices where outside[group].origin == origin {
                    outside[group].tokens.append(tokens, of: image, look: look)
                }
            } else {
                own.append(tokens, of: image, look: look)
            }
        }
        let seated = seated(own, outside.filter { $0.count > 0 })
        return ChosenJudges(
            positions: plan.ownJudges.compactMap(\.position), own: own, seated: seated,
            calibration: try calibration(of: seated, by: own, progress: progress))
    }

    /// Seats the judges as the plan has them, with the same parts in every worker.
    private func seated(_ own: BatchTokens, _ outside: [OutsideJudges]) -> SeatedJudges {
        let settings = network.settings
        let outside = settings.looksForTwins ? outside.withoutBlank.judges : outside
        var survey = PartSurvey(
            outside, batch: plan.images, settings: settings, usual: plan.usual.map { Float(bitPattern: $0.knownGood) } ?? 0,
            batchJudges: plan.batchJudges)
        survey.begin(usual: plan.usual.map { Float(bitPattern: $0.batch) } ?? 0)
        let keys = survey.keys(of: own.images.map(\.name))
        // In the order in which the plan chose them: whether two photographs are twins may depend on which was met first.
        var parts = Array(own.images.indices)
        for index in JudgeChoice.order(own.images.map(\.name)) {
            parts[index] = survey.meet(key: keys[index], look: own.looks[index], isJudge: true).part
        }
        survey.end()
        return SeatedJudges(survey: survey, partOfOwn: parts).complete
    }

    private func judgeFiles() throws(ShardError) -> [BatchFile] {
        let folder = FilePath(plan.folder)
        var files: [BatchFile] = []
        for judge in plan.judges {
            if let offset = judge.offset {
                files.append(BatchFile(listed: try layout.list.name(at: offset), in: folder))
            } else {
                files.append(BatchFile(path: FilePath(judge.path ?? ""), name: judge.name))
            }
        }
        return files
    }

    private func makeTokens(of files: [BatchFile], startingAt first: Int, progress: ProgressHandler) throws(ShardError) {
        let failure = Mutex<ShardError?>(nil)
        concurrentLoop(files.count, threads: network.settings.threads) { step in
            guard failure.withLock({ $0 == nil }) else { return }
            let index = (first + step) % files.count
            do throws(ShardError) {
                if !FileManager.default.fileExists(atPath: layout.judge(index, of: plan).string) {
                    try makeTokens(of: index, files[index])
                }
                guard progress(Progress(stage: .features, completed: 0, total: 1)) else { throw .scoring(.cancelled) }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Computes the tokens of one judge and publishes them.
    private func makeTokens(of index: Int, _ file: BatchFile) throws(ShardError) {
        let path = layout.judge(index, of: plan)
        guard plan.judges[index].origin != .linePast else {
            throw .unreadableJudge(file.name, reason: "\(path) is missing, which the plan came with")
        }
        let found: BatchTokens
        do throws(ScoringError) {
            found = try FeatureExtraction(network: network, cache: nil).tokens(of: [file])
        } catch {
            throw .scoring(error)
        }
        let image = found.images[0]
        guard found.readable == 1 else { throw .unreadableJudge(file.name, reason: image.error ?? "no image") }
        do {
            try TokenFile(path: path).write(
                try found.imageTokens(0), key: plan.key, channels: network.settings.backbone.width, as: .single,
                origin: TokenOrigin(size: image.size ?? 0, frame: image.frame, look: found.looks[0]))
        } catch {
            throw .system(path, reason: "\(error)")
        }
    }

    /// The tokens of one judge. A damaged file is made again.
    private func tokens(
        of index: Int, _ file: BatchFile
    ) throws(ShardError) -> (tokens: ImageTokens, image: ScoredImage, look: ImageLook?) {
        let stored = TokenFile(path: layout.judge(index, of: plan))
        func read() throws(TokenFileError) -> (tokens: ImageTokens, image: ScoredImage, look: ImageLook?) {
            let read = try stored.read(key: plan.key, patches: network.grid.count)
            var image = ScoredImage(name: file.name, path: file.path, size: read.origin.size)
            image.frame = read.origin.frame
            return (read.tokens, image, read.origin.look)
        }
        if let tokens = try? read() { return tokens }
        try makeTokens(of: index, file)
        do throws(TokenFileError) {
            return try read()
        } catch {
            throw .unreadableJudge(file.name, reason: "\(error)")
        }
    }

    // MARK: The threshold

    /// `calibration.json`.
    private struct StoredCalibration: Codable {
        var plan: String
        var calibration: ChosenJudges.Calibration
    }

    /// What images from outside say of the threshold: read where it is there, else computed and published.
    private func calibration(
        of seated: SeatedJudges, by own: BatchTokens, progress: ProgressHandler
    ) throws(ShardError) -> ChosenJudges.Calibration {
        if let known = storedCalibration() { return known }
        let calibration: ChosenJudges.Calibration
        do throws(ScoringError) {
            calibration = try route.calibration(of: seated, by: own) { _ in
                progress(Progress(stage: .features, completed: 0, total: 1))
            }
        } catch {
            throw .scoring(error)
        }
        let path = layout.calibration(of: plan)
        guard let data = try? JSONEncoder().encode(StoredCalibration(plan: plan.id, calibration: calibration)) else {
            throw .system(path, reason: "scores of the judges are not numbers")
        }
        try [UInt8](data).writeWhole(to: path)
        return calibration
    }

    /// What a worker published; nil where none has, or it is damaged.
    func storedCalibration() -> ChosenJudges.Calibration? {
        guard let data = FileManager.default.contents(atPath: layout.calibration(of: plan).string),
            let stored = try? JSONDecoder().decode(StoredCalibration.self, from: data), stored.plan == plan.id
        else { return nil }
        return stored.calibration
    }
}
