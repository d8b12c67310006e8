extension ResultTable {
    /// The table for a terminal: percent, a class a line, then the mean, then the published mean and the difference.
    package var text: String {
        var lines = [title, "", Self.line(["", "", "image", "", "", "pixel", "", "", ""], nameWidth)]
        lines.append(Self.line(["class", "images", "AUROC", "F1-max", "AP", "AUROC", "F1-max", "AP", "PRO"], nameWidth))
        for row in rows {
            lines.append(Self.line([row.name, "\(row.images)"] + Self.percents(row.metrics), nameWidth))
        }
        if let published = mean.published, let difference = mean.difference {
            lines.append(Self.line(["paper", ""] + Self.percents(published), nameWidth))
            lines.append(Self.line(["difference", ""] + Self.points(difference), nameWidth))
        }
        if classes.contains(where: { $0.published != nil }) {
            lines += ["", "Difference to the paper, percentage points"]
            for row in classes {
                if let difference = row.difference {
                    lines.append(Self.line([row.name, ""] + Self.points(difference), nameWidth))
                }
            }
        }
        lines += ownLines
        if !results.comparedMethods.isEmpty {
            lines += ["", "Zero- and few-shot methods, as the paper prints them"]
            lines.append(Self.line([runSetting, ""] + Self.percents(mean.metrics, 1), nameWidth))
            for method in results.comparedMethods {
                lines.append(Self.line(["\(method.name), \(method.setting)", ""] + Self.percents(method.metrics, 1), nameWidth))
            }
        }
        lines += remarks.map { "\n" + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same as Markdown.
    package var markdown: String {
        let metrics = SevenMetrics.Metric.allCases
        var lines = [
            "# \(title)", "", (["Percent."] + remarks).joined(separator: " "), "",
            "| class | images | " + metrics.map(\.title).joined(separator: " | ") + " |",
            "|---|---:|" + metrics.map { _ in "---:|" }.joined(),
        ]
        func line(_ name: String, _ images: String, _ values: [String]) {
            let name = name.replacing("|", with: "\\|")
            lines.append("| \(name) | \(images) | \(values.joined(separator: " | ")) |")
        }
        for row in rows {
            line(row.name, "\(row.images)", Self.percents(row.metrics))
            if let published = row.published, let difference = row.difference {
                line("– paper", "", Self.percents(published))
                line("– difference", "", Self.points(difference))
            }
        }
        if !results.comparedMethods.isEmpty { line(runSetting, "", Self.percents(mean.metrics, 1)) }
        for method in results.comparedMethods {
            line("\(method.name), \(method.setting) (\(method.venue))", "", Self.percents(method.metrics, 1))
        }
        lines += ["", ownTitle + ".", "", "| class | " + Self.ownColumns.map(\.key).joined(separator: " | ") + " |"]
        lines.append("|---|" + Self.ownColumns.map { _ in "---:|" }.joined())
        for row in ownRows {
            lines.append(
                "| \(row.name.replacing("|", with: "\\|")) | " + row.values.map { $0?.percent() ?? "–" }.joined(separator: " | ") + " |")
        }
        lines += ["", "| setting | value |", "|---|---|"]
        for (key, value) in results.configuration.sorted(by: { $0.key < $1.key }) {
            lines.append("| \(key) | \(value.replacing("|", with: "\\|")) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a reader of the numbers should know.
    var remarks: [String] {
        var remarks = results.remarks
        if !partialMeans.isEmpty {
            let names = partialMeans.map(\.title).joined(separator: ", ")
            remarks.append("The mean of \(names) is over the classes in which it is defined.")
        }
        if results.classes.contains(where: { $0.pixelCurve.isEmpty }) {
            remarks.append("Classes without mask pixels at this size have no pixel metrics.")
        }
        if results.published != nil, mean.published == nil {
            remarks.append("The paper's mean is not shown, as not all of its classes were evaluated.")
        }
        if let theirs = results.published?.millisecondsPerImage, mean.images > 0 {
            let ours = results.classes.reduce(0) { $0 + $1.scoringSeconds } * 1000 / Double(mean.images)
            remarks.append(
                "Scoring took \(decimal(ours, places: 0)) ms an image; the paper gives \(decimal(theirs, places: 1)) ms on an RTX 3090 with 200 images."
            )
        }
        return remarks
    }

    var nameWidth: Int {
        let methods = results.comparedMethods.map { $0.name.count + $0.setting.count + 2 }
        let run = methods.isEmpty ? [] : [runSetting.count]
        return max(10, (rows.map(\.name.count) + methods + run).max() ?? 0)
    }

    private static func percents(_ metrics: SevenMetrics, _ places: Int = 2) -> [String] {
        SevenMetrics.Metric.allCases.map { metrics[$0]?.percent(places) ?? "–" }
    }

    private static func points(_ metrics: SevenMetrics) -> [String] {
        SevenMetrics.Metric.allCases.map { metrics[$0]?.points ?? "–" }
    }

    static func line(_ cells: [String], _ nameWidth: Int) -> String {
        let padded = cells.enumerated().map { index, cell in
            let padding = String(repeating: " ", count: max(0, (index == 0 ? nameWidth : 7) - cell.count))
            return index == 0 ? cell + padding : padding + cell
        }
        var line = Substring(padded.joined(separator: " "))
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
