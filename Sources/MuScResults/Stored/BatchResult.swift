import Foundation
import MuScBatch
import MuScScoring
import MuScSupport

/// What a batch came to, for other programs: what `musc run --json` prints, hooks get on their standard input, and
/// webhooks receive. `batch-result.schema.json` describes it.
///
/// Within one ``currentSchema`` keys may be added; none is taken away, renamed or given another meaning.
package struct BatchResult: Sendable, Hashable, Codable {
    /// The version of the object's schema.
    package static let currentSchema = 1

    package var schema: Int
    /// Always `batch`; tells the object from a ``FlaggedImageResult``.
    package var event: String
    /// The same whenever the same result is told of again, and no other result's.
    package var id: String
    /// The program's version.
    package var version: String
    /// The batch's folder, absolute; bytes that are not UTF-8 are replaced.
    package var folder: String
    /// The results' folder, absolute.
    package var results: String
    /// The page to open, absolute.
    package var report: String
    /// When scoring began, ISO 8601 with zone.
    package var started: String
    /// Wall-clock seconds from start to publishing.
    package var seconds: Double
    /// Images of the batch, unreadable ones included.
    package var images: Int
    package var flagged: Int
    package var unreadable: Int
    /// How many other files of the folder each rule left out, by the rule's name; empty for none.
    package var ignored: [String: Int]
    /// What the flags come to: `flagged`, `none_flagged`, or `no_verdict` where nothing could be flagged.
    package var outcome: String
    /// Why there is no verdict; nil where there is one.
    package var noVerdict: NoThreshold?
    /// Images that are worth a look beside the flagged ones: the next highest scores, a reading order.
    package var look: Int
    /// Images whose score is at or above this are flagged; nil where none can be.
    package var threshold: Float?
    /// How the threshold came about: `fixed`, `batch`, `log-normal` or `conformal`.
    package var thresholdRule: String
    /// The flagged images, the most anomalous first.
    package var flaggedImages: [FlaggedImage]
    /// The names of the images that are worth a look, the most anomalous first.
    package var lookImages: [String]
    package var unreadableImages: [UnreadableImage]
    /// What a reader should know, one sentence each.
    package var notes: [String]

    enum CodingKeys: String, CodingKey {
        case schema, event, id, version, folder, results, report, started, seconds, images, flagged, unreadable, ignored
        case outcome
        case noVerdict = "no_verdict"
        case look, threshold
        case thresholdRule = "threshold_rule"
        case flaggedImages = "flagged_images"
        case lookImages = "look_images"
        case unreadableImages = "unreadable_images"
        case notes
    }

    /// An image whose score reaches the threshold.
    package struct FlaggedImage: Sendable, Hashable, Codable {
        /// The file's name relative to the batch's folder.
        package var image: String
        /// The file, absolute.
        package var path: String
        /// 1 for the most anomalous image of the batch.
        package var rank: Int
        /// The score that decides rank and flag, a distance, 0 to 2.
        package var score: Float
        /// The maximum of the anomaly map.
        package var scoreMSM: Float
        /// The conformal p-value; nil where nothing from outside the batch calibrates it.
        package var pValue: Float?
        /// The part that the image shows, where it is named or several images show it.
        package var part: String?
        /// Where the anomaly map peaks, in pixels of the upright original.
        package var peakX: Int?
        package var peakY: Int?
        /// The connected regions of the map that reach the pixel threshold, the highest first; at most 20.
        package var regions: [MapRegion]
        /// How many there are.
        package var regionCount: Int

        enum CodingKeys: String, CodingKey {
            case image, path, rank, score, part, regions
            case regionCount = "region_count"
            case scoreMSM = "score_msm"
            case pValue = "p_value"
            case peakX = "peak_x"
            case peakY = "peak_y"
        }
    }

    /// An image that could not be scored.
    package struct UnreadableImage: Sendable, Hashable, Codable {
        package var image: String
        package var reason: String
    }

    /// - Parameters:
    ///   - scores: Of the batch.
    ///   - run: The record that is stored with the results.
    ///   - folder: The batch's folder.
    ///   - results: The results' folder.
    ///   - look: The share of the images that is worth a look.
    ///   - leastRegion: Regions of fewer pixels are left out, where the record does not say so itself.
    package init(
        scores: Inspection, run: RunRecord, folder: String, results: String, look: Double, leastRegion: Int = 0
    ) {
        let folder = absolutePath(folder)
        let results = absolutePath(results)
        schema = Self.currentSchema
        event = "batch"
        version = run.version
        self.folder = folder
        self.results = results
        report = "\(results)/report.html"
        started = run.started
        seconds = (run.seconds * 1000).rounded() / 1000
        images = scores.images.count
        ignored = run.ignored ?? [:]
        threshold = scores.threshold.value.isFinite ? scores.threshold.value : nil
        thresholdRule = scores.threshold.rule.rawValue
        let ranking = Ranking(scores, look: look)
        outcome = ranking.outcome.name
        noVerdict = ranking.outcome.absence
        self.look = ranking.look
        lookImages = ranking.scored.indices.filter { ranking.level($0) == .look }.map { ranking.scored[$0].name }
        let found = BatchRegions(of: scores, leastArea: run.regions?.leastArea ?? leastRegion)
        flaggedImages = ranking.scored.enumerated().filter { $1.flagged }.map { rank, image in
            let regions = found.regions(of: image)
            return FlaggedImage(
                image: image.name, path: absolutePath(image.path.string), rank: rank + 1, score: image.score ?? 0,
                scoreMSM: image.scoreMSM ?? 0, pValue: image.pValue, part: image.part, peakX: image.peak?.x, peakY: image.peak?.y,
                regions: Array(regions.prefix(BatchRegions.mostOfImage)), regionCount: regions.count)
        }
        unreadableImages = scores.images.filter { $0.index == nil }
            .map { UnreadableImage(image: $0.name, reason: $0.error ?? "no reason was recorded") }
        flagged = flaggedImages.count
        unreadable = unreadableImages.count
        notes = run.notes
        // Not where the results lie: when a batch is moved they are told of no second time.
        let identity = [run.batch, run.started, "\(run.seconds)", run.fileSet ?? "", run.weightsSHA256]
        id = SHA256.hash(data: Data(identity.joined(separator: "\0").utf8)).prefix(16).hexadecimal
    }

    /// Reads the result of a batch whose results were published.
    ///
    /// - Throws: ``ResultsError`` where there are no results, or they are damaged or another user's.
    package init(resultsFolder: String) throws(ResultsError) {
        let run = try RunRecord(resultsFolder: resultsFolder)
        let (scores, folder) = try ScoresArchive.read(resultsFolder: resultsFolder, run: run, ownedByUser: true)
        self.init(
            scores: scores, run: run, folder: folder, results: resultsFolder, look: run.lookShare ?? OutputOptions().look)
    }

    /// The object on one line.
    package var json: String { oneLine(self) }

    /// The flagged images as objects of their own.
    package var flaggedResults: [FlaggedImageResult] {
        flaggedImages.map {
            FlaggedImageResult(
                schema: schema, event: "flagged", id: "\(id)-\($0.rank)", batch: id, folder: folder, report: report,
                images: images, threshold: threshold, image: $0)
        }
    }
}

/// A flagged image, for other programs: what the hook for flagged images gets.
package struct FlaggedImageResult: Sendable, Hashable, Codable {
    package var schema: Int
    /// Always `flagged`.
    package var event: String
    package var id: String
    /// The batch's ``BatchResult/id``.
    package var batch: String
    /// The batch's folder, absolute.
    package var folder: String
    /// The page to open, absolute.
    package var report: String
    /// Images of the batch.
    package var images: Int
    package var threshold: Float?
    package var image: BatchResult.FlaggedImage

    /// The object on one line.
    package var json: String { oneLine(self) }
}

/// All numbers in these objects are finite, so that encoding cannot fail.
func oneLine(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
}
