import FoundationEssentials
import MuScBackbone
import MuScImages
import MuScSupport
import MuScTensors
import Synchronization
import SystemPackage

/// What a plan is made of.
package struct ShardPlanRequest: Sendable {
    /// The batch's folder, absolute.
    package var folder: FilePath
    /// Its images, in the order of their names.
    package var files: [BatchFile]
    /// The folder for the plan and all that workers make; it must be reachable from every machine under this path.
    package var work: FilePath
    package var shards: Int
    /// How many of the batch's images judge; all where there are no more.
    package var judges: Int
    /// Files of known good images.
    package var knownGood: [FilePath] = []
    /// The tokens of the line's past, of the same network; nil where nothing is remembered.
    package var linePast: BatchTokens?
    /// SHA-256 of the weights' file.
    package var weightsSHA256: String
    /// The program's version, and what it wants to find again in its workers.
    package var version: String
    package var configuration: [String: String] = [:]
    /// Images of a shard whose results are published together.
    package var part = 256

    package init(
        folder: FilePath, files: [BatchFile], work: FilePath, shards: Int, judges: Int, weightsSHA256: String,
        version: String
    ) {
        self.folder = folder
        self.files = files
        self.work = work
        self.shards = shards
        self.judges = judges
        self.weightsSHA256 = weightsSHA256
        self.version = version
    }
}

extension ShardPlan {
    /// Makes a plan and writes it into its folder, the list first, then the plan.
    ///
    /// Every image's header is read; an image without one stays in the list, so that the results tell of it. Judges are
    /// decoded, so that each of them can judge. Planning the same batch again leaves a plan that is there as it is.
    ///
    /// - Parameters:
    ///   - network: With the settings and the network of the workers. Nothing is computed with it.
    ///   - progress: Told of the headers that were read.
    /// - Throws: ``ShardError``: `occupied`, `tooFewJudges`, `system`.
    package static func make(
        _ request: ShardPlanRequest, for network: SizedNetwork, progress: ProgressHandler = { _ in true }
    ) throws(ShardError) -> ShardPlan {
        precondition(request.shards > 0 && request.part > 0)
        let layout = ShardLayout(work: request.work)
        let files = request.files
        let decodable = try headers(of: files, network.settings, progress: progress)
        let names = files.map { file -> [UInt8] in
            var relative = file.path
            _ = relative.removePrefix(request.folder)
            return relative.bytes
        }
        let list = ImageList.Content(names)

        var judges: [Judge] = []
        let good = request.knownGood.map { BatchFile(path: $0, name: $0.lastComponent?.string ?? $0.string) }
        let looks = looks(of: good, network)
        let decodes = looks.map { $0 != nil }
        let outside = zip(good, decodes).filter(\.1).map { file, _ in
            Judge(name: file.name, origin: .knownGood, path: file.path.string)
        }
        let known = BatchTokens(
            images: outside.enumerated().map { ScoredImage(name: $1.name, path: FilePath($1.path ?? ""), index: $0) },
            layers: network.settings.featureLayers.map { _ in outside.map { _ in PatchTokens([]) } },
            imageFeatures: outside.map { _ in [] }, looks: looks.compactMap { $0 })
        let group = [OutsideJudges(origin: .knownGood, tokens: known)]
        var survey = PartSurvey(
            network.settings.looksForTwins ? group.withoutBlank.judges : group, batch: files.count, settings: network.settings)
        var usual = UsualDifferences(batch: 0, knownGood: survey.finder.usual.bitPattern)
        let alone = !survey.panel.batchJudges
        if !alone {
            let positions = judgePositions(request.judges, of: files, decodable: decodable, network, &survey)
            judges = positions.map { Judge(name: files[$0].name, position: $0, offset: list.offsets[$0]) }
        }
        usual.batch = survey.finder.usual.bitPattern
        let past = alone ? [] : (request.linePast?.images ?? []).filter { $0.index != nil }
        let others = outside + past.map { Judge(name: $0.name, origin: .linePast, path: $0.path.string) }
        guard judges.count >= 2 || !outside.isEmpty || past.count > files.count else {
            let reason = files.indices.first { !decodable[$0] }.map { "\(files[$0].name) cannot be decoded" } ?? ""
            throw .tooFewJudges(found: judges.count, reason: reason)
        }

        let deciding = network.decidingSettings
        var plan = ShardPlan(
            format: currentFormat, id: "", version: request.version, made: Date.now.ISO8601Format(),
            folder: request.folder.string, images: files.count, listSHA256: list.sha256,
            shards: list.slices(request.shards), judges: judges + others, part: request.part,
            key: TokenKey(network, weightsSHA256: request.weightsSHA256), settings: deciding,
            settingsSHA256: digest(deciding), configuration: request.configuration, alignment: network.alignment?.frame,
            usual: network.settings.looksForTwins ? usual : nil, undecodable: leftOut(decodable) { files[$0].name },
            undecodableKnownGood: leftOut(decodes) { request.knownGood[$0].string })
        plan.id = plan.digest
        if let existing = try layout.existingPlan() {
            guard existing.isSame(as: plan) else { throw .occupied(request.work) }
            plan = existing
        }
        try layout.makeFolders(for: plan)
        if let past = request.linePast, !alone {
            try layout.write(past, of: plan, channels: network.settings.backbone.width)
        }
        try list.bytes.writeWhole(to: layout.list.path)
        try [UInt8](plan.encoded).writeWhole(to: layout.plan)
        return plan
    }

    /// The files that are of no use, where there are any.
    private static func leftOut(_ decodable: [Bool], name: (Int) -> String) -> Finding.LeftOutFiles? {
        decodable.firstIndex(of: false).map {
            Finding.LeftOutFiles(count: decodable.count { !$0 }, of: decodable.count, example: name($0))
        }
    }

    /// Whether each file has a header that promises an image.
    private static func headers(
        of files: [BatchFile], _ settings: ScoringSettings, progress: ProgressHandler
    ) throws(ShardError) -> [Bool] {
        let options = DecodingOptions(applyingOrientation: settings.appliesOrientation, limits: settings.imageLimits)
        let done = Mutex(0)
        let isCancelled = Atomic<Bool>(false)
        let decodable = concurrentMap(files.count, threads: settings.threads) { index -> Bool in
            if isCancelled.load(ordering: .relaxed) { return false }
            let answer = (try? ImageHeader(contentsOf: files[index].path, options: options)) != nil
            let goesOn = done.withLock { done in
                done += 1
                return progress(Progress(stage: .features, completed: done, total: files.count))
            }
            if !goesOn { isCancelled.store(true, ordering: .relaxed) }
            return answer
        }
        if isCancelled.load(ordering: .relaxed) { throw .scoring(.cancelled) }
        return decodable
    }

    /// Of the seeded order the first that can be decoded in full and are no twin of one before, ascending.
    private static func judgePositions(
        _ wanted: Int, of files: [BatchFile], decodable: [Bool], _ network: SizedNetwork, _ survey: inout PartSurvey
    ) -> [Int] {
        let count = JudgeChoice.count(wanted)
        var rest = JudgeChoice.order(files.map(\.name)).filter { decodable[$0] }[...]
        var chosen: [Int] = []
        var waiting: [(position: Int, look: ImageLook)] = []
        // Before any is met, so many say what parts differ by.
        let sample = min(TwinSearch.sampleCount, count)
        var hasBegun = false
        while chosen.count < count, !rest.isEmpty || !waiting.isEmpty {
            let tried = Array(rest.prefix(count - chosen.count - waiting.count))
            rest = rest.dropFirst(tried.count)
            for (position, look) in zip(tried, looks(of: tried.map { files[$0] }, network)) {
                if let look { waiting.append((position, look)) }
            }
            if !hasBegun {
                guard waiting.count >= sample || rest.isEmpty else { continue }
                survey.begin(usual: PartSurvey.usual(waiting.map(\.look), network.settings))
                hasBegun = true
            }
            let keys = survey.keys(of: waiting.map { files[$0.position].name })
            let looks = waiting.map(\.look)
            for (place, (judge, key)) in zip(waiting, keys).enumerated() {
                survey.foresee(looks, from: place, areKept: true)
                if survey.meet(key: key, look: judge.look, isJudge: true).isFirst { chosen.append(judge.position) }
            }
            waiting = []
        }
        return chosen.sorted()
    }

    /// The look of each file; nil for what cannot be decoded in full.
    private static func looks(of files: [BatchFile], _ network: SizedNetwork) -> [ImageLook?] {
        concurrentMap(files.count, threads: network.settings.threads) { index in
            (try? network.photograph(files[index])).map { ImageLook($0.image) }
        }
    }
}
