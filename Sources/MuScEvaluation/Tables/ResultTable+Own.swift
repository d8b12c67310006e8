extension ResultTable {
    /// One line of figures beside the seven metrics.
    struct OwnRow: Sendable {
        var name: String
        /// Recall, false alarms, precision of the images, SegF1, PRO and sPRO, each from 0 to 1, nil where undefined.
        var values: [Double?]
    }

    /// The columns of ``OwnRow``, as stored and for people.
    static let ownColumns = [
        (key: "recall", title: "recall"), (key: "false_alarms", title: "alarms"), (key: "precision", title: "precis."),
        (key: "seg_f1", title: "SegF1"), (key: "pro_exact", title: "PRO"), (key: "spro", title: "sPRO"),
    ]

    /// A line for each class, then the mean of each figure over the classes in which it is defined.
    var ownRows: [OwnRow] {
        let rows = results.classes.map { evaluated in
            let own = evaluated.own
            return OwnRow(
                name: evaluated.name,
                values: [
                    own?.images.recall, own?.images.falseAlarmRate, own?.images.precision, own?.pixels?.f1,
                    evaluated.exactOverlap, evaluated.saturatedOverlap,
                ])
        }
        let means = Self.ownColumns.indices.map { column -> Double? in
            let defined = rows.compactMap { $0.values[column] }
            return defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
        }
        return rows + [OwnRow(name: "mean", values: means)]
    }

    /// What these figures are, for a heading.
    var ownTitle: String {
        let limit = decimal(results.overlapLimit * 100, places: 0)
        return
            "At the program's own thresholds, set without a label: images and SegF1; PRO and sPRO to \(limit) % false positives, by sorting"
    }

    /// The lines for a terminal, with those of views and parts where there are any.
    var ownLines: [String] {
        var lines = ["", ownTitle, Self.line(["class"] + Self.ownColumns.map(\.title), nameWidth)]
        for row in ownRows { lines.append(Self.line([row.name] + row.values.map { $0?.percent() ?? "–" }, nameWidth)) }
        if !groupRows.isEmpty {
            lines += ["", "Views and parts, a part by its highest view"]
            lines.append(Self.line(["", "images", "AUROC", "F1-max", "AP", "recall", "alarms"], nameWidth))
            for row in groupRows { lines.append(Self.line(row, nameWidth)) }
        }
        return lines
    }

    /// A line for each view and for the parts of each class: name, number, image AUROC, F1-max, AP, recall, false alarms.
    var groupRows: [[String]] {
        results.classes.flatMap { evaluated in
            evaluated.groups.map { group in
                let figures = [
                    group.metrics.imageAUROC, group.metrics.imageF1Max, group.metrics.imageAP, group.confusion.recall,
                    group.confusion.falseAlarmRate,
                ]
                return ["\(evaluated.name) \(group.name)", "\(group.count)"] + figures.map { $0?.percent() ?? "–" }
            }
        }
    }

    /// How this run's own row among the compared methods was computed.
    var runSetting: String {
        let preset = results.configuration["scoring.preset"].map { "preset \($0), " } ?? ""
        return "this run, \(preset)\(results.imageSize) px"
    }
}
