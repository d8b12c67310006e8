import MuScBatch
import MuScResults
import Testing

struct ScoresCSVTests {
    private let image = ScoredImage(
        name: "part_0001.jpg", path: "drop/part_0001.jpg", size: (1280, 960), index: 0, score: 0.4123456, scoreMSM: 0.4,
        flagged: true, peak: (12, 34))

    @Test("The header is the one that scripts rely on")
    func header() {
        #expect(
            ScoresCSV.text([]) { _ in nil }
                == "rank,image,score,score_msm,p_value,flagged,peak_x,peak_y,width,height,overlay,error\r\n")
    }

    @Test("A scored image has its rank, scores with six digits and a dot, peak, size and overlay")
    func scored() {
        let text = ScoresCSV.text([image]) { _ in "overlays/part_0001.png" }
        #expect(
            text.split(separator: "\r\n").last
                == "1,part_0001.jpg,0.412346,0.4,,true,12,34,1280,960,overlays/part_0001.png,")
    }

    @Test("An unreadable image has a row without rank and scores, and its error")
    func unreadable() {
        let broken = ScoredImage(name: "b.jpg", path: "drop/b.jpg", error: "It ends early, at byte 12.")
        let text = ScoresCSV.text([image, broken]) { _ in nil }
        #expect(text.split(separator: "\r\n").last == ",b.jpg,,,,,,,,,,\"It ends early, at byte 12.\"")
    }

    @Test("A p-value is written where there is one")
    func pValue() {
        var image = image
        image.pValue = 0.0204081
        #expect(ScoresCSV.text([image]) { _ in nil }.contains(",0.4,0.0204081,true,"))
    }
}
