import Foundation
import MuScEvaluation
import MuScResults
import Testing

@Suite("Result tables")
struct ResultTableTests {
    private func evaluated(_ name: String, _ metrics: SevenMetrics) -> ClassEvaluation {
        ClassEvaluation(
            name: name, metrics: metrics,
            images: [
                .init(path: "\(name)/test/good/0.png", type: "good", isAnomalous: false, score: 0.5, scoreMSM: 0.5),
                .init(path: "\(name)/test/<b>/1.png", type: "<b>", isAnomalous: true, score: 0.4, scoreMSM: 0.4),
            ],
            imageThreshold: 0.4, imageCurve: [.init(falsePositiveRate: 1, truePositiveRate: 1, precision: 0.5)],
            pixelCurve: [.init(falsePositiveRate: 1, truePositiveRate: 1, precision: 0.5)], regions: 1,
            misses: [.init(image: 0, photograph: "misses/a b/good_0.jpg", heatMap: nil)], scoringSeconds: 1,
            metricsSeconds: 1, notes: [], inputDigest: "")
    }

    private let all = SevenMetrics(
        imageAUROC: 0.98, imageF1Max: 0.97, imageAP: 0.99, pixelAUROC: 0.96, pixelF1Max: 0.5, pixelAP: 0.4, pixelPRO: 0.8)

    private func results(
        _ layout: Dataset.Layout, _ names: [String], backbone: String = "ViT-L-14-336", size: Int = 518
    ) -> EvaluationResults {
        EvaluationResults(
            layout: layout, isComplete: true, backbone: backbone, imageSize: size, configuration: ["scoring.preset": "paper"],
            classes: names.map { evaluated($0, all) })
    }

    @Test("The published tables are read whole: 15, 12 and 3 classes, 16 rows of backbones each")
    func publishedTables() throws {
        #expect(PublishedFigures.classNames(of: .mvtecAD).count == 15)
        #expect(PublishedFigures.classNames(of: .visa).count == 12)
        #expect(PublishedFigures.classNames(of: .btad) == ["01", "02", "03"])
        #expect(PublishedFigures.classNames(of: .folder).isEmpty)
        let best = try #require(PublishedFigures.match(dataset: .mvtecAD, backbone: "ViT-L-14-336", imageSize: 518))
        #expect(abs(best.mean.imageAUROC! - 0.9777) < 1e-12)
        #expect(abs(best.classes["screw"]!.pixelPRO! - 0.9440) < 1e-12)
        #expect(best.millisecondsPerImage == 955.3)
        let other = try #require(PublishedFigures.match(dataset: .btad, backbone: "dinov2_vitb14", imageSize: 336))
        #expect(abs(other.mean.pixelPRO! - 0.7435) < 1e-12)
        #expect(other.classes.isEmpty)
        #expect(PublishedFigures.match(dataset: .mvtecAD, backbone: "dinov2_vits14", imageSize: 336) == nil)
        #expect(PublishedFigures.match(dataset: .folder, backbone: "ViT-L-14-336", imageSize: 518) == nil)
        #expect(PublishedFigures.comparedMethods(on: .mvtecAD).count == 16)
        #expect(PublishedFigures.comparedMethods(on: .visa).count == 9)
        let graphCore = try #require(PublishedFigures.comparedMethods(on: .mvtecAD).first { $0.name == "GraphCore" })
        #expect(graphCore.metrics.imageF1Max == nil && graphCore.metrics.imageAUROC == 0.929)
    }

    @Test("The published mean is shown only beside a mean over the same classes")
    func publishedMean() {
        let part = ResultTable(results(.btad, ["01", "02"])).text
        #expect(part.contains("paper's mean is not shown"))
        #expect(!part.contains("\ndifference"))
        let whole = ResultTable(results(.btad, ["01", "02", "03"])).text
        #expect(whole.contains("\npaper"))
        // 98.00 against 96.16.
        #expect(whole.contains("+1.84"))
        // Class 02: 98.00 against 90.23.
        #expect(whole.contains("+7.77"))
    }

    @Test("The table on the terminal has a line a class, the mean and nothing published for another backbone")
    func text() {
        let text = ResultTable(results(.folder, ["bolt", "nut"], backbone: "dinov2_vits14", size: 336)).text
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "folder · dinov2_vits14 · 336 px")
        #expect(lines[3] == "bolt             2   98.00   97.00   99.00   96.00   50.00   40.00   80.00")
        #expect(lines[5] == "mean             4   98.00   97.00   99.00   96.00   50.00   40.00   80.00")
        // Then the figures at the program's own thresholds, of which these classes have none.
        #expect(lines[6].hasPrefix("At the program's own thresholds"))
        #expect(lines[7] == "class       recall  alarms precis.   SegF1     PRO    sPRO")
        #expect(lines[8] == "bolt      " + String(repeating: "       –", count: 6))
        #expect(lines[10] == "mean      " + String(repeating: "       –", count: 6))
        #expect(lines.count == 11)
        #expect(!text.contains("this run"))
    }

    @Test("Among the compared methods stands this run, with its preset and size")
    func ownRow() {
        let table = ResultTable(results(.mvtecAD, PublishedFigures.classNames(of: .mvtecAD).sorted()))
        for text in [table.text, table.markdown] { #expect(text.contains("this run, preset paper, 518 px")) }
    }

    @Test("CSV has percent with four places, quotes where they are needed, and the paper's columns where there are any")
    func csv() {
        let own = "recall,false_alarms,precision,seg_f1,pro_exact,spro,true_positives,false_positives,false_negatives,true_negatives"
        let csv = ResultTable(results(.folder, ["a,\"b\""], backbone: "x")).csv
        #expect(
            csv.split(separator: "\r\n")[0]
                == "class,images,anomalous,auroc_image,f1max_image,ap_image,auroc_pixel,f1max_pixel,ap_pixel,pro_pixel,\(own)")
        #expect(csv.split(separator: "\r\n")[1] == "\"a,\"\"b\"\"\",2,1,98.0000,97.0000,99.0000,96.0000,50.0000,40.0000,80.0000,,,,,,,,,,")
        let matched = ResultTable(results(.btad, ["01"])).csv
        #expect(
            matched.split(separator: "\r\n")[0].hasSuffix(
                "paper_pro_pixel,difference_auroc_image,difference_f1max_image,difference_ap_image,difference_auroc_pixel,difference_f1max_pixel,difference_ap_pixel,difference_pro_pixel,\(own)"
            ))
        #expect(matched.split(separator: "\r\n")[1].contains(",98.7400,"))
    }

    @Test("JSON holds the classes, the mean and what decided the scores")
    func json() throws {
        let data = Data(ResultTable(results(.btad, ["01", "02", "03"])).json.utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["dataset"] as? String == "btad")
        #expect((object["classes"] as? [Any])?.count == 3)
        let mean = try #require(object["mean"] as? [String: Any])
        let paper = try #require((mean["paper"] as? [String: Double])?["auroc_image"])
        #expect(abs(paper - 96.16) < 1e-9)
        #expect((object["configuration"] as? [String: String])?["scoring.preset"] == "paper")
    }

    @Test("A metric that some class lacks is averaged over the others, and the table says so")
    func partialMean() {
        var some = all
        some.pixelPRO = nil
        let results = EvaluationResults(
            layout: .folder, isComplete: true, backbone: "x", imageSize: 1, configuration: [:],
            classes: [evaluated("a", all), evaluated("b", some)])
        #expect(results.mean.pixelPRO == 0.8)
        #expect(ResultTable(results).text.contains("The mean of PRO is over the classes in which it is defined."))
    }

    @Test("The workbook is a sound zip of sheets with the reference's columns")
    func workbook() throws {
        let folder = try TemporaryFolder()
        try folder.write(ResultTable(results(.btad, ["01", "02", "03"])).workbook.bytes, to: "results.xlsx")
        let text = String(decoding: try folder.read("results.xlsx"), as: UTF8.self)
        for part in ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet3.xml"] {
            #expect(text.contains(part))
        }
        #expect(text.contains("MuSc_results"))
        let header = ["auroc_px", "f1_px", "ap_px", "aupro", "auroc_sp", "f1_sp", "ap_sp"]
        for (column, name) in zip("BCDEFGH", header) {
            #expect(text.contains("<c r=\"\(column)1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">\(name)</t></is></c>"))
        }
        #expect(text.contains("<c r=\"F2\"><v>98.0</v></c>"))
    }

    @Test("Text in cells is escaped, and columns go on after Z")
    func workbookCells() {
        let sheet = Workbook.Sheet(
            name: "a & b", rows: [[Workbook.Cell](repeating: .empty, count: 27) + [.text("<\u{1}>"), .number(.nan)]])
        let text = String(decoding: Workbook(sheets: [sheet]).bytes, as: UTF8.self)
        #expect(text.contains("name=\"a &amp; b\""))
        #expect(text.contains("<c r=\"AB1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">&lt;\u{FFFD}&gt;</t></is></c></row>"))
    }

    @Test("The page shows names as text and links pictures by URL")
    func page() throws {
        let folder = try TemporaryFolder()
        try results(.btad, ["01"]).write(to: OutputFolder(folder.path), workbook: false)
        let html = String(decoding: try folder.read("evaluation.html"), as: UTF8.self)
        #expect(html.contains("src=\"misses/a%20b/good_0.jpg\""))
        #expect(html.contains("&lt;b&gt; (1)"))
        #expect(!html.contains("<b>"))
        #expect(html.contains("scores high (good): 01/test/good/0.png"))
        #expect(!folder.exists("results.xlsx"))
    }
}
