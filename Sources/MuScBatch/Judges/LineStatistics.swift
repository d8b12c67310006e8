import FoundationEssentials
import MuScScoring
import MuScSupport
import MuScVerdicts
import SystemPackage

/// What the verdicts on a line's parts come to.
package struct LineStatistics: Sendable, Hashable, Codable {
    /// Parts with a verdict of good or defect, and those with each.
    package var checked, good, defective: Int
    /// Of the parts that were looked at because they score high, how many were good.
    package var falseAlarms: ShareInterval?
    /// Of the spot checks, how many were defective: what slips through among all that was not flagged.
    package var slippedThrough: ShareInterval?

    enum CodingKeys: String, CodingKey {
        case checked, good, defective
        case falseAlarms = "false_alarms"
        case slippedThrough = "slipped_through"
    }

    /// - Parameter parts: Of one line, the standing verdict on each.
    package init(_ parts: [LineVerdicts.Part]) {
        let told = parts.map(\.verdict).filter { $0.answer != .unsure }
        checked = told.count
        good = told.count { $0.answer == .good }
        defective = told.count - good
        func share(_ answer: PartVerdict.Answer, of origin: PartVerdict.Origin) -> ShareInterval? {
            let those = told.filter { $0.origin == origin }
            return those.isEmpty ? nil : ShareInterval(those.count { $0.answer == answer }, of: those.count)
        }
        falseAlarms = share(.good, of: .top)
        slippedThrough = share(.defect, of: .spotCheck)
    }

    /// For people, a sentence each.
    package var sentences: [String] {
        guard checked > 0 else { return [] }
        var sentences = ["\(checked) parts were checked: \(good) good, \(defective) defective."]
        if let slippedThrough {
            let verb = slippedThrough.found == 1 ? "was" : "were"
            sentences.append(
                "Of \(slippedThrough.count) spot checks \(slippedThrough.found) \(verb) defective: between "
                    + "\(Self.limits(slippedThrough)) of the parts that were not flagged.")
        }
        if let falseAlarms {
            let verb = falseAlarms.found == 1 ? "was" : "were"
            sentences.append(
                "Of \(falseAlarms.count) parts that scored high \(falseAlarms.found) \(verb) good: between \(Self.limits(falseAlarms)).")
        }
        return sentences
    }

    /// "0.05 and 11 %": two digits each.
    private static func limits(_ interval: ShareInterval) -> String {
        func digits(_ share: Double) -> String {
            let percent = 100 * share
            let step = percent >= 10 ? 1 : percent >= 1 ? 0.1 : 0.01
            return PercentText.text((percent / step).rounded() * step / 100).replacing(" %", with: "")
        }
        return "\(digits(interval.low)) and \(digits(interval.high)) %"
    }
}
