import Foundation
import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScTensors
import SystemPackage
import Testing

struct ResultsWriterTests {
    private func text(_ path: String) throws -> String {
        try String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("A batch leaves a page, a table, tensors, the record and pictures at the photographs' size")
    func everything() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).jpg" }, folder: folder, unreadable: ["bad.jpg"])
            let report = try ResultsWriter(options: OutputOptions(overlays: .all, maps: .tiff)).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(report == "\(folder)/_musc/report.html")
            let results = "\(folder)/_musc"
            let rows = try text("\(results)/scores.csv").split(separator: "\r\n")
            #expect(rows.count == 10)
            #expect(rows[1].hasPrefix("1,p3.jpg,"))
            #expect(rows[9] == ",bad.jpg,,,,,,,,,,The file ends before the image is complete.,")
            for index in 0..<8 {
                let overlay = try RGBImage(contentsOf: FilePath("\(results)/overlays/p\(index).png"))
                #expect(overlay.width == 160 && overlay.height == 120)
                #expect(exists("\(results)/maps/p\(index).tif"))
            }
            let archive = try TensorArchive(path: "\(results)/scores.safetensors")
            #expect(archive["patch_map"]?.shape == [8, 24, 24])
            #expect(archive["image_feature"]?.shape == [8, 16])
            #expect(archive["image_score"]?.floats() == batch.scores.images.prefix(8).compactMap(\.score))
            #expect(archive.metadata["names"]?.contains("\"p0.jpg\"") == true)
            let run = try RunRecord(resultsFolder: results)
            #expect(run.images == 9 && run.flagged == 1 && run.unreadable == 1)
            #expect(run.leftOut.map(\.image) == ["bad.jpg"])
            #expect(run.scoreSpread?.highest == batch.scores.images[3].score)
        }
    }

    @Test("Two names that differ by their Unicode form alone are two images, each with an overlay of its own")
    func unicodeForms() throws {
        try withTemporaryFolder { folder in
            let names = ["Pr\u{FC}fung.png", "Pru\u{308}fung.png", "b.png", "c.png"]
            let batch = try SyntheticBatch(names: names, folder: folder)
            try ResultsWriter(options: OutputOptions(overlays: .all)).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            let rows = try text("\(folder)/_musc/scores.csv").split(separator: "\r\n").filter { $0.contains("fung.png") }
            let overlays = rows.map { row in row.split(separator: ",").first { $0.hasPrefix("overlays/") }.map { Array($0.utf8) } }
            #expect(overlays.count == 2 && Set(overlays).count == 2 && !overlays.contains(nil), "\(rows)")
        }
    }

    @Test(
        "A link to all batches from a record that was forged leads nowhere but to pages",
        arguments: [
            ("javascript:alert(1)", false), ("JavaScript:alert(1)", false), ("java\nscript:alert(1)", false),
            (" javascript:alert(1)", false),
            ("data:text/html,x", false), ("vbscript:x", false), ("../../index.html", true), ("https://plant.example/index.html", true),
            ("file:///srv/drop/index.html", true), ("HTTP://plant.example/", true), ("a/b:c.html", true),
        ])
    func forgedIndex(url: String, isTaken: Bool) throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<4).map { "p\($0).png" }, folder: folder, photographs: false)
            var run = batch.run
            run.indexURL = url
            let page = try text(ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: run, batchFolder: folder))
            #expect(page.contains(">All batches</a>") == isTaken)
            if !isTaken { #expect(!page.contains("alert(1)")) }
        }
    }

    @Test("The page names images that look alike at one spot, with cut-outs, and shows known good images on request")
    func judges() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: (0..<22).map { "p\($0).jpg" }, folder: "\(folder)/batch")
            try batch.addJudges(knownGood: 3, in: "\(folder)/good")
            let page = try text(
                ResultsWriter(options: OutputOptions()).write(
                    scores: batch.scores, run: batch.run, batchFolder: batch.folder))
            #expect(page.contains("3 parts look alike at one spot</h2>"))
            for index in [3, 10, 17] { #expect(page.contains("<img src=\"../p\(index).jpg\" style=\"width:400.0%;height:400.0%;left:")) }
            #expect(
                page.contains("<summary>Compared with 3 known good images</summary><p>They alone judged. They lie in \(folder)/good.</p>"))
            #expect(page.contains("<img src=\"../../good/good_102.jpg\""))
            // Judges are not listed among the images.
            #expect(page.components(separatedBy: "<li class=\"card").count - 1 == 22)
            let run = try RunRecord(resultsFolder: "\(batch.folder)/_musc")
            #expect(run.outsideJudgments?.first?.folder == "\(folder)/good")
        }
    }

    @Test("The page shows every image, in the order of the scores")
    func page() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).jpg" }, folder: folder)
            let page = try text(
                ResultsWriter(options: OutputOptions()).write(
                    scores: batch.scores, run: batch.run, batchFolder: folder))
            #expect(page.contains("<h1 id=\"answer\" aria-live=\"polite\">1 of 8 images is flagged</h1>"))
            #expect(page.components(separatedBy: "<li class=\"card").count - 1 == 8)
            for address in ["http://", "https://", "//cdn", "@import"] {
                let outside = page.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
                #expect(!outside.contains(address))
            }
        }
    }

    @Test(
        "Overlays of flagged images, of those worth a look too, of all, or of none are written as asked",
        arguments: [(OutputOptions.Overlays.flagged, 1), (.look, 2), (.all, 8), (.none, 0)])
    func fewerOverlays(_ overlays: OutputOptions.Overlays, count: Int) throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).jpg" }, folder: folder)
            try ResultsWriter(options: OutputOptions(overlays: overlays)).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            let pictures = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/_musc/overlays")
            #expect(pictures.count { $0.hasSuffix(".png") } == count)
            let rows = try text("\(folder)/_musc/scores.csv").split(separator: "\r\n")
            #expect(rows[1].hasSuffix(overlays == .none ? ",,,flagged" : ",overlays/p3.png,,flagged"))
            #expect(rows[2].hasSuffix(count < 2 ? ",,,look" : ".png,,look") && rows[3].hasSuffix(count < 8 ? ",,," : ".png,,"))
        }
    }

    @Test("Rendering again keeps the scores, and takes another threshold")
    func again() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).jpg" }, folder: folder, unreadable: ["bad.jpg"])
            try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            let before = try text("\(folder)/_musc/scores.csv")
            let tensors = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/_musc/scores.safetensors"))
            let renderer = ReportRenderer(options: OutputOptions(colormap: .viridis))
            try renderer.render(folder: folder)
            #expect(try text("\(folder)/_musc/scores.csv") == before)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/_musc/scores.safetensors")) == tensors)
            let (report, run, _) = try renderer.render(folder: "\(folder)/_musc", threshold: .fixed(0))
            #expect(run.flagged == 8 && run.threshold.value == 0 && run.threshold.rule == .fixed)
            #expect(try text(report).contains("8 of 9 images are flagged"))
            #expect(try text("\(folder)/_musc/scores.csv").components(separatedBy: ",true,").count - 1 == 8)
        }
    }

    @Test("Keys of run.json have underscores, in format 1 capitals, with the same values, and both are read")
    func names() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: (0..<22).map { "p\($0).jpg" }, folder: "\(folder)/batch", unreadable: ["bad.jpg"])
            try batch.addJudges(knownGood: 3, in: "\(folder)/good")
            batch.run.settings["model.fooBar"] = "as it is"
            batch.run.ignored = ["watch.ignore": 2]
            func written(_ format: Int) throws -> (object: [String: Any], run: RunRecord) {
                var options = OutputOptions()
                options.recordFormat = format
                try ResultsWriter(options: options).write(
                    scores: batch.scores, run: batch.run, batchFolder: batch.folder, indexURL: "../index.html")
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(batch.folder)/_musc/run.json"))
                let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                #expect(object["format"] as? Int == format)
                return (object, try RunRecord(resultsFolder: "\(batch.folder)/_musc"))
            }
            let (now, former) = (try written(2), try written(1))
            let pairs = [
                ("weightsSHA256", "weights_sha256"), ("indexURL", "index_url"), ("leftOut", "left_out"), ("lookShare", "look_share"),
                ("scoreSpread", "score_spread"), ("outsideJudgments", "outside_judgments"), ("automaticThreshold", "automatic_threshold"),
            ]
            for (capitals, underscored) in pairs {
                #expect(now.object[underscored] != nil && now.object[capitals] == nil, "\(underscored)")
                #expect(former.object[capitals] != nil && former.object[underscored] == nil, "\(capitals)")
            }
            for object in [now.object, former.object] {
                #expect((object["settings"] as? [String: String])?["model.fooBar"] == "as it is")
                #expect((object["ignored"] as? [String: Int])?["watch.ignore"] == 2)
            }
            #expect((now.object["rscin"] as? [String: Any])?["neighbour_agreement"] as? Double == 0.31)
            var same = former.run
            same.format = now.run.format
            // Written twice, the regions were found twice.
            #expect(same.timings.map(\.stage) == now.run.timings.map(\.stage) && same.timings.last?.stage == "regions")
            same.timings = now.run.timings
            #expect(now.run == same && now.run.settings == batch.run.settings)
            #expect(now.run.regions?.images.isEmpty == false && now.run.evidence?.isEmpty == false)
        }
    }

    @Test("A threshold set by hand is undone, and the page tells both and the command")
    func undone() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).jpg" }, folder: folder)
            try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            let before = try text("\(folder)/_musc/scores.csv")
            let renderer = ReportRenderer(options: OutputOptions())
            for value: Float in [0.1, 0.2] { try renderer.render(folder: folder, threshold: .fixed(value)) }
            let page = try text("\(folder)/_musc/report.html")
            #expect(page.contains("<li>threshold 0.200 (set by hand; the automatic one: 0.300 from this batch)</li>"))
            #expect(page.contains("musc report \(folder)/_musc --threshold auto"))
            let run = try renderer.render(folder: folder, threshold: .automatic).run
            #expect(run.threshold == batch.scores.threshold)
            #expect(try text("\(folder)/_musc/scores.csv") == before)
            // Kept as it is where nothing is asked for.
            try renderer.render(folder: folder, threshold: .fixed(0.1))
            #expect(try renderer.render(folder: folder).run.threshold.value == 0.1)
        }
    }

    @Test("One page that can be sent holds its pictures and names no file beside it", arguments: [OutputOptions.SingleFile.flagged, .all])
    func singleFile(_ photographs: OutputOptions.SingleFile) throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).jpg" }, folder: "\(folder)/batch", size: (1800, 900))
            let writer = ResultsWriter(options: OutputOptions())
            try writer.write(scores: batch.scores, run: batch.run, batchFolder: batch.folder, indexURL: "../../index.html")
            #expect(!exists("\(batch.folder)/_musc/report-single.html"))
            var options = OutputOptions()
            options.singleFile = photographs
            let rendered = try ReportRenderer(options: options).render(folder: batch.folder)
            let single = try #require(rendered.singleFile)
            let page = try text(single.path)
            #expect(single.bytes == page.utf8.count)
            // Each image's thumbnail in its card and the strip, and the photographs of the two that are flagged or worth a look.
            let pictures = page.components(separatedBy: "data:image/jpeg;base64,").count - 1
            #expect(pictures == 16 + (photographs == .all ? 8 : 2))
            for address in ["src=\"..", "src=\"overlays", "href=\"scores.csv", "href=\"overlays", "../p3.jpg", "index.html"] {
                #expect(!page.contains(address), "\(address)")
            }
            // The page beside the photographs has an image's photograph as 1 where it lies above the page under its name.
            let beside = try text(rendered.report)
            #expect(beside.contains(/\["p3\.jpg",[^\n]*,"p3\.jpg",1,/) && !page.contains(/\["p3\.jpg",[^\n]*,"p3\.jpg",1,/))
        }
    }

    @Test("A batch of more images than one page takes cannot be one file, and says what to do instead")
    func tooLargeForOneFile() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(
                names: (0..<2001).map { "part_\($0).jpg" }, folder: folder, size: (32, 24), grid: PatchGrid(width: 4, height: 4),
                photographs: false)
            var options = OutputOptions(overlays: .none)
            options.singleFile = .flagged
            let error = #expect(throws: ResultsError.self) {
                try ResultsWriter(options: options).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            }
            #expect(error?.description.contains("2001 images") == true && error?.description.contains("archive") == true)
        }
    }

    @Test("An infinite threshold survives the record, and flags nothing")
    func infinite() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: ["a.png", "b.png"], folder: folder, threshold: .infinity)
            try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            let (report, run, _) = try ReportRenderer(options: OutputOptions()).render(folder: folder)
            #expect(run.threshold.value == .infinity && run.flagged == 0)
            #expect(try text(report).contains("No verdict on 2 images"))
        }
    }

    @Test("Photographs that have gone leave a page with heat maps on grey, which says so")
    func gone() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: ["a.png", "b.png"], folder: folder, photographs: false)
            let report = try ResultsWriter(options: OutputOptions(overlays: .all)).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(try text(report).contains("2 photographs could not be read again"))
            #expect(exists("\(folder)/_musc/overlays/a.png"))
        }
    }

    @Test("A batch of unreadable images alone still has a page and a table")
    func nothingReadable() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: [], folder: folder, unreadable: ["x.jpg", "y.jpg"])
            let report = try ResultsWriter(options: OutputOptions()).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(try text(report).contains("No image could be scored"))
            #expect(try text("\(folder)/_musc/scores.csv").split(separator: "\r\n").count == 3)
        }
    }

    @Test("A TIFF photograph gets a JPEG that browsers show; large ones are reduced to the cap")
    func copies() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: ["a.png", "b.png"], folder: folder, size: (400, 100))
            let scan = "P6 400 100 255\n"
            let pnm = Array(scan.utf8) + [UInt8](repeating: 90, count: 400 * 100 * 3)
            try Data(pnm).write(to: URL(fileURLWithPath: "\(folder)/b.ppm"))
            batch.scores.images[1].name = "b.ppm"
            batch.scores.images[1].path = FilePath("\(folder)/b.ppm")
            let report = try ResultsWriter(options: OutputOptions(overlays: .all, longestSide: 200)).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            let overlay = try RGBImage(contentsOf: FilePath("\(folder)/_musc/overlays/a.png"))
            #expect(overlay.width == 200 && overlay.height == 50)
            #expect(exists("\(folder)/_musc/overlays/photographs/b.jpg"))
            #expect(!exists("\(folder)/_musc/overlays/photographs/a.jpg"))
            #expect(try text(report).contains("at most 200 pixels wide and high"))
        }
    }

    @Test("Missing and damaged results are told apart, with what to do")
    func damaged() throws {
        try withTemporaryFolder { folder in
            let renderer = ReportRenderer(options: OutputOptions())
            let missing = #expect(throws: ResultsError.self) { try renderer.render(folder: folder) }
            #expect(missing?.kind == .unreadable)
            #expect(missing?.description.contains("musc run") == true)
            let batch = try SyntheticBatch(names: ["a.png", "b.png"], folder: folder)
            try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder)/_musc/scores.safetensors"))
            let broken = #expect(throws: ResultsError.self) { try renderer.render(folder: folder) }
            #expect(broken?.kind == .unreadable && broken?.path.hasSuffix("scores.safetensors") == true)
            try Data("{\"format\": 99}".utf8).write(to: URL(fileURLWithPath: "\(folder)/_musc/run.json"))
            let later = #expect(throws: ResultsError.self) { try renderer.render(folder: folder) }
            #expect(later?.description.contains("format 99") == true)
        }
    }

    @Test("A file name of bytes that are not UTF-8 goes through page, table and rendering again")
    func bytes() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: ["a.png", "b.png"], folder: folder)
            let bytes = Array("\(folder)/b".utf8) + [0xFF] + Array(".png".utf8) + [0]
            let odd = FilePath(platformString: bytes.map { CChar(bitPattern: $0) })
            #expect(odd.withPlatformString { rename("\(folder)/b.png", $0) } == 0)
            batch.scores.images[1].path = odd
            batch.scores.images[1].name = "b\u{FFFD}.png"
            let report = try ResultsWriter(options: OutputOptions()).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(try text("\(folder)/_musc/scores.csv").contains(",b%FF.png,"))
            #expect(try text(report).contains("\"../b%FF.png\""))
            #expect(!(try text(report).contains("could not be read again")))
            try ReportRenderer(options: OutputOptions()).render(folder: folder)
            #expect(!(try text(report).contains("could not be read again")))
        }
    }
}
