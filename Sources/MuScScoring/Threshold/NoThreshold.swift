/// Why a batch has no threshold, and what would give it one: nothing in it can be flagged, which is not the same as
/// nothing being suspicious.
public struct NoThreshold: Sendable, Hashable, Codable {
    /// The causes, under names that programs may rely on.
    public enum Cause: String, Sendable, Hashable, Codable, CaseIterable {
        /// The batch alone must decide, and has too few images to tell what is normal.
        case tooFewImages = "too_few_images"
        /// The user set a threshold that no score can reach.
        case outOfReach = "out_of_reach"
        /// Stored by another version: an earlier one kept no more than a sentence, and a later one may know more causes.
        case unknown

        public init(from decoder: any Decoder) throws {
            self = Cause(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
        }
    }

    public var cause: Cause
    /// What is the matter, as a sentence.
    public var reason: String
    /// What would give a threshold, as a sentence; empty where that is not known.
    public var remedy: String

    public init(cause: Cause, reason: String, remedy: String) {
        self.cause = cause
        self.reason = reason
        self.remedy = remedy
    }

    /// Reason and remedy.
    public var explanation: String { remedy.isEmpty ? reason : "\(reason) \(remedy)" }
}

extension NoThreshold {
    /// - Parameter least: The fewest images that say what is normal.
    public static func tooFewImages(_ count: Int, least: Int) -> NoThreshold {
        let words = ["No image is", "One image is", "Two images are", "Three images are"]
        let subject = words.indices.contains(count) ? words[count] : "\(count) images are"
        return NoThreshold(
            cause: .tooFewImages, reason: "\(subject) too few to tell what is normal.",
            remedy: "Score at least \(least) images of the part together, 20 or more are better, or let at least "
                + "\(LogNormalThreshold.leastCalibration) known good images judge.")
    }
}

extension Threshold {
    /// No threshold: nothing can be flagged.
    public static func missing(_ absence: NoThreshold, rule: Rule) -> Threshold {
        var threshold = Threshold(value: .infinity, rule: rule, explanation: absence.explanation)
        threshold.absence = absence
        return threshold
    }

    /// Why nothing can be flagged; nil where something can.
    public var whyMissing: NoThreshold? {
        guard value == .infinity || value.isNaN else { return nil }
        if let absence { return absence }
        return rule == .fixed
            ? NoThreshold(
                cause: .outOfReach, reason: "The threshold was set beyond every score.",
                remedy: "Scores end at 2; musc report --threshold auto takes the automatic one again.")
            : NoThreshold(cause: .unknown, reason: explanation, remedy: "")
    }
}
