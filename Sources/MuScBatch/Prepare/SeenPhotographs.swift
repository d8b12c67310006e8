import MuScImages
import MuScScoring
import SystemPackage

/// What a look at a batch's photographs came to: the network at the size that follows from them, and the patches that
/// count.
struct SeenPhotographs: Sendable {
    var network: SizedNetwork
    /// nil where all patches count.
    var region: PatchRegion?
    var findings: [Finding] = []
}

extension SizedNetwork {
    /// Fixes the range of samples, the frame of the parts and the image size where they follow from the photographs, and
    /// finds the patches of a region.
    ///
    /// Of files of 8 bits no more than the beginning is read for the range. Where nothing else follows from them, headers
    /// are not looked at.
    ///
    /// - Parameters:
    ///   - files: The batch's images, of which the headers are read.
    ///   - region: Takes the place of the settings' region; nil for that.
    ///   - range: Takes the place of the settings' range of samples; nil for that.
    ///   - align: Takes the place of the settings' choice whether parts are turned and cropped; nil for that.
    ///   - frames: Where frames of such parts are kept, for a choice and settings.
    ///   - knownGood: Files of images that judge along, and share the range.
    /// - Throws: ``ScoringError/region(_:)`` where the region does not fit the photographs.
    func seen(
        _ files: [BatchFile], region: RegionOfInterest? = nil, range: SampleRange? = nil, align: PartAlignment? = nil,
        knownGood: [FilePath] = [], frames: (PartAlignment, ScoringSettings) -> FrameMemory? = { _, _ in nil }
    ) throws(ScoringError) -> SeenPhotographs {
        var seen = ranged(for: files, knownGood: knownGood, range: range ?? settings.sampleRange)
        let region = region ?? settings.region
        let align = align ?? settings.alignment
        seen.network = seen.network.aligning(align)
        guard settings.automaticSize != nil || region != nil || align != .none || settings.followsShape else { return seen }
        let survey = PhotographSurvey(files, appliesOrientation: settings.appliesOrientation, threads: settings.threads)
        guard let photograph = survey.mostFrequent else { return seen }
        let others = knownGood.map { BatchFile(path: $0, name: $0.lastComponent?.string ?? $0.string) }
        let parts = seen.network.parts(
            in: files + others, survey, align: align, memory: frames(align, seen.network.settings), hasRegion: region != nil)
        let shape = parts.frame?.size(in: photograph) ?? survey.middleShape
        if settings.automaticSize == nil, settings.followsShape, settings.imageSize.isSquare {
            // A size made of whole patches fits.
            if let resized = try? seen.network.resized(to: settings.imageSize(inShapeOf: shape)) { seen.network = resized }
        }
        if let automatic = settings.automaticSize {
            let photograph = parts.frame == nil ? photograph : shape
            let choice = automatic.choice(for: photograph, images: survey.readable + knownGood.count, network: seen.network)
            // A size made of whole patches fits.
            if let resized = try? seen.network.resized(to: choice.size) { seen.network = resized }
            seen.findings.append(
                .imageSize(
                    Finding.ImageSizeFollowed(
                        photographs: photograph, choice: choice, automatic: automatic, grid: seen.network.grid,
                        tiles: seen.network.tiles.count)))
        }
        seen.network = seen.network.aligned(parts.frame, looks: parts.looks)
        seen.findings += parts.findings(on: seen.network.grid)
        if let region {
            let patches: PatchRegion
            do { patches = try region.patches(on: seen.network.grid, photograph: photograph) } catch { throw .region(error) }
            if patches.count < patches.grid.count { seen.region = patches }
            seen.findings.append(.region(region, patches: patches.count, of: patches.grid.count))
        }
        return seen
    }

    /// This network with the one range of all samples of more than 8 bits.
    private func ranged(for files: [BatchFile], knownGood: [FilePath], range: SampleRange) -> SeenPhotographs {
        var sources = files.map { SampleSurvey.Source(path: $0.path, page: $0.page ?? 0, root: $0.root) }
        sources += knownGood.map { SampleSurvey.Source(path: $0) }
        let survey = SampleSurvey(
            sources, reads: range == .auto, limits: settings.imageLimits, threads: settings.threads)
        let range = range == .auto ? survey.range : range
        return SeenPhotographs(network: ranged(range), findings: Finding.all(of: survey, range: range))
    }
}
