import MuScEvaluation
import MuScSupport
import MuScTensors
import Testing

@Suite("PRO and sPRO by sorting")
struct ExactOverlapTests {
    private typealias Case = NaiveMetrics.Case

    private func same(_ ours: Double?, _ naive: Double?, _ name: String) {
        #expect((ours == nil) == (naive == nil), "\(name): \(ours as Any), by definition \(naive as Any)")
        if let ours, let naive { #expect(abs(ours - naive) < 1e-9, "\(name): \(ours), by definition \(naive)") }
    }

    private func regions(_ sample: Case) -> [(image: Int, pixels: [Int])] {
        (0..<sample.images).flatMap { image in
            NaiveMetrics.regions(
                Array(sample.masks[image * sample.area..<(image + 1) * sample.area]), width: sample.width, height: sample.height
            )
            .map { (image, $0) }
        }
    }

    @Test("PRO is the one of its definition, at any limit and with any number of threads")
    func pro() throws {
        for sample in NaiveMetrics.cases(400) {
            let defects = regions(sample).map { region in
                (pixels: region.pixels.map { $0 + region.image * sample.area }, saturation: region.pixels.count)
            }
            for limit in [0.05, 0.3, 1] {
                let ours = try ExactOverlap(
                    maps: sample.maps, masks: sample.masks, width: sample.width, height: sample.height, limit: limit, threads: 2)
                #expect(ours.defects == defects.count)
                same(
                    ours.value, NaiveMetrics.overlap(sample.maps, sample.masks, defects: defects, limit: limit),
                    "\(sample.description) to \(limit)")
            }
        }
    }

    @Test("sPRO is the one of its definition, for saturations of one pixel to all, and defects that overlap")
    func saturated() throws {
        var random = SeededGenerator(seed: 11)
        for sample in NaiveMetrics.cases(400) {
            var defects = regions(sample).map { region in
                DefectRegion(
                    image: region.image, runs: region.pixels.sorted().map { $0..<$0 + 1 },
                    saturation: Int.random(in: 1...region.pixels.count, using: &random))
            }
            if let first = defects.first { defects.append(DefectRegion(image: first.image, runs: first.runs, saturation: 1)) }
            let naive = defects.map { defect in
                (pixels: defect.runs.flatMap { $0 }.map { $0 + defect.image * sample.area }, saturation: defect.saturation)
            }
            let ours = try ExactOverlap(
                maps: sample.maps, masks: sample.masks, area: sample.area, defects: defects, limit: 0.05, threads: 2)
            same(ours.value, NaiveMetrics.overlap(sample.maps, sample.masks, defects: naive, limit: 0.05), sample.description)
        }
    }

    @Test("Ninety cases agree with scikit-learn, scikit-image and the definitions in numpy within 1e-9")
    func independent() throws {
        let archive = try TensorArchive(path: fixturePath("metrics/exact_cases.safetensors"))
        let shapes = try archive.tensor("shapes").integers()
        let scores = try archive.tensor("scores").floats()
        let labels = try archive.tensor("labels").integers().map { UInt8($0) }
        let thresholds = try archive.tensor("thresholds").floats()
        let expected = try archive.tensor("expected").withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
        var start = 0
        for index in thresholds.indices {
            let (images, height, width) = (shapes[3 * index], shapes[3 * index + 1], shapes[3 * index + 2])
            let range = start..<start + images * height * width
            start = range.upperBound
            let sample = Case(
                description: "case \(index)", maps: Array(scores[range]), masks: Array(labels[range]), width: width, height: height)
            let defects = regions(sample).map { region in
                DefectRegion(
                    image: region.image, runs: region.pixels.sorted().map { $0..<$0 + 1 },
                    saturation: (region.pixels.count + 2) / 3)
            }
            let table = try Confusion(
                marked: sample.maps.map { $0 >= thresholds[index] ? 1 : 0 }, labels: sample.masks)
            let ours = [
                try ExactOverlap(maps: sample.maps, masks: sample.masks, width: width, height: height, limit: 0.3).value,
                try ExactOverlap(maps: sample.maps, masks: sample.masks, width: width, height: height, limit: 0.05).value,
                try ExactOverlap(maps: sample.maps, masks: sample.masks, area: sample.area, defects: defects, limit: 0.05).value,
                table.recall, table.falseAlarmRate, table.precision, table.f1,
            ]
            for (figure, value) in ours.enumerated() {
                let wanted = expected[7 * index + figure]
                same(value, wanted.isNaN ? nil : wanted, "figure \(figure) of case \(index)")
            }
        }
        #expect(start == scores.count && thresholds.count == 90)
    }

    @Test("Many pixels over many threads give what one thread gives, and nearly what 200 thresholds give")
    func large() throws {
        var random = SeededGenerator(seed: 3)
        let side = 300
        let masks = (0..<4 * side * side).map { UInt8(($0 / 40) % 7 == 0 && ($0 / side / 30) % 2 == 0 ? 1 : 0) }
        let maps = masks.map { Float.random(in: 0..<1, using: &random) + ($0 == 0 ? 0 : 0.4) }
        let one = try ExactOverlap(maps: maps, masks: masks, width: side, height: side, limit: 0.3)
        let four = try ExactOverlap(maps: maps, masks: masks, width: side, height: side, limit: 0.3, threads: 4)
        let value = try #require(one.value)
        #expect(abs(value - (four.value ?? 0)) < 1e-12)
        let steps = try PerRegionOverlap(maps: maps, masks: masks, width: side, height: side)
        #expect(abs(value - (steps.value ?? 0)) < 0.01)
    }

    @Test("What is not finite or does not fit is refused")
    func refused() {
        #expect(throws: MetricError.notFinite(index: 1)) {
            try ExactOverlap(maps: [0, .nan], masks: [0, 1], width: 2, height: 1, limit: 0.3)
        }
        #expect(throws: MetricError.countsDiffer(scores: 2, labels: 1)) {
            try ExactOverlap(maps: [0, 1], masks: [0], width: 2, height: 1, limit: 0.3)
        }
        #expect(throws: MetricError.notWholeImages(values: 3, width: 2, height: 1)) {
            try ExactOverlap(maps: [0, 1, 2], masks: [0, 1, 0], width: 2, height: 1, limit: 0.3)
        }
    }
}

@Suite("Figures at a fixed threshold")
struct ConfusionTests {
    @Test("The confusion table of pixels is the plain count, ties included")
    func pixels() throws {
        for sample in NaiveMetrics.cases(200) {
            let threshold = sample.maps[sample.maps.count / 2]
            let ours = try Confusion(marked: sample.maps.map { $0 >= threshold ? 1 : 0 }, labels: sample.masks, threads: 2)
            func count(_ above: Bool, _ label: UInt8) -> Int {
                sample.maps.indices.count { (sample.maps[$0] >= threshold) == above && sample.masks[$0] == label }
            }
            #expect(ours.truePositives == count(true, 1) && ours.falsePositives == count(true, 0))
            #expect(ours.falseNegatives == count(false, 1) && ours.trueNegatives == count(false, 0))
            let best = try RankMetrics(scores: sample.maps, labels: sample.masks).f1Max
            if let best, let f1 = ours.f1 { #expect(f1 <= best + 1e-12) }
        }
    }

    @Test("Recall, false alarms, precision and F1 follow from the table, and are nil where nothing defines them")
    func figures() {
        let table = Confusion(flagged: [true, true, true, false, false], anomalous: [true, true, false, true, false])
        #expect(table.recall == 2.0 / 3 && table.falseAlarmRate == 0.5 && table.precision == 2.0 / 3 && table.f1 == 4.0 / 6)
        let none = Confusion(flagged: [false], anomalous: [false])
        #expect(none.recall == nil && none.precision == nil && none.f1 == nil && none.falseAlarmRate == 0)
    }
}
