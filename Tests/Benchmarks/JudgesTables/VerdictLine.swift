import FoundationEssentials
import MuScBackbone
import MuScBatch
import MuScImages
import MuScSupport
import SystemPackage

/// A line of solar cells: eight batches of 34 good and 6 defective mono cells, of which somebody judges six a batch, the
/// three most anomalous and three spot checks.
struct VerdictLine {
    static let batches = 8
    static let good = 34
    static let defective = 6
    /// Verdicts a batch: of the most anomalous, and spot checks.
    static let top = 3
    static let checks = 3
    static let memory = 48
    /// Lines that means are over, unless `--seeds` says otherwise.
    static let seeds = 5

    /// Who judges beside the batch.
    enum Arm: String, CaseIterable {
        case none = "no verdicts"
        case verdicts = "six verdicts a batch"
        case knownGood = "48 known good"
    }

    /// What one batch came to.
    struct Outcome {
        var recall, alarms, auroc: Double
        var spotChecks = 0
    }

    let cells: Photographs
    let inspector: Inspector

    /// One line, batch by batch.
    func outcomes(_ arm: Arm, seed: UInt64) throws -> [Outcome] {
        var generator = SeededGenerator(seed: seed)
        let good = (0..<cells.good.readable).shuffled(using: &generator)
        let bad = (0..<cells.defective.readable).shuffled(using: &generator)
        let reference = cells.good.selecting(Array(good.suffix(48)))
        // What the line remembers, and what was found good: places among the good cells, or beyond them the defective ones.
        var past: [Int] = []
        var (spotChecked, otherGood): ([Int], [Int]) = ([], [])
        var outcomes: [Outcome] = []
        for batch in 0..<Self.batches {
            let own = Array(good.dropFirst(batch * Self.good).prefix(Self.good))
            let defects = Array(bad.dropFirst(batch * Self.defective).prefix(Self.defective))
            let members = own + defects.map { $0 + cells.good.readable }
            var outside: [OutsideJudges] = []
            switch arm {
            case .none: break
            case .knownGood: outside.append(OutsideJudges(origin: .knownGood, tokens: reference))
            case .verdicts:
                let found = spotChecked + otherGood
                if !found.isEmpty {
                    outside.append(OutsideJudges(origin: .foundGood, tokens: cells.tokens(of: found), sample: spotChecked.count))
                }
            }
            if arm != .knownGood, !past.isEmpty {
                let unchecked = Self.memory - (spotChecked.count + otherGood.count)
                outside.append(OutsideJudges(origin: .linePast, tokens: cells.tokens(of: Array(past.prefix(max(unchecked, 0))))))
            }
            let scores = try inspector.inspect(cells.tokens(of: members), judgedBy: outside)
            outcomes.append(
                Outcome(
                    recall: share(Array(scores.images.dropFirst(own.count))) { $0.flagged },
                    alarms: share(Array(scores.images.prefix(own.count))) { $0.flagged }, auroc: imageAUROC(scores, good: own.count),
                    spotChecks: spotChecked.count))
            var remembered = Set(scores.memorable.compactMap(\.index).map { members[$0] })
            if arm == .verdicts {
                let drawn = SpotChecks(Self.checks, from: scores, of: FilePath("/line \(seed)/\(batch)"))
                let places = Dictionary(scores.images.map { ($0.name, $0.index) }, uniquingKeysWith: { first, _ in first })
                func indices(_ names: [String]) -> [Int] { names.compactMap { places[$0] ?? nil } }
                let (unflagged, flagged) = (indices(drawn.unflagged), indices(drawn.flagged))
                let ranked = scores.images.sorted { ($0.score ?? 0) > ($1.score ?? 0) }.compactMap(\.index)
                // Flagged images that were drawn are among the three, so that there are six in all.
                let most = (flagged + ranked.filter { !flagged.contains($0) && !unflagged.contains($0) }).prefix(Self.top)
                for index in unflagged + most {
                    remembered.remove(members[index])
                    // A verdict is the truth: the labels.
                    guard index < own.count else { continue }
                    if unflagged.contains(index) || flagged.contains(index) {
                        spotChecked.append(members[index])
                    } else {
                        otherGood.append(members[index])
                    }
                }
            }
            // The line remembers a uniform sample of all that it was offered.
            past = (past + remembered.sorted()).shuffled(using: &generator)
        }
        return outcomes
    }
}

extension Photographs {
    /// The tokens of cells: places among the good ones, and beyond these among the defective.
    func tokens(of members: [Int]) -> BatchTokens {
        let (first, second) = (members.filter { $0 < good.readable }, members.filter { $0 >= good.readable })
        return good.selecting(first).appending(defective.selecting(second.map { $0 - good.readable }))
    }
}

/// Recall, false alarms and AUROC by batch, with and without verdicts.
func verdictLine(_ cells: Photographs, _ inspector: Inspector, seeds: Int) throws {
    let line = VerdictLine(cells: cells, inspector: inspector)
    row(
        "\nA line of \(cells.name): \(VerdictLine.batches) batches of \(VerdictLine.good) good and \(VerdictLine.defective) defective, means over "
            + "\(seeds) lines\n")
    row(
        "| batch | spot checks so far | "
            + VerdictLine.Arm.allCases.map { "\($0.rawValue): recall | false alarms | AUROC" }.joined(separator: " | ") + " |")
    row("|---|---|" + String(repeating: "---|", count: 3 * VerdictLine.Arm.allCases.count))
    var all: [[[VerdictLine.Outcome]]] = []
    for arm in VerdictLine.Arm.allCases {
        all.append(try (1...seeds).map { try line.outcomes(arm, seed: UInt64($0)) })
        note("\(arm.rawValue): done")
    }
    func columns(_ batches: Range<Int>) -> String {
        all.map { lines in
            let these = lines.flatMap { $0[batches] }
            return "\(percent(mean(these.map(\.recall)))) | \(percent(mean(these.map(\.alarms)))) | \(text(mean(these.map(\.auroc))))"
        }.joined(separator: " | ")
    }
    for batch in 0..<VerdictLine.batches {
        let checks = mean(all[1].map { Double($0[batch].spotChecks) })
        row("| \(batch + 1) | \(text(checks, 1)) | \(columns(batch..<batch + 1)) |")
    }
    row("| last two | | \(columns(VerdictLine.batches - 2..<VerdictLine.batches)) |")
}

/// A label that is pasted on a quarter of the good cells of a line that never had one: how often it is flagged before and
/// after three of them were found good.
func benignMark(_ cells: Photographs, _ inspector: Inspector, seeds lines: Int, in folder: FilePath) throws {
    let (size, marked) = (40, 10)
    var flagged: [[Double]] = [[], [], []]
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    for seed in 1...lines {
        var generator = SeededGenerator(seed: UInt64(100 + seed))
        let chosen = (0..<cells.good.readable).shuffled(using: &generator)
        var found: [BatchTokens] = []
        // What the line remembers from before there were labels.
        let past = Array(chosen.suffix(VerdictLine.memory))
        for batch in flagged.indices {
            let own = Array(chosen.dropFirst(batch * size).prefix(size))
            let files = try own.prefix(marked).map { index -> BatchFile in
                let image = cells.good.images[index]
                let path = folder.appending("\(seed)-\(image.name)")
                try labelled(image.path).pngEncoded().withUnsafeBytes { try Data($0).write(to: URL(filePath: path.string)) }
                return BatchFile(path: path, name: path.lastComponent?.string ?? "")
            }
            let tokens = try inspector.tokens(of: files).appending(cells.good.selecting(Array(own.dropFirst(marked))))
            let good = found.reduce(nil) { (all: BatchTokens?, next) in all?.appending(next) ?? next }
            var judges = good.map { [OutsideJudges(origin: .foundGood, tokens: $0, sample: 0)] } ?? []
            judges.append(
                OutsideJudges(
                    origin: .linePast, tokens: cells.good.selecting(Array(past.prefix(VerdictLine.memory - (good?.readable ?? 0))))))
            let scores = try inspector.inspect(tokens, judgedBy: judges)
            flagged[batch].append(share(Array(scores.images.prefix(marked))) { $0.flagged })
            let flaggedMarks = scores.images.prefix(marked).filter(\.flagged).sorted { ($0.score ?? 0) > ($1.score ?? 0) }.compactMap(
                \.index)
            if !flaggedMarks.isEmpty { found.append(tokens.selecting(Array(flaggedMarks.prefix(3)))) }
        }
    }
    row("\nA label on \(marked) of \(size) good cells, of which up to three a batch are found good: flagged, means over \(lines) lines\n")
    row("| first batch | second | third |")
    row("|---|---|---|")
    row("| \(flagged.map { percent(mean($0)) }.joined(separator: " | ")) |")
}

/// The photograph with a bright label on it, a tenth of its width, where a person would stick one.
private func labelled(_ path: FilePath) throws -> RGBImage {
    var image = try RGBImage(contentsOf: path)
    let (width, height) = (image.width / 8, image.height / 12)
    let (left, top) = (image.width * 6 / 10, image.height * 7 / 10)
    for y in top..<top + height {
        for x in left..<left + width {
            let isEdge = y == top || x == left || y == top + height - 1 || x == left + width - 1 || (y - top) % 6 == 3 && x > left + 4
            for channel in 0..<3 { image.pixels[3 * (y * image.width + x) + channel] = isEdge ? 30 : 245 }
        }
    }
    return image
}
