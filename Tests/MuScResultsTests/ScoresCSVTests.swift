import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import Testing

struct ScoresCSVTests {
    private let image = ScoredImage(
        name: "part_0001.jpg", path: "drop/part_0001.jpg", size: ImageSize(width: 1280, height: 960), index: 0, score: 0.4123456,
        scoreMSM: 0.4,
        flagged: true, peak: PixelPosition(x: 12, y: 34))

    private func ranking(_ images: [ScoredImage]) -> Ranking {
        Ranking(
            Inspection(
                grid: PatchGrid(width: 1, height: 1), images: images, patchMaps: [], imageFeatures: [], featureWidth: 0,
                threshold: Threshold(value: 0.4, rule: .batch, explanation: ""),
                rscin: RsCINDecision(applied: false, neighbourAgreement: nil, reason: "")),
            look: 0.2)
    }

    private func text(_ images: [ScoredImage], style: CSVStyle = CSVStyle(), overlay: String? = nil) -> String {
        style.text(ScoresCSV.rows(ranking(images)) { _ in overlay })
    }

    @Test("The header is the one that scripts rely on")
    func header() {
        #expect(text([]) == "rank,image,score,score_msm,p_value,flagged,peak_x,peak_y,width,height,overlay,error,level\r\n")
    }

    @Test("Where images share parts, two columns tell the part and its highest score")
    func parts() {
        var (first, second, alone) = (image, image, image)
        (first.part, second.part) = ("17", "17")
        (second.name, second.index, second.score, second.flagged) = ("part_0002.jpg", 1, 0.2, false)
        (alone.name, alone.index, alone.score, alone.flagged) = ("part_0003.jpg", 2, 0.1, false)
        let lines = text([first, second, alone]).split(separator: "\r\n")
        #expect(lines[0].hasSuffix(",level,part,part_score"))
        #expect(lines[1].hasSuffix(",17,0.412346") && lines[2].hasSuffix(",17,0.412346") && lines[3].hasSuffix(",,0.1"))
    }

    @Test("A scored image has its rank, scores with six digits and a dot, peak, size, overlay and level")
    func scored() {
        #expect(
            text([image], overlay: "overlays/part_0001.png").split(separator: "\r\n").last
                == "1,part_0001.jpg,0.412346,0.4,,true,12,34,1280,960,overlays/part_0001.png,,flagged")
    }

    @Test("An unreadable image has a row without rank, scores and level, and its error")
    func unreadable() {
        let broken = ScoredImage(name: "b.jpg", path: "drop/b.jpg", error: "It ends early, at byte 12.")
        #expect(text([image, broken]).split(separator: "\r\n").last == ",b.jpg,,,,,,,,,,\"It ends early, at byte 12.\",")
    }

    @Test("A p-value is written where there is one")
    func pValue() {
        var image = image
        image.pValue = 0.0204081
        #expect(text([image]).contains(",0.4,0.0204081,true,"))
    }

    @Test("A German spreadsheet gets semicolons, commas in numbers and a byte order mark")
    func german() {
        let text = text([image], style: CSVStyle(separator: .semicolon, bom: true, decimal: .comma))
        #expect(text.hasPrefix("\u{FEFF}rank;image;"))
        #expect(text.contains("\r\n1;part_0001.jpg;0,412346;0,4;;true;12;34;1280;960;;;flagged\r\n"))
    }

    @Test("A comma in a number is quoted where commas separate cells")
    func commaTwice() {
        #expect(text([image], style: CSVStyle(decimal: .comma)).contains("\r\n1,part_0001.jpg,\"0,412346\",\"0,4\",,true,"))
    }
}
