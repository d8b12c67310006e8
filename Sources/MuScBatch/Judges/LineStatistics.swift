import FoundationEssentials
import MuScScoring
import MuScSupport
import MuScVerdicts
import SystemPackage

/// What the verdicts on a line's parts come to.
package struct LineStatistics: Sendable, Hashable, Codable {
    /// Parts of batches that were scored; nil where nothing is known of them.
    package var scored: Int?
    /// Parts with a verdict of good or defect, and those with each.
    package var checked, good, defective: Int
    /// Those among the checked that were drawn at random and were not flagged.
    package var spotChecks: Int
    /// Of the parts that were looked at because they score high, how many were good.
    package var falseAlarms: ShareInterval?
    /// Of the spot checks, how many were defective: what slips through among all that was not flagged.
    package var slippedThrough: ShareInterval?
    /// The batches with scored or checked parts, the earliest first.
    package var batches: [Batch]

    /// What was found of one batch.
    package struct Batch: Sendable, Hashable, Codable {
        /// Its folder.
        package var batch: String
        package var scored: Int?
        package var checked, good, defective, spotChecks: Int
        /// What slips through, by the spot checks of this batch and all before it.
        package var slippedThrough: ShareInterval?

        enum CodingKeys: String, CodingKey {
            case batch, scored, checked, good, defective
            case spotChecks = "spot_checks"
            case slippedThrough = "slipped_through"
        }
    }

    enum CodingKeys: String, CodingKey {
        case scored, checked, good, defective, batches
        case spotChecks = "spot_checks"
        case falseAlarms = "false_alarms"
        case slippedThrough = "slipped_through"
    }

    /// - Parameters:
    ///   - parts: Of one line, the standing verdict on each, in the order in which they were given.
    ///   - scored: The line's batches with the number of their parts, the earliest first; none where they are not known.
    package init(_ parts: [LineVerdicts.Part], scored: [(batch: FilePath, parts: Int)] = []) {
        let told = parts.filter { $0.verdict.answer != .unsure }
        let counts = VerdictCounts(told.map(\.verdict))
        (checked, good, defective, spotChecks) = (counts.checked, counts.good, counts.defective, counts.spotChecks)
        self.scored = scored.isEmpty ? nil : scored.reduce(0) { $0 + $1.parts }
        func share(_ answer: PartVerdict.Answer, of origins: PartVerdict.Origin...) -> ShareInterval? {
            let those = told.filter { origins.contains($0.verdict.origin) }
            return those.isEmpty ? nil : ShareInterval(those.count { $0.verdict.answer == answer }, of: those.count)
        }
        falseAlarms = share(.good, of: .top, .flaggedSpotCheck)
        slippedThrough = share(.defect, of: .spotCheck)
        batches = []
        let ofBatch = Dictionary(grouping: told, by: \.batch)
        let known = Dictionary(scored.map { ($0.batch.string, $0.parts) }, uniquingKeysWith: +)
        // Batches of which nothing else is known came before all that are there.
        var order = told.map(\.batch).filter { known[$0] == nil } + scored.map(\.batch.string)
        var seen: Set<String> = []
        order.removeAll { !seen.insert($0).inserted }
        var (checks, slipped) = (0, 0)
        for batch in order {
            let own = (ofBatch[batch] ?? []).map(\.verdict)
            let counts = VerdictCounts(own)
            checks += counts.spotChecks
            slipped += own.count { $0.origin == .spotCheck && $0.answer == .defect }
            batches.append(
                Batch(
                    batch: batch, scored: known[batch], checked: counts.checked, good: counts.good, defective: counts.defective,
                    spotChecks: counts.spotChecks, slippedThrough: checks > 0 ? ShareInterval(slipped, of: checks) : nil))
        }
    }

    /// For people, a sentence each.
    package var sentences: [String] {
        guard checked > 0 else { return [] }
        let ofAll = scored.map { " of \($0) that were scored" } ?? ""
        var sentences = ["\(checked) parts\(ofAll) were checked: \(good) good, \(defective) defective."]
        if let slippedThrough {
            let verb = slippedThrough.found == 1 ? "was" : "were"
            sentences.append(
                "Of \(slippedThrough.count) spot checks \(slippedThrough.found) \(verb) defective: between "
                    + "\(slippedThrough.text) of the parts that were not flagged.")
        }
        if let falseAlarms {
            let verb = falseAlarms.found == 1 ? "was" : "were"
            sentences.append(
                "Of \(falseAlarms.count) parts that scored high \(falseAlarms.found) \(verb) good: between \(falseAlarms.text).")
        }
        return sentences
    }
}

/// How many parts were found what.
package struct VerdictCounts: Sendable, Hashable {
    /// Parts with a verdict of good or defect, and those with each.
    package var checked, good, defective: Int
    /// Those among the checked that were drawn at random and were not flagged.
    package var spotChecks: Int

    package init(_ verdicts: [PartVerdict]) {
        good = verdicts.count { $0.answer == .good }
        defective = verdicts.count { $0.answer == .defect }
        checked = good + defective
        spotChecks = verdicts.count { $0.answer != .unsure && $0.origin == .spotCheck }
    }
}

extension ShareInterval {
    /// Its limits for people, "0.05 and 11 %": two digits each.
    package var text: String {
        func digits(_ share: Double) -> String {
            let percent = 100 * share
            let step = percent >= 10 ? 1 : percent >= 1 ? 0.1 : 0.01
            return PercentText.text((percent / step).rounded() * step / 100).replacing(" %", with: "")
        }
        return "\(digits(low)) and \(digits(high)) %"
    }
}
