import MuScBatch
import MuScResults
import MuScVerdicts
import SystemPackage

/// The scores of a line held against what people found of its parts: as they are, and as other settings would have them.
package struct LineEvaluation: Sendable {
    /// The line's folder.
    package let line: FilePath
    /// The parts that are compared.
    package private(set) var parts: [CheckedPart] = []
    /// The batches that these are of, by name.
    package private(set) var batches: [CheckedBatch] = []
    /// Parts with a verdict that are not compared.
    package private(set) var leftOut: [LeftOutPart] = []
    /// How many parts of the line people looked at and could not tell.
    package let unsure: Int
    /// The first holds the scores as they are.
    package private(set) var rows: [Row] = []
    /// Photographs without a verdict that are gone from the batches that were scored anew: they judge no more.
    package private(set) var goneJudges = 0

    /// One way to score the parts.
    package struct Row: Sendable {
        package enum Kind: String, Sendable, Codable {
            /// The results as they are.
            case asScored = "as scored"
            /// The settings of the configuration, computed anew: what the next row is to be held against.
            case configured
            /// The same with what the command line gives.
            case given
        }

        package var kind: Kind
        /// The flags that were given, as they were written.
        package var flags: [String] = []
        /// Of each batch, by its folder, what decided the scores, under the names of the configuration.
        package var settings: [String: [String: String]] = [:]
        /// Of each batch the rule of its threshold.
        package var rules: [String: String] = [:]
        fileprivate var scores: [CheckedPart: (score: Float, flagged: Bool)] = [:]

        package init(kind: Kind, flags: [String] = []) { (self.kind, self.flags) = (kind, flags) }

        /// A part's score and flag.
        package func outcome(of part: CheckedPart) -> (score: Float, flagged: Bool)? { scores[part] }
    }

    /// - Parameters:
    ///   - line: The line's folder.
    ///   - verdicts: Of its parts.
    ///   - results: The results' folders of a batch, whether or not they are there.
    package init(of line: FilePath, _ verdicts: LineVerdicts, results: (FilePath) -> [FilePath]) {
        self.line = line
        unsure = verdicts.parts.count { $0.verdict.answer == .unsure }
        let told = verdicts.parts.filter { $0.verdict.answer != .unsure }
        var row = Row(kind: .asScored)
        for (name, own) in Dictionary(grouping: told, by: \.batch).sorted(by: { $0.key < $1.key }) {
            let folder = FilePath(name)
            // A folder whose new images are batches of their own has several.
            let stored = results(folder).compactMap { try? StoredResults(at: $0) }
            let images = stored.flatMap { $0.scores.images }
            let known = Dictionary(images.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let before = parts.count
            for part in own.sorted(by: { $0.verdict.image < $1.verdict.image }) {
                guard let image = known[part.verdict.image] else {
                    leftOut.append(LeftOutPart(label: part.label, reason: .noResults))
                    continue
                }
                guard let score = image.score, score.isFinite else {
                    leftOut.append(LeftOutPart(label: part.label, reason: .unreadable))
                    continue
                }
                parts.append(
                    CheckedPart(
                        batch: name, image: image.name, isDefective: part.verdict.answer == .defect, origin: part.verdict.origin,
                        content: part.verdict.content, photograph: image.path, isFlagged: image.flagged, score: score))
            }
            guard parts.count > before, let first = stored.first else { continue }
            batches.append(CheckedBatch(folder, stored))
            row.settings[name] = Self.deciding(first.run.settings)
            row.rules[name] = first.run.threshold.rule.rawValue
        }
        row.scores = Dictionary(parts.map { ($0, ($0.score, $0.isFlagged)) }, uniquingKeysWith: { $1 })
        rows = [row]
    }

    /// The settings among those that were recorded that decide scores and flags, and are told.
    static func deciding(_ settings: [String: String]) -> [String: String] {
        let names = Set(ScoringSettings.keys.filter(\.decides).map(\.name) + ["model.backbone", "judges.known_good", "judges.line_memory"])
        return settings.filter { names.contains($0.key) }
    }

    // MARK: Figures

    package var good: Int { parts.count { !$0.isDefective } }
    package var defective: Int { parts.count { $0.isDefective } }

    /// Why there are no figures, and what is needed; nil where there are some.
    package var tooFew: String? {
        guard good == 0 || defective == 0 else { return nil }
        let lacking = good + defective == 0 ? "good and one that was found defective" : good == 0 ? "good" : "defective"
        return "no figures: it takes at least one part that was found \(lacking), with a score, and there are \(good) good and "
            + "\(defective) defective ones: check more parts in the reports, or with musc verdict"
    }

    /// Which parts stand for which.
    package var sample: LineSample { LineSample(parts, batches: batches) }

    /// The figures of a row, over the parts that all rows have; nil where there are too few parts.
    package func figures(of row: Row) -> LineFigures? {
        guard tooFew == nil else { return nil }
        let outcomes = parts.compactMap { row.outcome(of: $0) }
        guard outcomes.count == parts.count else { return nil }
        return try? sample.figures(scores: outcomes.map(\.score), flagged: outcomes.map(\.flagged), isAsScored: row.kind == .asScored)
    }

    // MARK: Scoring anew

    /// Leaves out the parts whose photographs are gone, so that all rows are over the same ones. To be called once, before the
    /// first batch is scored anew.
    package mutating func keepPhotographs() {
        let checked = Dictionary(grouping: parts, by: \.batch).mapValues { Set($0.map(\.image)) }
        leaveOut(.gone) { !$0.isThere }
        goneJudges = batches.reduce(0) { sum, batch in
            sum + batch.images.count { !$0.isThere && checked[batch.folder.string]?.contains($0.name) != true }
        }
    }

    /// The images of a batch that are still there, all of which judge each other.
    package func files(of batch: CheckedBatch) -> [BatchFile] { batch.images.filter(\.isThere) }

    /// Takes down what a batch came to when it was scored anew.
    package mutating func take(_ inspection: Inspection, of batch: CheckedBatch, into row: inout Row) {
        let name = batch.folder.string
        let known = Dictionary(inspection.images.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        row.settings[name] = Self.deciding(inspection.conditions.settings)
        row.rules[name] = inspection.threshold.rule.rawValue
        for part in parts where part.batch == name {
            guard let image = known[part.image], let score = image.score, score.isFinite else { continue }
            row.scores[part] = (score, image.flagged)
        }
        leaveOut(.unreadable) { $0.batch == name && row.scores[$0] == nil }
    }

    /// Leaves out a batch that cannot be scored anew.
    package mutating func leaveOut(_ batch: CheckedBatch, because reason: String) {
        leaveOut(.notScored(reason)) { $0.batch == batch.folder.string }
    }

    package mutating func add(_ row: Row) { rows.append(row) }

    private mutating func leaveOut(_ reason: LeftOutPart.Reason, where isOut: (CheckedPart) -> Bool) {
        let out = parts.filter(isOut)
        guard !out.isEmpty else { return }
        leftOut += out.map { LeftOutPart(label: $0.label, reason: reason) }
        let gone = Set(out)
        parts.removeAll { gone.contains($0) }
        let left = Set(parts.map(\.batch))
        batches.removeAll { !left.contains($0.folder.string) }
    }
}

extension CheckedBatch {
    /// - Parameter stored: The results of its images, which may have been batches one after the other.
    fileprivate init(_ folder: FilePath, _ stored: [StoredResults]) {
        let images = stored.flatMap { $0.scores.images }
        let scored = images.filter { $0.score != nil }
        self.init(
            folder: folder,
            images: images.map { image in
                var file = BatchFile(path: image.path, name: image.name)
                file.page = image.page
                return file
            },
            unread: Set(images.filter { $0.score == nil }.map(\.name)),
            flagged: scored.count(where: \.flagged), others: scored.count { !$0.flagged },
            judges: Set(stored.flatMap { ($0.run.outsideJudgments ?? []).filter(\.judged).map(\.origin.rawValue) }).sorted())
    }
}
