import MuScBatch
import MuScScoring
import MuScSupport
import SystemPackage

/// Writes what a batch's scores say, as a results folder that appears whole or not at all.
package struct ResultsWriter: Sendable {
    package var options: OutputOptions

    package init(options: OutputOptions) {
        self.options = options
    }

    /// Writes `report.html`, `scores.csv`, `regions.csv`, `scores.safetensors`, `run.json`, overlays, maps and masks, and
    /// puts them in the place of earlier results in one step.
    ///
    /// - Parameters:
    ///   - scores: Of the batch; the photographs are read again from their paths.
    ///   - run: What was run. Its counts and images left out are taken from `scores`.
    ///   - batchFolder: The batch, absolute or relative to the working directory.
    ///   - indexURL: The page of all batches as seen from the report; nil where there is none.
    /// - Returns: The path of `report.html`.
    /// - Throws: ``ResultsError``; earlier results are then as they were.
    @discardableResult
    package func write(
        scores: Inspection, run: RunRecord, batchFolder: String, indexURL: String? = nil
    ) throws(ResultsError) -> String {
        let batch = FilePath(batchFolder)
        let folder = ResultsFolder(at: options.place.folder(of: batch, named: Array(batch.components.suffix(1))))
        return try write(scores: scores, run: run, batchFolder: batchFolder, to: folder, indexURL: indexURL)
    }

    /// The same into a given results folder, for a watcher that names its own.
    ///
    /// - Parameter confirm: Asked directly before the results are put in their place; what it throws is passed on.
    @discardableResult
    package func write(
        scores: Inspection, run: RunRecord, batchFolder: String, to folder: ResultsFolder, indexURL: String?,
        confirm: () throws(ResultsError) -> Void = { () throws(ResultsError) in }
    ) throws(ResultsError) -> String {
        var scores = scores
        for index in scores.images.indices where scores.images[index].name.unicodeScalars.contains("\u{FFFD}") {
            let page = scores.images[index].page.map { "#\($0 + 1)" } ?? ""
            scores.images[index].name = StoredName.text(scores.images[index].path) + page
        }
        let ranking = Ranking(scores, look: options.look)
        let names = OverlayNames(ranking.scored.map(\.name))
        var record = run
        record.summarise(scores, ranking)
        record.indexURL = indexURL ?? run.indexURL
        let start = ContinuousClock.now
        let regions = BatchRegions(of: scores, leastArea: options.leastRegion, threads: options.threads)
        record.regions = regions.record(ranking.scored)
        // Results that are written anew say what their own regions took.
        record.timings.removeAll { $0.stage == "regions" }
        record.timings.append(StageTiming(stage: "regions", seconds: (ContinuousClock.now - start) / .seconds(1)))
        let run = record
        let named = scores
        try folder.publish(createsParent: options.location != .alongside, confirm: confirm) { (path: String) throws(ResultsError) in
            let pictures = try PictureWriter(scores: named, options: options, regions: regions).write(
                ranking, names: names, to: path, replacing: "\(path)/../\(folder.name)")
            let directory = try Directory(path: path)
            let aligned = AlignedPicture(named)
            let drawn = aligned?.drawn(range: scores.sampleRange, limits: options.imageLimits).flatMap { try? $0.jpegEncoded(quality: 85) }
            if let drawn { try Directory(path: "\(path)/overlays").write(drawn, to: AlignedPicture.fileName) }
            var overlays: [ExactText: String] = [:]
            for (image, pictures) in zip(ranking.scored, pictures) { overlays[ExactText(image.name)] = pictures.overlay }
            let tables = [
                Workbook.Sheet(name: "scores", rows: ScoresCSV.rows(ranking) { overlays[ExactText($0.name)] }),
                Workbook.Sheet(name: "regions", rows: regions.rows(ranking.scored)),
            ]
            for table in tables { try directory.write(options.csv.text(table.rows), to: "\(table.name).csv") }
            if options.workbook == .xlsx { try directory.write(Workbook(sheets: tables).bytes, to: "scores.xlsx") }
            if options.regionsFile == .coco { try directory.write(CocoFile.bytes(ranking.scored, regions), to: CocoFile.name) }
            try directory.write(run.json(format: options.recordFormat), to: "run.json")
            try directory.write(
                ScoresArchive.bytes(named, batchFolder: absolutePath(batchFolder)), to: ScoresArchive.fileName)
            var page = ReportPage(
                ranking: ranking, pictures: pictures, scores: named, run: run, options: options, regions: regions,
                resultsFolder: folder.path)
            if drawn != nil { page.aligned = aligned?.image.name }
            try directory.write(page.html(), to: "report.html")
            if let photographs = options.singleFile {
                guard !page.isLarge else {
                    throw ResultsError(
                        kind: .system, path: "\(folder.path)/\(EmbeddedPictures.pageName)",
                        detail: "cannot hold \(ranking.images) images: one page takes \(ReportPage.mostOnOnePage)",
                        advice: "Send the results' folder as an archive instead.")
                }
                page.embedded = EmbeddedPictures(
                    folder: path, photographs: photographs, range: scores.sampleRange, limits: options.imageLimits)
                try directory.write(page.html(), to: EmbeddedPictures.pageName)
            }
            if page.isLarge {
                try Directory.create(path: "\(path)/pages")
                let pages = try Directory(path: "\(path)/pages")
                try page.writeParts { (name, text) throws(ResultsError) in try pages.write(text, to: name) }
            }
        }
        return "\(folder.path)/report.html"
    }
}
