import Foundation
import Glibc
import MuScBatch
import MuScScoring
import SystemPackage

/// What was run: the content of `run.json`.
package struct RunRecord: Sendable, Hashable, Codable {
    /// The highest version of the file's format that this program reads, and what it writes unless told otherwise.
    ///
    /// In format 2 keys are written with underscores, in format 1 as the properties here are called. Both are read.
    package static let currentFormat = 2

    /// The version of this file's format; readers refuse a higher one.
    package var format: Int
    /// The program's version.
    package var version: String
    /// The batch's folder as the user named it.
    package var batch: String
    /// The identity of the set of image files, as the watcher knows it; nil where the batch was scored by hand.
    package var fileSet: String?
    /// The same with the files' times of change; nil where it is not known.
    package var fileStamp: String?
    /// What the files held, as lines of sha256sum(1), which checks them in the batch's folder
    /// (`jq -r '.file_contents[]' _musc/run.json | sha256sum -c`): by it a watcher knows results of copied files again.
    package var fileContents: [String]?
    /// The ledger that tells of the results; nil where they were scored by hand.
    package var ledger: String?
    /// Whom who wrote the results tells of them: digests of receivers; nil for nobody.
    package var told: [String]?
    /// The page of all batches as seen from the results, a relative URL; nil where there is none.
    package var indexURL: String?
    /// When the run began, ISO 8601 with zone.
    package var started: String
    /// Wall-clock seconds from start to publishing.
    package var seconds: Double
    /// The settings in force, under their names in the configuration (`model.backbone`, `scoring.r_list` …), as text.
    package var settings: [String: String]
    /// SHA-256 of the weights' file, lower-case hexadecimal.
    package var weightsSHA256: String
    /// Images of the batch, unreadable ones included.
    package var images: Int
    package var flagged: Int
    package var unreadable: Int
    /// How the scores are spread, for the index of batches; nil in results of earlier versions.
    package var scoreSpread: BatchSummary.ScoreSpread?
    package var threshold: Threshold
    /// What the threshold is where the user sets none; nil in results of earlier versions.
    package var automaticThreshold: Threshold?
    /// Images that are worth a look, beside the flagged ones; nil in results of earlier versions.
    package var look: Int?
    /// The share of the images, 0 to 1, by which ``look`` was counted.
    package var lookShare: Double?
    package var rscin: RsCINDecision
    package var timings: [StageTiming]
    /// What a reader of the results should know, one sentence each.
    package var notes: [String]
    /// Who judged beside the batch's own images, or set the threshold; nil where nobody did.
    package var outsideJudgments: [OutsideJudgment]?
    /// Marks that several images share; nil where none was found.
    package var recurring: [RecurringMark]?
    /// How many other files of the batch's folder each rule left out, by the rule's name (`sidecar`, `watch.ignore` …);
    /// nil in results of earlier versions.
    package var ignored: [String: Int]?
    /// The connected regions of the maps that reach the pixel threshold; nil in results of earlier versions.
    package var regions: BatchRegions.Record?
    /// What the peaks of the images to look at first were compared with; nil where that was not looked for.
    package var evidence: [PeakEvidence]?
    /// How parts were turned and cropped; nil where photographs were compared as they were taken.
    package var alignment: AlignmentRecord?
    /// Images that were drawn at random and were not flagged, for somebody to check; nil in results of earlier versions.
    package var spotChecks: [String]?
    /// Flagged images that came up in the same draw; nil in results of earlier versions.
    package var flaggedSpotChecks: [String]?
    /// The images that have no score, and why.
    package var leftOut: [LeftOut]

    /// An image that could not be scored.
    package struct LeftOut: Sendable, Hashable, Codable {
        package var image: String
        package var reason: String

        package init(image: String, reason: String) {
            self.image = image
            self.reason = reason
        }
    }

    package init(
        version: String, batch: String, started: String, seconds: Double, settings: [String: String],
        weightsSHA256: String, images: Int, flagged: Int, unreadable: Int, threshold: Threshold, rscin: RsCINDecision,
        timings: [StageTiming], notes: [String], leftOut: [LeftOut] = []
    ) {
        format = Self.currentFormat
        self.version = version
        self.batch = batch
        self.started = started
        self.seconds = seconds
        self.settings = settings
        self.weightsSHA256 = weightsSHA256
        self.images = images
        self.flagged = flagged
        self.unreadable = unreadable
        self.threshold = threshold
        self.rscin = rscin
        self.timings = timings
        self.notes = notes
        self.leftOut = leftOut
    }

    /// The record of a run whose images, threshold, timings and notes are those of `scores`.
    package init(
        of scores: Inspection, version: String, batch: String, started: String, seconds: Double,
        settings: [String: String], weightsSHA256: String, fileSet: String? = nil
    ) {
        self.init(
            version: version, batch: batch, started: started, seconds: seconds, settings: settings,
            weightsSHA256: weightsSHA256, images: 0, flagged: 0, unreadable: 0, threshold: scores.threshold,
            rscin: scores.rscin, timings: scores.timings, notes: scores.findings.sentences)
        self.fileSet = fileSet
        outsideJudgments = scores.outsideJudgments.isEmpty ? nil : scores.outsideJudgments
        recurring = scores.recurring.isEmpty ? nil : scores.recurring
        evidence = scores.evidence.isEmpty ? nil : scores.evidence
        automaticThreshold = scores.automaticThreshold
        alignment = scores.alignment
        summarise(scores)
    }

    /// Takes over what `scores` say of the images: the counts, those left out, and the threshold.
    ///
    /// - Parameter ranking: What is worth a look; nil where that is not decided yet.
    mutating func summarise(_ scores: Inspection, _ ranking: Ranking? = nil) {
        if let ranking { (look, lookShare) = (ranking.look, ranking.lookShare) }
        images = scores.images.count
        flagged = scores.images.count { $0.flagged }
        scoreSpread = BatchSummary.ScoreSpread(of: scores.images.compactMap(\.score))
        leftOut = scores.images.filter { $0.index == nil }
            .map { LeftOut(image: $0.name, reason: $0.error ?? "no reason was recorded") }
        unreadable = leftOut.count
        threshold = scores.threshold
        rscin = scores.rscin
    }

    /// What decides the level of the scores beside the parts, as text: see ``BatchSummary/method``.
    package var method: String {
        let names = ["model.backbone", "model.image_size", "model.feature_layers", "scoring.preset", "scoring.window"]
        let judges = (outsideJudgments ?? []).map { "\($0.origin.rawValue) \($0.judged) \($0.besideBatch)" }
        return (names.map { settings[$0] ?? "" } + judges + [threshold.rule.rawValue])
            .joined(separator: "; ")
    }

    // MARK: JSON

    /// Infinity has no number in JSON and is written as the text "inf".
    private static let infinity = (positive: "inf", negative: "-inf", notANumber: "nan")

    /// The content of `run.json`: keys sorted, indented, ended by a newline.
    ///
    /// - Parameter format: 2, or 1 for the names that version 0.1 wrote.
    func json(format: Int = currentFormat) throws(ResultsError) -> [UInt8] {
        var record = self
        record.format = format
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.infinity.positive, negativeInfinity: Self.infinity.negative,
            nan: Self.infinity.notANumber)
        if format > 1 {
            encoder.keyEncodingStrategy = .custom { path in
                JSONNames.Key(stringValue: JSONNames.underscored(path.last?.stringValue ?? ""))
            }
        }
        do {
            return try [UInt8](encoder.encode(record)) + [UInt8(ascii: "\n")]
        } catch {
            throw ResultsError(kind: .system, path: "run.json", detail: "cannot be encoded: \(error)")
        }
    }

    /// Reads `run.json` of a results folder.
    ///
    /// - Throws: ``ResultsError`` of kind `unreadable` where the file is missing, damaged, or of a later format.
    package init(resultsFolder: String) throws(ResultsError) { try self.init(at: FilePath(resultsFolder)) }

    /// The same of a results folder whose path need not be UTF-8.
    package init(at resultsFolder: FilePath) throws(ResultsError) {
        let file = resultsFolder.appending("run.json")
        let path = file.string
        guard let data = Self.content(of: file) else {
            throw ResultsError(
                kind: .unreadable, path: path, detail: "cannot be read, so this folder holds no results",
                advice: "Score the batch first: musc run FOLDER.")
        }
        struct Header: Decodable { var format: Int }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: Self.infinity.positive, negativeInfinity: Self.infinity.negative,
            nan: Self.infinity.notANumber)
        do {
            let format = try decoder.decode(Header.self, from: data).format
            guard format <= Self.currentFormat else {
                throw ResultsError(
                    kind: .unreadable, path: path,
                    detail: "is of format \(format), and this program reads formats up to \(Self.currentFormat)",
                    advice: "Use the version that wrote it, or a later one.")
            }
            if format > 1 {
                // Regions name their keys so themselves.
                let kept = Set(MapRegion.CodingKeys.allCases.map(\.rawValue))
                decoder.keyDecodingStrategy = .custom { path in
                    let name = path.last?.stringValue ?? ""
                    return JSONNames.Key(stringValue: kept.contains(name) ? name : JSONNames.property(name))
                }
            }
            self = try decoder.decode(RunRecord.self, from: data)
        } catch let error as ResultsError {
            throw error
        } catch {
            throw ResultsError(
                kind: .unreadable, path: path, detail: "is damaged: \(error)", advice: "Score the batch again.")
        }
    }

    /// The file's content; nil where it is no file, or larger than any record.
    ///
    /// Whoever may write to the batch may have put a pipe, a link or a file without end there.
    private static func content(of path: FilePath) -> Data? {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else { return nil }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= mostBytes else { return nil }
        return try? file.read(upToCount: mostBytes) ?? Data()
    }

    private static let mostBytes = 64 << 20
}
