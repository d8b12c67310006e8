import MuScImages
import MuScScoring
import MuScSupport

/// Makes scores, flags and findings of a batch's maps, which needs all its images together.
struct Verdict: Sendable {
    let settings: ScoringSettings
    let grid: PatchGrid
    /// Values of an image feature.
    let featureWidth: Int
    /// The patches that counted; nil for all.
    let region: PatchRegion?
    /// The frame in which parts were compared; nil where photographs were compared as they were taken.
    let alignment: BatchAlignment?

    init(network: SizedNetwork, region: PatchRegion?) {
        (settings, grid, featureWidth) = (network.settings, network.grid, network.model.featureWidth)
        self.region = region
        alignment = network.alignment
    }

    /// Makes the batch's scores of its maps: RsCIN, threshold, flags and findings, which need all images together.
    ///
    /// - Parameters:
    ///   - images: All images of the batch; the readable ones' indices count up from 0 in order.
    ///   - features: `[readable, featureWidth]` row-major.
    ///   - findings: What is known already.
    func inspection(
        of compared: ComparedBatch, images: [ScoredImage], features: [Float], clock: StageClock, findings: [Finding]
    ) -> Inspection {
        var (clock, images) = (clock, images)
        let peaks = peaks(of: compared.maps)
        let readable = peaks.count
        let scoresMSM = peaks.map(\.score)
        let (scores, decision) =
            compared.calibration.isEmpty || settings.rscin == .always
            ? rescored(scoresMSM, features: features, neighbours: compared.parts.neighbours) : (scoresMSM, .leftToMSM)
        let calibration = decision.applied ? [] : compared.calibration
        let (automatic, reservation) = threshold(
            for: compared.parts.scoresOfParts(scores), calibration: calibration, of: compared.panel,
            standingOut: compared.judgments.reduce(0) { $0 + $1.standingOut.count })
        let threshold = settings.threshold.map(Threshold.fixed) ?? automatic
        let pValues = ConformalThreshold.pValues(of: scores, calibration: calibration)
        for position in images.indices {
            guard let index = images[position].index, let size = images[position].size else { continue }
            images[position].score = scores[index]
            images[position].scoreMSM = scoresMSM[index]
            images[position].pValue = calibration.isEmpty ? nil : pValues[index]
            images[position].flagged = scores[index] >= threshold.value
            images[position].peak = peak(peaks[index], in: images[position].frame, size: size)
        }
        name(compared.parts, in: &images)
        clock.finish("scores")
        var doubts = settings.threshold == nil ? [reservation].compactMap { $0 } : []
        if readable < Self.fewImages, compared.panel.judging.isEmpty { doubts.append(.fewImages(readable)) }
        let flagged = images.count { $0.flagged }
        if compared.panel.calibration?.isChecked == true, readable >= Self.fewImages, 2 * flagged > readable {
            doubts.append(.mostFlagged(flagged, of: readable))
        }
        let marks = marks(compared.recurring, in: images)
        var inspection = Inspection(
            grid: grid, region: region, images: images, patchMaps: compared.maps, imageFeatures: features,
            featureWidth: featureWidth, threshold: threshold, automaticThreshold: automatic, rscin: decision,
            timings: clock.timings,
            findings: [settings.findingOnPreset].compactMap { $0 } + findings + doubts + marks.map { .recurringMark($0) },
            outsideJudgments: compared.judgments, recurring: marks, sampleRange: settings.sampleRange)
        if let alignment { PhotographMaps(frame: alignment.frame).replaceMaps(of: &inspection) }
        return inspection
    }

    /// The pixel of the original on which a map peaks.
    func peak(_ peak: (score: Float, x: Int, y: Int), in frame: PartFrame?, size: ImageSize) -> PixelPosition {
        if let frame {
            let pixel = frame.pixel(x: peak.x, y: peak.y, of: settings.imageSize, photograph: size)
            return PixelPosition(x: pixel.x, y: pixel.y)
        }
        return PixelPosition(
            x: scaled(peak.x, from: settings.imageSize.width, to: size.width),
            y: scaled(peak.y, from: settings.imageSize.height, to: size.height))
    }

    /// Names the parts that several images show: by the images' names, else by the first image.
    private func name(_ parts: BatchParts, in images: inout [ScoredImage]) {
        let readable = images.indices.filter { images[$0].index != nil }
        let keys = settings.samePart?.parts(of: readable.map { images[$0].name }) ?? readable.map { _ in nil }
        let groups = Dictionary(grouping: readable.indices) { parts.numbers[$0] }
        for group in groups.values {
            let name = group.lazy.compactMap { keys[$0] }.first ?? (group.count > 1 ? images[readable[group[0]]].name : nil)
            for index in group { images[readable[index]].part = name }
        }
    }

    /// With fewer images one odd one weighs much, and half of them are no sign of a mistake.
    private static let fewImages = 8

    /// The highest score of each map at the network's size, and where it lies.
    func peaks(of maps: [Float]) -> [(score: Float, x: Int, y: Int)] {
        concurrentMap(maps.count / grid.count, threads: settings.threads) { index in
            PatchMap.peak(
                maps[index * grid.count..<(index + 1) * grid.count], grid: grid,
                width: settings.imageSize.width, height: settings.imageSize.height)
        }
    }

    /// The pixel of the original on which a pixel of the resized image lies.
    private func scaled(_ position: Int, from size: Int, to original: Int) -> Int {
        min(Int((Double(position) + 0.5) * Double(original) / Double(size)), original - 1)
    }

    /// The groups with names and pixels of the originals.
    func marks(_ groups: [RecurringDefects.Group], in images: [ScoredImage]) -> [RecurringMark] {
        let readable = images.filter { $0.index != nil }
        return groups.map { group in
            RecurringMark(
                parts: group.members.map { member in
                    let image = readable[member.image]
                    let middle = image.middle(ofPatch: member.patch, on: grid, size: image.size ?? 1)
                    return RecurringMark.Part(image: member.image, name: image.name, x: middle.x, y: middle.y)
                }, foundGood: group.foundGood > 0 ? group.foundGood : nil)
        }
    }
}
