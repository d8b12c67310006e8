import Foundation
import MuScBatch
import MuScScoring
import MuScSupport

/// `report.html` of one batch: its values, put into the template.
struct ReportPage: Sendable {
    let ranking: Ranking
    let pictures: [ImagePictures]
    let scores: Inspection
    let run: RunRecord
    let options: OutputOptions
    let regions: BatchRegions
    /// Where the page will lie.
    let resultsFolder: String

    /// How many flagged images are named at the top, and how many images the strip shows.
    static let chips = 12
    static let strip = 8

    /// The image of which a picture shows how its part was turned and cropped; nil where there is no such picture.
    var aligned: String?
    /// Where the page holds its pictures itself; nil where they lie beside it.
    var embedded: EmbeddedPictures?

    let numbers: ScoreNumbers
    let plot: ScorePlot
    /// Where patch scores lie on the colour map, over the batch.
    let scale: ColourScale
    /// For each of ``scored`` those that look most like it, by their places in the ranking.
    let near: [[Int]]
    /// What the peaks of the images to look at first were compared with, by the image's name.
    let evidence: [ExactText: PeakEvidence]
    /// The place of each of ``scored`` in the ranking, by its name.
    let ranks: [ExactText: Int]

    /// Most anomalous first.
    var scored: [ScoredImage] { ranking.scored }
    /// In the order of their names.
    var unreadable: [ScoredImage] { ranking.unreadable }

    init(
        ranking: Ranking, pictures: [ImagePictures], scores: Inspection, run: RunRecord, options: OutputOptions,
        regions: BatchRegions, resultsFolder: String
    ) {
        self.ranking = ranking
        self.pictures = pictures
        self.scores = scores
        self.run = run
        self.options = options
        self.regions = regions
        self.resultsFolder = resultsFolder
        let scored = ranking.scored
        let values = scored.compactMap(\.score)
        numbers = ScoreNumbers(values)
        plot = ScorePlot(scores: values, threshold: scores.threshold.value)
        let range = AnomalyMap.range(of: scores.patchMaps, in: scores.region)
        scale = ColourScale(low: range.low, high: range.high, threshold: scores.threshold.value)
        evidence = Dictionary((run.evidence ?? []).map { (ExactText($0.image), $0) }, uniquingKeysWith: { first, _ in first })
        ranks = Dictionary(scored.enumerated().map { (ExactText($1.name), $0) }, uniquingKeysWith: { first, _ in first })
        near = NearestNormals.lists(
            of: scored, features: scores, isLarge: scored.count > Self.mostOnOnePage, threads: options.threads)
    }

    func html() throws(ResultsError) -> String {
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        let flagged = ranking.flagged
        let frame = frameShape
        let cards = scored.indices.prefix(listed).map { card($0, frame) } + unreadable.indices.map(errorCard)
        var values: [String: Any] = [
            "version": run.version, "nonce": nonce, "answer": ranking.outcome.heading(images: ranking.images, scored: scored.count),
            "batch": run.batch, "batchName": String(run.batch.split(separator: "/").last ?? Substring(run.batch)),
            "chips": scored.prefix(min(flagged, Self.chips)).enumerated().map { ["i": String($0), "name": $1.name] },
            "started": run.started, "startedText": LocalTime.text(run.started),
            "images": ranking.images, "duration": durationText(run.seconds),
            "thresholdText": thresholdText, "thresholdBack": scores.threshold.value.isFinite ? thresholdText : "no threshold",
            "thresholdFact": thresholdFact,
            "thresholdExplanation": thresholdExplanation, "reportCommand": reportCommand,
            "thresholdTop": decimalText(100 * plot.position(Double(scores.threshold.value)), 2),
            "anyScored": !scored.isEmpty, "strip": Array(cards.prefix(min(Self.strip, scored.count))), "cards": cards,
            "ticks": plot.ticks.map { ["label": $0.label, "top": $0.top] }, "plot": plot.svg, "mostInBin": plot.bins.max() ?? 0,
            "frame": decimalText(frame, 3), "ramp": ramp, "rscin": run.rscin.reason,
            "anyNotes": !notes.isEmpty, "notes": notes, "comparison": comparison,
            "settings": run.settings.sorted { $0.key < $1.key }.map { ["key": $0.key, "value": $0.value] },
            "weights": run.weightsSHA256, "judges": outsideJudges,
            "timings": run.timings.map { ["stage": $0.stage, "seconds": durationText($0.seconds)] },
            "data": data.json,
            "style": PageTemplate.style,
            "script": "(() => {\n'use strict';\n\(PageTemplate.reportScript)\n})();",
        ]
        if isLarge { values["pages"] = ["size": listed, "total": scored.count] }
        if let aligned, let url = pictureURL(AlignedPicture.name) { values["aligned"] = ["picture": url, "name": aligned] }
        let single = options.normalisation == .image
        values["barLow"] = single ? "lowest" : numbers.text(scale.low)
        values["barHigh"] = single ? "highest" : numbers.text(scale.high)
        if !single, scores.threshold.value.isFinite {
            values["barMark"] = decimalText(
                Double(100 * (scores.threshold.value - scale.low) / max(scale.high - scale.low, .leastNormalMagnitude)), 1)
        }
        values["barText"] =
            single
            ? "scores of the spots of each image by itself: colours cannot be compared between images"
            : scores.threshold.value.isFinite
                ? "scores of all spots of the batch; the bright end begins at the threshold" : "scores of all spots of the batch"
        if flagged > Self.chips { values["moreChips"] = flagged - Self.chips }
        if let look = lookSentence { values["look"] = look }
        if let absence = ranking.outcome.absence { values["noVerdict"] = absence.explanation }
        let marks = recurringMarks
        values["prominentMarks"] = marks.prominent
        values["otherMarks"] = marks.other
        if !unreadable.isEmpty {
            values["unreadable"] = unreadable.count
            values["unreadables"] = unreadable.map { ["name": $0.name, "error": $0.error ?? ""] }
        }
        let parts = PartsOnPage(self)
        if !parts.shown.isEmpty { values["parts"] = ["groups": parts.shown, "more": parts.more, "anyMore": parts.more > 0] }
        let otherFiles = OtherFiles(ignored: run.ignored)
        if let other = otherFiles { values["otherFiles"] = ["count": other.count, "sentence": other.sentence] }
        if !unreadable.isEmpty || otherFiles != nil { values["anyNotScored"] = true }
        if let model = modelText { values["model"] = model }
        if let indexURL = run.indexLink, embedded == nil { values["indexURL"] = indexURL }
        values["isSingle"] = embedded != nil
        if let note = overlayNote { values["overlayNote"] = note }
        return try PageTemplate.report().render(values)
    }

    /// What a reader should know, less what has a section of its own.
    private var notes: [String] {
        let told = Set((run.recurring ?? []).map { Finding.recurringMark($0).sentence })
        return run.notes.filter { !told.contains($0) }
    }

    /// What the page's script works with.
    var data: ReportData { ReportData(page: self, numbers: numbers, plot: plot) }

    // MARK: Sentences

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
            sentences.append("What lies around the peaks of flagged photographs is stored at full size in crops.")
        }
        if let region = scores.region {
            sentences.append(
                "Only \(region.count) of \(region.grid.count) patches counted; what is grey was left out.")
        }
        let missing = pictures.count { $0.missing != nil }
        if missing > 0 {
            sentences.append(
                "\(missing) \(missing == 1 ? "photograph" : "photographs") could not be read again when the pictures were drawn; their heat maps stand on grey."
            )
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

    func card(_ index: Int, _ frame: Double) -> [String: Any] {
        let image = scored[index]
        var style = ""
        if let size = image.size {
            let shape = Double(size.width) / Double(size.height)
            if abs(shape / frame - 1) > 0.004 {
                style = "width:\(decimalText(min(100, 100 * shape / frame), 2))%;aspect-ratio:\(size.width)/\(size.height)"
            }
        }
        let pictures = pictures[index]
        let regions = regions.regions(of: image).count
        let level = ranking.level(index).rawValue
        return [
            "regions": "\(regions) \(regions == 1 ? "region" : "regions")", "hasRegions": regions > 0,
            "card": level.isEmpty ? "card" : "card \(level)", "isShaped": !style.isEmpty, "i": index, "name": image.name,
            "score": image.score.map(numbers.text) ?? "", "level": level, "picture": style,
            "thumbnail": pictures.thumbnail.flatMap(pictureURL) ?? "", "link": link(index),
        ]
    }

    /// Where a card leads without the page's script.
    func link(_ index: Int) -> String {
        guard embedded == nil else { return "#i\(index)" }
        return (pictures[index].overlay ?? pictures[index].thumbnail).map(Markup.url) ?? ""
    }

    /// The URL of a picture of the results folder as seen from the page; nil where a page holds its pictures itself and
    /// this one is not there.
    func pictureURL(_ path: String) -> String? { embedded.map { $0.picture(path) } ?? Markup.url(path) }

    /// The photograph's URL as seen from the page: of the copy for browsers, else of the original; nil where it is gone,
    /// or not inside a page that holds its pictures itself.
    func photographURL(_ index: Int) -> String? {
        if let embedded { return embedded.photograph(scored[index], level: ranking.level(index)) }
        if let copy = pictures[index].photograph { return Markup.url(copy) }
        return pictures[index].missing == nil ? relativeURL(from: resultsFolder, to: scored[index].path) : nil
    }

    private func errorCard(_ index: Int) -> [String: Any] {
        let image = unreadable[index]
        return ["i": scored.count + index, "name": image.name, "error": image.error ?? "It could not be read."]
    }

    private var ramp: String {
        let table = options.colormap.table
        let even = options.normalisation == .image
        return stride(from: 0, to: 256, by: 4).map { step in
            let share = (Float(step) + 2) / 256
            let position = even ? share : scale.position(scale.low + share * (scale.high - scale.low))
            let at = 3 * Int(255 * min(max(position, 0), 1))
            return "<path fill=\"rgb(\(table[at]) \(table[at + 1]) \(table[at + 2]))\" d=\"M\(step) 0h5v1h-5z\"/>"
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
