import FoundationEssentials
import MuScBatch
import MuScSupport
import MuScVerdicts
import SystemPackage

/// The verdicts on one batch's images: what stands, and what somebody adds.
package struct BatchVerdicts: Sendable {
    /// The batch's folder.
    package let folder: FilePath
    private let origins: VerdictOrigins

    /// - Parameter results: The batch's results, which say why somebody looked at an image; nil where there are none.
    package init(of folder: FilePath, results: FilePath?) {
        self.folder = folder
        origins = VerdictOrigins(results: results)
    }

    /// What stands.
    ///
    /// - Throws: ``VerdictFileError``.
    package func standing() throws(VerdictFileError) -> StandingVerdicts { try StandingVerdicts(in: folder) }

    /// What became of verdicts that somebody added.
    package struct Added: Sendable {
        /// Those that were written, by the images' names.
        package var verdicts: [PartVerdict] = []
        /// Those that stood already.
        package var known = 0
        /// Those that fit no image of the batch, and were not written.
        package var unmatched: [StandingVerdicts.Unmatched] = []
        package var problems: [VerdictProblem] = []
        /// How many more good parts make the mark of a flagged one known, a sentence; nil where there is nothing to say.
        package var outlook: String?
    }

    /// Adds verdicts, all that fit an image or none.
    ///
    /// - Parameters:
    ///   - table: The verdicts; of several on one image the last counts.
    ///   - wantsAll: Whether nothing is added where one fits no image.
    ///   - decidesOrigin: Whether the results say how a verdict came about where the table says `hand`.
    /// - Throws: ``VerdictFileError``; then nothing was added.
    package func add(
        _ table: VerdictTable, decidesOrigin: Bool = false, wantsAll: Bool = false
    ) throws(VerdictFileError) -> Added {
        let files = StandingVerdicts.files(in: folder, namedBy: table.rows.map(\.verdict))
        let said = StandingVerdicts(table, files: files)
        let former = try standing()
        var added = Added(unmatched: said.unmatched, problems: said.problems)
        guard !wantsAll || said.unmatched.isEmpty else { return added }
        for (_, verdict) in said.verdicts.sorted(by: { $0.key < $1.key }) {
            var verdict = verdict
            if decidesOrigin, verdict.origin == .hand { verdict.origin = origins.origin(of: verdict.image) }
            if former.verdicts[verdict.image]?.asWritten == verdict.asWritten {
                added.known += 1
            } else {
                added.verdicts.append(verdict)
            }
        }
        try VerdictsFile(in: folder).append(added.verdicts)
        var good = Set(former.verdicts.filter { $0.value.answer == .good }.keys)
        for verdict in added.verdicts {
            if verdict.answer == .good { good.insert(verdict.image) } else { good.remove(verdict.image) }
        }
        added.outlook = origins.marks?.sentence(
            on: added.verdicts.filter { $0.answer == .good }.map(\.image), good: good, flagged: origins.flagged)
        return added
    }

    /// Adds single verdicts, where each is on an image of the batch; else none.
    package func add(_ verdicts: [PartVerdict]) throws(VerdictFileError) -> Added {
        try add(VerdictTable(verdicts), decidesOrigin: true, wantsAll: true)
    }

    /// Adds images that were sorted by hand into the folders `good`, `defect` and `unsure` below the batch's.
    ///
    /// An image that lies in the batch's folder too is known there by its content.
    ///
    /// - Throws: ``VerdictFileError``; then nothing was added.
    /// - Returns: nil where there is no such folder with images.
    package func addSorted(note: String, by: String, at: String) throws(VerdictFileError) -> Added? {
        let own = Dictionary(
            StandingVerdicts.files(in: folder).sorted { $0.key < $1.key }.compactMap { name, path in
                SHA256.digest(ofFile: path).map { ($0, name) }
            }, uniquingKeysWith: { first, _ in first })
        var verdicts: [PartVerdict] = []
        for answer in PartVerdict.Answer.allCases {
            for (name, path) in StandingVerdicts.files(in: folder.appending(answer.rawValue)).sorted(by: { $0.key < $1.key }) {
                guard let content = SHA256.digest(ofFile: path) else { continue }
                verdicts.append(
                    PartVerdict(
                        image: own[content] ?? "\(answer.rawValue)/\(name)", content: content, answer: answer, note: note, by: by, at: at))
            }
        }
        return verdicts.isEmpty ? nil : try add(verdicts)
    }
}

/// Why somebody looked at an image of a batch, as its results have it.
struct VerdictOrigins: Sendable {
    private var top: Set<String> = []
    private var spotChecks: Set<String> = []
    private var flaggedSpotChecks: Set<String> = []
    /// The flagged images, and the marks that they share.
    private(set) var flagged: Set<String> = []
    private(set) var marks: MarksToKnow?

    /// - Parameter results: nil, or results that cannot be read, know of no reason.
    init(results: FilePath?) {
        guard let results, let run = try? RunRecord(at: results), let result = try? BatchResult(resultsFolder: results.string) else {
            return
        }
        top = Set(result.flaggedImages.map(\.image) + result.lookImages)
        spotChecks = Set(run.spotChecks ?? [])
        flaggedSpotChecks = Set(run.flaggedSpotChecks ?? [])
        flagged = Set(result.flaggedImages.map(\.image))
        marks = MarksToKnow(run)
    }

    func origin(of image: String) -> PartVerdict.Origin {
        // One that was drawn stays drawn, however high it ranks.
        if spotChecks.contains(image) { return .spotCheck }
        if flaggedSpotChecks.contains(image) { return .flaggedSpotCheck }
        return top.contains(image) ? .top : .hand
    }
}
