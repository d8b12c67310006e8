/// What `musc evaluate --line` writes as JSON; shares are in percent.
struct LineObject: Encodable {
    struct Count: Encodable { var good, defective: Int }

    struct LeftOut: Encodable { var part, reason: String }

    struct Parts: Encodable {
        var compared, good, defective, unsure: Int
        var leftOut: [LeftOut]
        /// By how they came before somebody's eyes.
        var origins: [String: Count]

        enum CodingKeys: String, CodingKey {
            case compared, good, defective, unsure, origins
            case leftOut = "left_out"
        }
    }

    struct Batch: Encodable {
        var batch: String
        var flagged, others: Int
        var judges: [String]
    }

    /// Over all checked parts.
    struct Checked: Encodable {
        var auroc, recall, falseAlarms: Double?
        var truePositives, falsePositives, falseNegatives, trueNegatives: Int

        init(_ checked: LineFigures.Checked) {
            auroc = checked.auroc.map { $0 * 100 }
            recall = checked.images.recall.map { $0 * 100 }
            falseAlarms = checked.images.falseAlarmRate.map { $0 * 100 }
            (truePositives, falsePositives) = (checked.images.truePositives, checked.images.falsePositives)
            (falseNegatives, trueNegatives) = (checked.images.falseNegatives, checked.images.trueNegatives)
        }

        enum CodingKeys: String, CodingKey {
            case auroc, recall
            case falseAlarms = "false_alarms"
            case truePositives = "true_positives"
            case falsePositives = "false_positives"
            case falseNegatives = "false_negatives"
            case trueNegatives = "true_negatives"
        }
    }

    /// Over all parts of the batches, by those that stand for them.
    struct Estimated: Encodable {
        var auroc: Double?
        var recall, falseAlarms: EstimatedShare?

        init(_ estimated: LineFigures.Estimated) {
            func percent(_ share: EstimatedShare?) -> EstimatedShare? {
                share.map { EstimatedShare(value: $0.value * 100, low: $0.low * 100, high: $0.high * 100) }
            }
            auroc = estimated.auroc.map { $0 * 100 }
            (recall, falseAlarms) = (percent(estimated.recall), percent(estimated.falseAlarms))
        }

        enum CodingKeys: String, CodingKey {
            case auroc, recall
            case falseAlarms = "false_alarms"
        }
    }

    struct Settings: Encodable {
        var batches: [String]
        var thresholdRules: [String]
        var settings: [String: String]

        enum CodingKeys: String, CodingKey {
            case batches, settings
            case thresholdRules = "threshold_rules"
        }
    }

    struct Row: Encodable {
        var row: LineEvaluation.Row.Kind
        var flags: [String]
        var checked: Checked?
        var all: Estimated?
        var settings: [Settings]
    }

    var line: String
    var unit = "percent"
    var parts: Parts
    var batches: [Batch]
    var rows: [Row]
    var remarks: [String]
}
