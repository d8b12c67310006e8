import FoundationEssentials
import MuScBackbone
import MuScImages
import SystemPackage

extension ShardWork {
    /// The scores of a whole batch, and what its workers took.
    package struct Merged: Sendable {
        package var inspection: Inspection
        /// The sum of the workers' wall-clock seconds.
        package var workerSeconds: Double
    }

    /// Puts the shards' results together: RsCIN, threshold, flags and findings, as for a batch that was scored at once.
    ///
    /// - Throws: ``ShardError``: `missing` with all shards that are not done; `damaged` or `otherPlan` for the first
    ///   whose results cannot be used; `scoring(.tooFewImages)`.
    package func merged() throws(ShardError) -> Merged {
        var missing: [Int] = []
        for shard in plan.shards.indices
        where !FileManager.default.fileExists(atPath: layout.manifest(of: shard).string) { missing.append(shard) }
        guard missing.isEmpty else { throw .missing(missing, count: plan.shards.count) }

        var batch = ScoredBlock()
        var seconds = 0.0
        for shard in plan.shards.indices {
            let files = try files(of: shard)
            var blocks: [ScoredBlock] = []
            guard let manifest = try done(shard, files: files, { blocks.append($0) }) else {
                throw .missing([shard], count: plan.shards.count)
            }
            for block in blocks { batch.append(block) }
            seconds += manifest.seconds
        }
        let hasOutside = plan.judges.contains { $0.origin != nil }
        let judges = ChosenJudges(
            positions: plan.ownJudges.compactMap(\.position), own: emptyTokens([]), seated: outsideJudges(),
            calibration: hasOutside ? try calibration() : ChosenJudges.Calibration())
        do throws(ScoringError) {
            // What the plan found of the samples' depths it told when it was made; their range decides the scores.
            let range = network.settings.sampleRange
            let samples: [Finding] = (range.scaling ?? .fullRange) == .fullRange ? [] : [.sampleRange(range)]
            let sizes = PhotographSurvey(batch.images).findings(on: [])
            var inspection = try route.inspection(of: batch, by: judges, findings: sizes)
            inspection.findings = samples + parts(inspection) + plan.findings + inspection.findings
            return Merged(inspection: inspection, workerSeconds: seconds)
        } catch {
            throw .scoring(error)
        }
    }

    /// What is to be said of the plan's frame.
    private func parts(_ inspection: Inspection) -> [Finding] {
        guard let record = inspection.alignment else { return [] }
        return [
            .partsAligned(
                Finding.PartsAligned(
                    isTurned: record.isTurned, follows: record.follows, found: record.names { $0.fault == nil }.count,
                    of: record.images.count, frame: ImageSize(width: record.width, height: record.height), grid: network.grid))
        ]
    }

    /// What a worker published, or else made anew.
    private func calibration() throws(ShardError) -> ChosenJudges.Calibration {
        if let stored = storedCalibration() { return stored }
        return try judges(startingAt: 0) { _ in true }.calibration
    }

    /// The judges from outside by name alone: their tokens have done their work.
    private func outsideJudges() -> SeatedJudges {
        let groups = [OutsideJudges.Origin.knownGood, .linePast].map { origin in
            OutsideJudges(
                origin: origin, tokens: emptyTokens(plan.judges.filter { $0.origin == origin }.map(\.name)))
        }
        let survey = PartSurvey(
            groups.filter { $0.count > 0 }, batch: plan.images, settings: network.settings, usual: 0,
            batchJudges: plan.batchJudges)
        return SeatedJudges(survey: survey, partOfOwn: [])
    }

    private func emptyTokens(_ names: [String]) -> BatchTokens {
        var tokens = BatchTokens(images: [], layers: plan.key.featureLayers.map { _ in [] }, imageFeatures: [])
        for name in names {
            tokens.append(
                ImageTokens(layers: plan.key.featureLayers.map { _ in [] }, imageFeature: []),
                of: ScoredImage(name: name, path: ""), look: nil)
        }
        return tokens
    }

    /// Removes what killed workers left half-written; for when no worker is at work any more.
    package func removeLeftovers() { layout.removeLeftovers(of: plan) }
}
