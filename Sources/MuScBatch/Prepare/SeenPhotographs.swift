import MuScImages
import MuScScoring

/// What a look at a batch's photographs came to: the network at the size that follows from them, and the patches that
/// count.
struct SeenPhotographs: Sendable {
    var network: SizedNetwork
    /// nil where all patches count.
    var region: PatchRegion?
    var findings: [Finding] = []
}

extension SizedNetwork {
    /// Fixes the image size where it follows from the photographs, and finds the patches of a region.
    ///
    /// Without an automatic size and a region no file is looked at.
    ///
    /// - Parameters:
    ///   - files: The batch's images, of which the headers are read.
    ///   - region: Takes the place of the settings' region; nil for that.
    ///   - outside: How many images from outside may judge along, for which there must be time and memory too.
    /// - Throws: ``ScoringError/region(_:)`` where the region does not fit the photographs.
    func seen(_ files: [BatchFile], region: RegionOfInterest?, outside: Int) throws(ScoringError) -> SeenPhotographs {
        var seen = SeenPhotographs(network: self)
        let region = region ?? settings.region
        guard settings.automaticSize != nil || region != nil else { return seen }
        let survey = PhotographSurvey(files, appliesOrientation: settings.appliesOrientation, threads: settings.threads)
        guard let photograph = survey.mostFrequent else { return seen }
        if let automatic = settings.automaticSize {
            let choice = automatic.choice(for: photograph, images: survey.readable + outside, network: self)
            // A size made of whole patches fits.
            if let resized = try? resized(to: choice.size) { seen.network = resized }
            seen.findings.append(
                .imageSize(
                    Finding.ImageSizeFollowed(
                        photographs: photograph, choice: choice, automatic: automatic, grid: seen.network.grid,
                        tiles: seen.network.tiles.count)))
        }
        if let region {
            let patches: PatchRegion
            do { patches = try region.patches(on: seen.network.grid, photograph: photograph) } catch { throw .region(error) }
            if patches.count < patches.grid.count { seen.region = patches }
            seen.findings.append(.region(region, patches: patches.count, of: patches.grid.count))
        }
        return seen
    }
}
