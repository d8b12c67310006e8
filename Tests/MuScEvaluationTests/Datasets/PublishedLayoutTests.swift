import Foundation
import MuScEvaluation
import MuScImages
import SystemPackage
import Testing

@Suite("Published data sets")
struct PublishedLayoutTests {
    @Test("Every layout gives the figures of its images, labels and masks", arguments: Dataset.Layout.allCases)
    func figures(layout: Dataset.Layout) throws {
        let folder = try TemporaryFolder()
        try layout.write(to: folder)
        let dataset = try Dataset(layout, at: folder.path, hints: Dataset.Hints(threads: 2))
        let results = try LabelledSet.evaluate(dataset, output: folder.path.appending("out"))
        let right = try LabelledSet.metrics()
        for metric in SevenMetrics.Metric.allCases {
            let (ours, wanted) = (results.mean[metric] ?? -1, right[metric] ?? -2)
            #expect(abs(ours - wanted) < 1e-12, "\(metric) of \(layout): \(ours), not \(wanted)")
        }
        #expect(results.classes.count == 1 && results.classes[0].images.count == 21)
        #expect(results.classes[0].exactOverlap != nil && results.classes[0].own?.pixels != nil)
        let table = ResultTable(results)
        #expect(
            table.text.contains("SegF1") && table.csv.contains("seg_f1") && table.json.contains("\"pro_limit\" : \(layout.overlapLimit)"))
        #expect(try JSONSerialization.jsonObject(with: Data(table.json.utf8)) is [String: Any])
    }

    @Test("Real-IAD's figures come by view and by part, a part by its highest view")
    func views() throws {
        let folder = try TemporaryFolder()
        try Dataset.Layout.realIAD.write(to: folder)
        let dataset = try Dataset(.realIAD, at: folder.path)
        #expect(dataset.remarks.contains { $0.contains("realiad_512; not of realiad_256") })
        let evaluated = try LabelledSet.evaluate(dataset, output: folder.path.appending("out")).classes[0]
        #expect(evaluated.groups.map(\.name) == ["C1", "C2", "C3", "C4", "C5", "parts"])
        #expect(evaluated.groups.map(\.count) == [5, 4, 4, 4, 4, 5])
        #expect(evaluated.groups.last?.anomalous == 3)
        // The figures over parts, from the images' scores.
        let parts = (0..<5).map { part in (1...21).filter { ($0 - 1) / 5 == part } }
        let scores = parts.map { $0.map { LabelledSet.map($0).max() ?? 0 }.max() ?? 0 }
        let ranking = try RankMetrics(scores: scores, anomalous: parts.map { $0.contains { $0 <= 15 } })
        #expect(evaluated.groups.last?.metrics.imageAUROC == ranking.auroc)
    }

    @Test("MVTec LOCO's sPRO takes each mask for a defect, with the saturation of its value")
    func saturated() throws {
        let folder = try TemporaryFolder()
        try Dataset.Layout.mvtecLOCO.write(to: folder)
        let dataset = try Dataset(.mvtecLOCO, at: folder.path)
        #expect(dataset.classes[0].images.filter { $0.isAnomalous }.contains { $0.masks.count == 2 })
        let evaluated = try LabelledSet.evaluate(dataset, output: folder.path.appending("out")).classes[0]
        // By the definition: images in the data set's order do not matter to a mean over defects.
        let area = LabelledSet.side * LabelledSet.side
        let numbers = Array(1...21)
        var defects: [(pixels: [Int], saturation: Int)] = []
        for (image, number) in numbers.enumerated() where number <= 15 {
            for half in 0..<2 {
                let pixels = LabelledSet.mask(number).enumerated().filter { index, isSet in
                    isSet && (index / LabelledSet.side < Dataset.Layout.middle(number)) == (half == 0)
                }.map { $0.offset + image * area }
                guard !pixels.isEmpty else { continue }
                defects.append((pixels, max(1, half == 0 ? min(6, pixels.count) : pixels.count / 2)))
            }
        }
        let masks = numbers.flatMap { number in
            number <= 15 ? LabelledSet.mask(number).map { $0 ? UInt8(1) : 0 } : [UInt8](repeating: 0, count: area)
        }
        let naive = NaiveMetrics.overlap(numbers.flatMap { LabelledSet.map($0) }, masks, defects: defects, limit: 0.05)
        #expect(abs((evaluated.saturatedOverlap ?? -1) - (naive ?? -2)) < 1e-9)

        try folder.write(
            "[{\"defect_name\": \"upper\", \"pixel_value\": 254, \"saturation_threshold\": 6, \"relative_saturation\": false}]",
            to: "box/defects_config.json")
        do {
            _ = try LabelledSet.evaluate(try Dataset(.mvtecLOCO, at: folder.path), output: folder.path.appending("other"))
            Issue.record("a value without saturation was taken")
        } catch { #expect("\(error)".contains("defects_config.json: has no entry for pixel_value 255")) }
        try folder.write("{}", to: "box/defects_config.json")
        #expect(throws: DatasetError.self) { try Dataset(.mvtecLOCO, at: folder.path) }
    }

    @Test("MVTec AD 2's private splits are written as its server wants them")
    func submission() throws {
        let folder = try TemporaryFolder()
        try Dataset.Layout.mvtecAD2.write(to: folder)
        let dataset = try Dataset(.mvtecAD2, at: folder.path)
        #expect(dataset.privateSplits.map(\.split) == ["test_private", "test_private_mixed"])
        let evaluation = LabelledSet.evaluation(dataset, output: folder.path.appending("out"), threshold: 0.6)
        for split in dataset.privateSplits { #expect(try evaluation.submit(split) == 15) }
        for name in ["test_private/003_regular", "test_private_mixed/003_mixed"] {
            let values = try folder.read("out/anomaly_images/can/\(name).tiff")
            let header = try ImageHeader(decoding: values, name: name)
            #expect(header.bitsPerSample == 16 && header.width == 24 && header.height == 24 && !header.isColour)
            let mask = try GrayImage(decoding: folder.read("out/anomaly_images_thresholded/can/\(name).png"), name: name)
            #expect(mask.pixels.count { $0 == 255 } >= LabelledSet.map(3).count { $0 >= 0.6 })
            #expect(zip(mask.pixels, LabelledSet.map(3)).allSatisfy { $1 >= 0.6 ? $0 == 255 : $1 >= 0.5 || $0 == 0 })
        }
    }

    @Test("Images and masks that do not belong together are named")
    func faults() throws {
        func fault(_ layout: Dataset.Layout, _ change: (TemporaryFolder) throws -> Void) throws -> String {
            let folder = try TemporaryFolder()
            try layout.write(to: folder)
            try change(folder)
            do {
                _ = try Dataset(layout, at: folder.path)
                return "no error"
            } catch { return error.description }
        }
        #expect(try fault(.kolektorSDD) { try $0.remove("kos01/Part2_label.png") }.contains("kos01/Part2.jpg: has no mask"))
        #expect(try fault(.kolektorSDD2) { try $0.remove("test/20003.png") }.contains("20003_GT.png: is a mask that belongs to no image"))
        #expect(try fault(.dagm) { try $0.remove("Class1/Test/Label") }.contains("a folder Label of masks"))
        #expect(
            try fault(.realIAD) { try $0.remove("realiad_512/toy/NG/AK/S0000/toy_S0000_NG_C2_20230912_mask.png") }.contains(
                "C2_20230912.jpg: has no mask"))
        #expect(
            try fault(.realIAD) { try $0.write("[]", to: "realiad_jsons/realiad_jsons/toy.json") }.contains(
                "toy.json: is no list with test"))
        #expect(
            try fault(.autoVI) { try $0.remove("box/ground_truth/logical_anomalies/014") }.contains(
                "logical_anomalies/014.png: has no mask"))
    }
}
