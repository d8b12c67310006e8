import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import MuScSupport

/// What one backbone takes at one image size, on made-up images.
///
/// Neither time nor memory depends on what the images show. The network is timed on a few images; mutual scoring on one
/// of the feature layers of the whole batch, because every layer is the same work.
struct NetworkBench: Sendable {
    let network: SizedNetwork
    /// Images of the batch.
    let images: Int
    /// Images that go through the network.
    let networkImages: Int

    struct Result: Sendable {
        /// Seconds an image on all threads.
        var features, scoring: Double
        /// Operations a second.
        var featuresRate, scoringRate: Double
        /// Of the products of patch pairs, those that are computed.
        var computedShare: Double
        /// Bytes of the process at most.
        var peakMemory: Int
        /// Seconds an image altogether.
        var total: Double { features + scoring }
    }

    private var settings: ScoringSettings { network.settings }

    /// Runs the network, then mutual scoring.
    func run() -> Result {
        ProcessMemory.restartPeak()
        let size = settings.imageSize
        let image = RGBImage(
            width: size.width, height: size.height, pixels: (0..<3 * size.width * size.height).map { UInt8($0 % 251) })
        _ = network.model.tokens(of: image, plan: network.tiles)
        let start = ContinuousClock.now
        let tokens = concurrentMap(networkImages, threads: settings.threads) { _ in network.model.tokens(of: image, plan: network.tiles) }
        let features = seconds(since: start) / Double(networkImages)
        let scoring = scoringSeconds(like: tokens.first?.layers.first ?? [])
        let judges = network.estimate.chosenJudges(of: images).count
        return Result(
            features: features, scoring: scoring / Double(images), featuresRate: network.estimate.featureOperations / features,
            scoringRate: network.estimate.scoringOperations(images: images, judges: judges) / scoring,
            computedShare: network.estimate.computedShare,
            peakMemory: ProcessMemory.peak)
    }

    /// Seconds of mutual scoring of the batch: of one layer, times the layers.
    private func scoringSeconds(like tokens: [Float]) -> Double {
        // Every image another rotation of the same values: no two patches of two images are equal.
        let layer = concurrentMap(images, threads: settings.threads) { image in
            let turn = tokens.isEmpty ? 0 : (image * 7919 + 1) % tokens.count
            return Array(tokens[turn...] + tokens[..<turn])
        }
        let start = ContinuousClock.now
        let standardised = LNAMD.standardise(
            layer, grid: network.grid, channels: settings.backbone.width, threads: settings.threads)
        _ = MutualScoring(
            interval: settings.interval, minimumJudges: settings.minimumJudges,
            window: settings.window.patches(on: network.grid), precision: settings.precision, threads: settings.threads
        ).patchScores(
            of: standardised, degrees: settings.degrees, judged: Array(0..<images),
            judges: network.estimate.chosenJudges(of: images))
        return seconds(since: start) * Double(settings.featureLayers.count)
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double { (ContinuousClock.now - start) / .seconds(1) }
}
