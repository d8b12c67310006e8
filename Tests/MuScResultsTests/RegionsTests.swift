import Foundation
import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import SystemPackage
import Testing

@Suite("Regions in the results")
struct RegionsTests {
    private func object(_ path: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    }

    @Test("A batch's regions are in the table, the record, masks, the COCO file and the JSON object, and agree")
    func everywhere() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<12).map { "p\($0).png" }, folder: folder, unreadable: ["bad.png"])
            var options = OutputOptions()
            options.masks = .all
            options.regionsFile = .coco
            _ = try ResultsWriter(options: options).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            let results = "\(folder)/_musc"
            let found = BatchRegions(of: batch.scores)
            #expect(found.threshold.value == 0.3 && found.cut.level == 0.3 && found.cut.low < 0.3)
            let all = found.images.flatMap(\.regions)
            #expect(all.count >= 2)

            let rows = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(results)/regions.csv")), as: UTF8.self)
                .split(separator: "\r\n")
            #expect(rows.count == all.count + 1 && rows[0].hasPrefix("image,region,x,y,width,height,area,share"))

            let run = try RunRecord(resultsFolder: results)
            let record = try #require(run.regions)
            #expect(record.count == all.count && record.listed == all.count && record.pixelThreshold == 0.3)
            #expect(record.images.map(\.image).contains("p3.png"))

            for (index, regions) in found.images.enumerated() {
                let mask = try GrayImage(contentsOf: FilePath("\(results)/masks/p\(index).png"))
                #expect(mask.width == 160 && mask.height == 120 && mask.pixels == regions.mask)
                #expect(mask.pixels.count { $0 == 255 } == regions.regions.reduce(0) { $0 + $1.area })
            }

            let coco = try object("\(results)/regions.coco.json")
            let annotations = try #require(coco["annotations"] as? [[String: Any]])
            #expect((coco["images"] as? [Any])?.count == 12 && annotations.count == all.count)
            for annotation in annotations {
                let segmentation = try #require(annotation["segmentation"] as? [String: Any])
                let counts = try #require(segmentation["counts"] as? [Int])
                #expect(segmentation["size"] as? [Int] == [120, 160] && counts.reduce(0, +) == 160 * 120)
                // Every second run is inside.
                let inside = counts.enumerated().filter { $0.offset % 2 == 1 }.reduce(0) { $0 + $1.element }
                #expect(inside == annotation["area"] as? Int)
            }

            let told = BatchResult(scores: batch.scores, run: run, folder: folder, results: results, look: 0.2)
            let flagged = try #require(told.flaggedImages.first)
            // Only resizing lies between the highest patch and the highest pixel.
            let highest = try #require(flagged.regions.first)
            #expect(flagged.regionCount >= 1 && (0.3...flagged.scoreMSM).contains(highest.score))
        }
    }

    @Test("The tables follow the style of the spreadsheets, and are in the workbook with numbers as numbers")
    func spreadsheets() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { $0 == 3 ? "=1+1.png" : "p\($0).png" }, folder: folder)
            var options = OutputOptions()
            options.csv = CSVStyle(separator: .semicolon, bom: true, decimal: .comma)
            options.workbook = .xlsx
            _ = try ResultsWriter(options: options).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            func bytes(_ name: String) throws -> String {
                String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/_musc/\(name)")), as: UTF8.self)
            }
            for name in ["scores.csv", "regions.csv"] {
                let text = try bytes(name)
                #expect(text.hasPrefix("\u{FEFF}") && text.contains(";0,") && !text.contains(";0."))
                #expect(text.contains(name == "scores.csv" ? ";'=1+1.png;" : "\n'=1+1.png;"))
            }
            let workbook = try bytes("scores.xlsx")
            let score = try #require(batch.scores.images[3].score)
            #expect(workbook.contains("<c r=\"A2\"><v>1</v></c>"))
            #expect(workbook.contains("<v>\(String(format: "%.6g", Double(score)))</v>"))
            #expect(workbook.contains("preserve\">=1+1.png</t>"), "a text is no formula there")
            #expect(workbook.contains("sheet2.xml") && workbook.contains("preserve\">mean_score</t>"))
        }
    }

    @Test("Masks of flagged images alone, and none by default")
    func choices() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<8).map { "p\($0).png" }, folder: folder)
            func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/_musc/\(name)") }
            _ = try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(!exists("masks") && !exists("regions.coco.json") && exists("regions.csv"))
            var options = OutputOptions()
            options.masks = .flagged
            _ = try ResultsWriter(options: options).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            for image in batch.scores.images { #expect(exists("masks/\(image.name)") == image.flagged) }
        }
    }

    @Test("A least area leaves small regions out, and where nothing can be told there are none")
    func bounds() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: (0..<8).map { "p\($0).png" }, folder: folder, photographs: false)
            let largest = BatchRegions(of: batch.scores).images.flatMap(\.regions).map(\.area).max() ?? 0
            #expect(BatchRegions(of: batch.scores, leastArea: largest).images.flatMap(\.regions).count == 1)
            #expect(BatchRegions(of: batch.scores, leastArea: largest + 1).images.flatMap(\.regions).isEmpty)
            batch.scores.threshold.value = .infinity
            let none = BatchRegions(of: batch.scores)
            #expect(none.images.flatMap(\.regions).isEmpty && none.record(batch.scores.images).count == 0)
        }
    }

    @Test("Where RsCIN moved the scores, the batch's rule on the maps sets the pixel threshold; else it is the images'")
    func pixelThreshold() {
        let maxima: [Float] = (0..<20).map { 0.3 + 0.002 * Float($0) } + [0.9]
        func value(_ rule: Threshold.Rule, moved: Bool) -> Float {
            PixelThreshold(image: Threshold(value: 0.5, rule: rule, explanation: ""), maxima: maxima, isMoved: moved).value
        }
        #expect(value(.batch, moved: false) == 0.5)
        #expect(value(.batch, moved: true) == BatchThreshold.threshold(for: maxima).value)
        for rule in [Threshold.Rule.fixed, .conformal, .logNormal] { #expect(value(rule, moved: true) == 0.5) }
    }
}
