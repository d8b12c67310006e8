import Foundation
import MuScBatch
import MuScScoring

/// `report.html` of one batch: its values, put into the template.
struct ReportPage: Sendable {
    /// Most anomalous first.
    let scored: [ScoredImage]
    /// In the order of their names.
    let unreadable: [ScoredImage]
    let pictures: [ImagePictures]
    let scores: Inspection
    let run: RunRecord
    let options: OutputOptions
    /// Where the page will lie.
    let resultsFolder: String

    /// How many suspects are named at the top, and how many images the strip shows.
    static let chips = 12
    static let strip = 8

    let numbers: ScoreNumbers
    let plot: ScorePlot
    let range: (low: Float, high: Float)
    /// For each of ``scored`` those that look most like it, by their places in the ranking.
    let near: [[Int]]

    init(
        scored: [ScoredImage], unreadable: [ScoredImage], pictures: [ImagePictures], scores: Inspection,
        run: RunRecord, options: OutputOptions, resultsFolder: String
    ) {
        self.scored = scored
        self.unreadable = unreadable
        self.pictures = pictures
        self.scores = scores
        self.run = run
        self.options = options
        self.resultsFolder = resultsFolder
        let values = scored.compactMap(\.score)
        numbers = ScoreNumbers(values)
        plot = ScorePlot(scores: values, threshold: scores.threshold.value)
        range = AnomalyMap.range(of: scores.patchMaps, in: scores.region)
        near = NearestNormals.lists(
            of: scored, features: scores, isLarge: scored.count > Self.mostOnOnePage, threads: options.threads)
    }

    func html() throws(ResultsError) -> String {
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        let suspects = scored.indices.filter { scored[$0].flagged }
        let frame = frameShape
        let cards = scored.indices.prefix(listed).map { card($0, frame) } + unreadable.indices.map(errorCard)
        var values: [String: Any] = [
            "version": run.version, "nonce": nonce, "answer": answer(suspects.count),
            "batch": run.batch, "batchName": String(run.batch.split(separator: "/").last ?? Substring(run.batch)),
            "suspects": suspects.prefix(Self.chips).map { ["i": String($0), "name": scored[$0].name] },
            "started": run.started, "startedText": readableTime(run.started),
            "images": scored.count + unreadable.count, "duration": durationText(run.seconds),
            "thresholdText": thresholdText, "thresholdRule": ruleText,
            "thresholdExplanation": scores.threshold.explanation,
            "thresholdTop": decimalText(100 * plot.position(Double(scores.threshold.value)), 2),
            "anyScored": !scored.isEmpty, "strip": Array(cards.prefix(min(Self.strip, scored.count))), "cards": cards,
            "ticks": plot.ticks.map { ["label": $0.label, "top": $0.top] }, "plot": plot.svg, "mostInBin": plot.bins.max() ?? 0,
            "frame": decimalText(frame, 3), "ramp": ramp, "rscin": run.rscin.reason,
            "anyNotes": !run.notes.isEmpty, "notes": run.notes,
            "settings": run.settings.sorted { $0.key < $1.key }.map { ["key": $0.key, "value": $0.value] },
            "weights": run.weightsSHA256, "recurring": recurringMarks, "judges": outsideJudges,
            "timings": run.timings.map { ["stage": $0.stage, "seconds": durationText($0.seconds)] },
            "data": data.json,
            "style": PageTemplate.style,
            "script": "(() => {\n'use strict';\n\(PageTemplate.reportScript)\n\(PageTemplate.viewerScript)\n})();",
        ]
        if isLarge { values["pages"] = ["size": listed, "total": scored.count] }
        let single = options.normalisation == .image
        values["barLow"] = single ? "lowest" : numbers.text(range.low)
        values["barHigh"] = single ? "highest" : numbers.text(range.high)
        values["barText"] =
            single
            ? "patch scores of each image by itself: colours cannot be compared between images"
            : "patch scores, one scale for the whole batch"
        if suspects.count > Self.chips { values["moreSuspects"] = suspects.count - Self.chips }
        if !unreadable.isEmpty {
            values["unreadable"] = unreadable.count
            values["unreadables"] = unreadable.map { ["name": $0.name, "error": $0.error ?? ""] }
        }
        if let model = modelText { values["model"] = model }
        if let indexURL = run.indexURL { values["indexURL"] = indexURL }
        if !run.notes.isEmpty { values["caution"] = run.notes.joined(separator: " ") }
        if let note = overlayNote { values["overlayNote"] = note }
        return try PageTemplate.report().render(values)
    }

    /// What the page's script works with.
    var data: ReportData { ReportData(page: self, numbers: numbers, plot: plot, range: range) }

    // MARK: Sentences

    /// The page's script says the same when the threshold is dragged.
    private func answer(_ flagged: Int) -> String {
        guard !scored.isEmpty else { return "No image could be scored" }
        let noun = scored.count == 1 ? "image" : "images"
        if flagged == 0 { return "None of \(scored.count) \(noun) is suspect" }
        return "\(flagged) of \(scored.count) \(noun) \(flagged == 1 ? "is" : "are") suspect"
    }

    private var thresholdText: String {
        scores.threshold.value.isFinite ? numbers.text(scores.threshold.value) : "none"
    }

    private var ruleText: String {
        switch scores.threshold.rule {
        case .fixed: "fixed"
        case .batch: "from this batch"
        case .logNormal: "from a few known good images"
        case .conformal: calibratedByPast ? "from the line's past" : "from known good images"
        }
    }

    private var modelText: String? {
        guard let backbone = run.settings["model.backbone"] else { return nil }
        var parts = [backbone]
        if let size = run.settings["model.image_size"] { parts.append("\(size) px") }
        if let preset = run.settings["scoring.preset"] { parts.append("preset \(preset)") }
        return parts.joined(separator: ", ")
    }

    private var overlayNote: String? {
        var sentences: [String] = []
        if pictures.contains(where: { $0.isReduced && $0.overlay != nil }) {
            sentences.append(
                "Overlays are at most \(options.longestSide) pixels wide and high, so those of larger photographs are reduced.")
        }
        if pictures.contains(where: { $0.crop != nil }) {
            sentences.append("What lies around the peaks of suspect photographs is stored at full size in crops.")
        }
        if let region = scores.region {
            sentences.append(
                "Only \(region.count) of \(region.grid.count) patches counted; what is grey was left out.")
        }
        let missing = pictures.count { $0.missing != nil }
        if missing > 0 {
            sentences.append(
                "\(missing) \(missing == 1 ? "photograph" : "photographs") could not be read again when the pictures were drawn; their heat maps stand on grey.")
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    // MARK: Pictures

    /// Width over height of the frames that pictures stand in: that of the batch's middle image, within bounds.
    var frameShape: Double {
        let shapes = scored.compactMap(\.size).map { Double($0.width) / Double($0.height) }.sorted()
        guard !shapes.isEmpty else { return 4 / 3 }
        return min(max(shapes[shapes.count / 2], 0.62), 2.2)
    }

    private func card(_ index: Int, _ frame: Double) -> [String: Any] {
        let image = scored[index]
        var style = ""
        if let size = image.size {
            let shape = Double(size.width) / Double(size.height)
            if abs(shape / frame - 1) > 0.004 {
                style = "width:\(decimalText(min(100, 100 * shape / frame), 2))%;aspect-ratio:\(size.width)/\(size.height)"
            }
        }
        let pictures = pictures[index]
        return [
            "i": index, "name": image.name, "score": image.score.map(numbers.text) ?? "", "flagged": image.flagged,
            "picture": style, "thumbnail": pictures.thumbnail.map(Markup.url) ?? "",
            "link": link(index),
        ]
    }

    /// Where a card leads without the page's script.
    func link(_ index: Int) -> String { (pictures[index].overlay ?? pictures[index].thumbnail).map(Markup.url) ?? "" }

    /// The photograph's URL as seen from the page: of the copy for browsers, else of the original; nil where it is gone.
    func photographURL(_ index: Int) -> String? {
        if let copy = pictures[index].photograph { return Markup.url(copy) }
        return pictures[index].missing == nil ? relativeURL(from: resultsFolder, to: scored[index].path) : nil
    }

    private func errorCard(_ index: Int) -> [String: Any] {
        let image = unreadable[index]
        return ["i": scored.count + index, "name": image.name, "error": image.error ?? "It could not be read."]
    }

    private var ramp: String {
        let table = options.colormap.table
        return stride(from: 0, to: 256, by: 8).map { step in
            let at = 3 * (step + 4)
            return "<path fill=\"rgb(\(table[at]) \(table[at + 1]) \(table[at + 2]))\" d=\"M\(step) 0h9v1h-9z\"/>"
        }.joined()
    }
}

/// Scores as text, with as many decimals as tell a batch's images apart.
struct ScoreNumbers: Sendable, Hashable {
    let decimals: Int

    init(_ scores: [Float]) {
        let (low, high) = AnomalyMap.range(of: scores)
        let spread = Double(high - low)
        decimals = spread > 0 ? min(max(2 + Int((-log10(spread)).rounded(.up)), 3), 6) : 3
    }

    func text(_ score: Float) -> String { decimalText(Double(score), decimals) }
}

/// An ISO 8601 time with spaces between date, time and zone.
package func readableTime(_ time: String) -> String {
    let parts = time.split(separator: "T", maxSplits: 1)
    guard parts.count == 2, let zone = parts[1].firstIndex(where: { "+-Z".contains($0) }) else { return time }
    return "\(parts[0]) \(parts[1][..<zone]) \(parts[1][zone...])"
}

/// "0.4 s", "12.3 s", "3 min 05 s", "1 h 02 min".
package func durationText(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "" }
    if seconds < 0.095 { return "\(decimalText(seconds, 2)) s" }
    if seconds < 59.95 { return "\(decimalText(seconds, 1)) s" }
    let whole = Int(seconds.rounded())
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
}
