import Foundation
import MuScEvaluation
import MuScImages
import MuScSupport
import SystemPackage
import Testing

/// The figures of a labelled set do not depend on how its files lie; what cannot be told is refused, never guessed.
@Suite("Layouts of labels")
struct LabelLayoutTests {
    private typealias Layout = LabelledSet.Layout

    /// Evaluates a layout and holds all seven figures against the right ones.
    private func check(_ layout: Layout, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let folder = try TemporaryFolder()
        try layout.write(to: folder, below: "set")
        let dataset: Dataset
        do {
            dataset = try Dataset(.folder, at: folder.path.appending("set"), hints: layout.hints)
        } catch {
            Issue.record("\(layout): \(error)", sourceLocation: sourceLocation)
            return
        }
        let results = try LabelledSet.evaluate(dataset, output: folder.path.appending("out"))
        try expectRight(results.mean, layout.description, sourceLocation: sourceLocation)
        #expect(results.classes.map(\.images.count) == [21], "\(layout)", sourceLocation: sourceLocation)
        if layout.hasTraining {
            #expect(results.remarks.contains { $0.contains("6 images") && $0.contains("training") }, "\(results.remarks)")
        }
        if layout.hasStray { #expect(results.remarks.contains { $0.contains("1 image (overview.png)") }, "\(results.remarks)") }
    }

    private func expectRight(
        _ metrics: SevenMetrics, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let right = try LabelledSet.metrics()
        for metric in SevenMetrics.Metric.allCases {
            let (ours, wanted) = (metrics[metric] ?? -1, right[metric] ?? -2)
            #expect(abs(ours - wanted) < 1e-12, "\(metric) of \(name): \(ours), not \(wanted)", sourceLocation: sourceLocation)
        }
    }

    private func fault(_ folder: TemporaryFolder, _ hints: Dataset.Hints = Dataset.Hints(), as layout: Dataset.Layout = .folder) -> String {
        do {
            _ = try Dataset(layout, at: folder.path, hints: hints)
            return "no error"
        } catch { return error.description }
    }

    @Test("Folders, names and values of masks in drawn combinations give the same figures")
    func drawn() throws {
        var random = SeededGenerator(seed: 28)
        for _ in 0..<40 { try check(.random(using: &random)) }
    }

    @Test("A folder of masks beside good and defective ones holds masks, not defective photographs")
    func masksBesideTypes() throws {
        try check(Layout(place: .flat))
        try check(Layout(place: .bySort, after: ""))
        try check(Layout(place: .masksByType))
        try check(Layout(place: .named, after: ""))
    }

    @Test("Types one folder deeper, and good images of several cameras, are in the figures")
    func nestedTypes() throws {
        try check(Layout(normal: "good/cam1", isNested: true))
        try check(Layout(normal: "good/cam1", isNested: true, place: .beside))
    }

    @Test("Masks 1_GT to 12_GT belong to images 1 to 12, whatever the order of their names' bytes")
    func byteOrder() throws {
        try check(Layout(place: .groundTruth, after: "_GT"))
        try check(Layout(place: .beside, after: "_GT"))
        // One that is missing shifts nothing: its image is named.
        let folder = try TemporaryFolder()
        try Layout(after: "_GT").write(to: folder, below: "set")
        try folder.remove("set/ground_truth/crack/1_GT.png")
        let error = fault(folder)
        #expect(error.contains("crack/1.png: has no mask of its own") && error.contains("ground_truth/crack"), "\(error)")
    }

    @Test("Masks of 240 and 255, of 1, and of 16 bits count in full", arguments: LabelledSet.Encoding.allCases)
    func maskValues(encoding: LabelledSet.Encoding) throws {
        try check(Layout(encoding: encoding))
    }

    @Test(
        "MVTec AD's rule counts 255 alone, and says which other values it saw",
        arguments: [
            (
                LabelledSet.Encoding.twoValues,
                "15 of 15 masks hold values that the rule of this data set does not count as defect: 240, where 255 alone counts"
            ),
            (.ones, "does not count as defect: 1, where"), (.deepOnes, "does not count as defect: 1, where"),
        ])
    func valuesPassedOver(encoding: LabelledSet.Encoding, says: String) throws {
        let folder = try TemporaryFolder()
        try Layout(place: .above, encoding: encoding).write(to: folder, below: "data/set")
        let dataset = try Dataset(.mvtecAD, at: folder.path.appending("data"))
        let evaluated = try LabelledSet.evaluate(dataset, output: folder.path.appending("out")).classes[0]
        #expect(evaluated.notes.contains { $0.contains(says) }, "\(evaluated.notes)")
    }

    @Test("Masks that are empty or JPEGs are counted in notes")
    func emptyMasks() throws {
        let folder = try TemporaryFolder()
        try Layout().write(to: folder, below: "set")
        let empty = GrayImage(width: 24, height: 24, pixels: [UInt8](repeating: 0, count: 576))
        try folder.write(empty.pngEncoded(), to: "set/ground_truth/crack/4_mask.png")
        try folder.remove("set/ground_truth/dent/13_mask.png")
        let lossy = GrayImage(width: 24, height: 24, pixels: LabelledSet.mask(13).map { $0 ? 255 : 0 })
        try folder.write(lossy.jpegEncoded(quality: 60), to: "set/ground_truth/dent/13_mask.jpg")
        let dataset = try Dataset(.folder, at: folder.path)
        let notes = try LabelledSet.evaluate(dataset, output: folder.path.appending("out")).classes[0].notes
        #expect(notes.contains { $0.contains("1 of 15 masks is empty") && $0.contains("4_mask.png") }, "\(notes)")
        #expect(notes.contains { $0.contains("1 of 15 masks is a JPEG") && $0.contains("13_mask.jpg") }, "\(notes)")
        #expect(
            try AnomalyMask.read(folder.path.pushing("set/ground_truth/dent/13_mask.jpg"), rule: .nonZero, width: 24, height: 24)
                == LabelledSet.mask(13).map { $0 ? 1 : 0 })
    }

    @Test("A class that is all good, or all defective, is left out with a remark, and the others are measured")
    func unmeasurableClasses() throws {
        let folder = try TemporaryFolder()
        try Layout(place: .above).write(to: folder, below: "data/right")
        for number in LabelledSet.goods { try folder.write(LabelledSet.photograph(number), to: "data/clean/test/good/\(number).png") }
        for layout in [Dataset.Layout.folder, .mvtecAD] {
            let dataset = try Dataset(layout, at: folder.path.appending("data"))
            #expect(dataset.classes.map(\.name) == ["right"] && !dataset.isComplete)
            #expect(dataset.remarks.contains { $0.hasPrefix("Class clean is left out: ") && $0.contains("are normal") })
            let results = try LabelledSet.evaluate(dataset, output: folder.path.appending("out"))
            try expectRight(results.mean, layout.rawValue)
            let table = ResultTable(results)
            #expect(table.text.contains("Class clean is left out") && table.json.contains("Class clean is left out"))
        }
        #expect(throws: DatasetError.self) { try Dataset(.folder, at: folder.path.appending("data"), classNames: ["clean"]) }
    }

    @Test("A folder Train/ beside Test/ stops nothing and is counted")
    func trainingFolder() throws {
        let folder = try TemporaryFolder()
        try Layout(place: .above).write(to: folder, below: "set")
        for number in LabelledSet.goods { try folder.write(LabelledSet.photograph(number), to: "set/Train/good/\(number).png") }
        let dataset = try Dataset(.folder, at: folder.path)
        #expect(dataset.classes.map(\.name) == ["set"])
        #expect(dataset.remarks.contains { $0.contains("set/Train: 6 images are not evaluated") })
        try expectRight(try LabelledSet.evaluate(dataset, output: folder.path.appending("out")).mean, "Train")
    }

    @Test("VisA's labels other than normal are defects, in any case and with spaces")
    func visaLabels() throws {
        let folder = try TemporaryFolder()
        var list = "object,split,label,image,mask\n"
        for number in LabelledSet.cracks.lowerBound...LabelledSet.goods.upperBound {
            try folder.write(LabelledSet.photograph(number), to: "candle/\(number).png")
            let isGood = number >= LabelledSet.goods.lowerBound
            if !isGood { try folder.write(LabelledSet.Encoding.white.file(number).bytes, to: "masks/\(number).png") }
            let label = isGood ? ["normal", "Normal ", "good"][number % 3] : ["anomaly", "bent,melt", "Anomaly"][number % 3]
            list += "candle,\(number % 2 == 0 ? "test" : "Test"),\"\(label)\",candle/\(number).png,\(isGood ? "" : "masks/\(number).png")\n"
        }
        list += "candle,holdout,normal,candle/1.png,\n"
        try folder.write(list, to: "split_csv/1cls.csv")
        let dataset = try Dataset(.visa, at: folder.path)
        #expect(dataset.classes[0].images.count { $0.isAnomalous } == 15)
        #expect(dataset.remarks.contains { $0.contains("1 images of a split that is neither train nor test (\"holdout\")") })
        try expectRight(try LabelledSet.evaluate(dataset, output: folder.path.appending("out")).mean, "VisA")
    }

    @Test("What cannot be told is refused with the file and the way out")
    func refused() throws {
        func folder(_ change: (TemporaryFolder) throws -> Void) throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            try Layout().write(to: folder, below: "set")
            try change(folder)
            return folder
        }
        let mask = try LabelledSet.Encoding.white.file(1).bytes
        let unnamed = try folder { for number in 1...3 { try $0.write(mask, to: "set/pictures/\(number).png") } }
        #expect(fault(unnamed).contains("set/pictures: the pictures of type \"pictures\" have few values, as masks have"))

        let below = try folder { try $0.write(LabelledSet.photograph(30), to: "set/crack/ok/1.png") }
        #expect(fault(below).contains("set/crack/ok: \"ok\" stands for normal images, but the folder lies in that of the defect \"crack\""))

        let twins = try folder { try $0.write(LabelledSet.photograph(30), to: "set/crack/3.bmp") }
        #expect(fault(twins).contains("another image has the same name"))

        let twoMasks = try folder { try $0.write(mask, to: "set/ground_truth/crack/3_mask.bmp") }
        #expect(fault(twoMasks).contains("crack/3.png: which mask") && fault(twoMasks).contains("two masks are called 3_mask"))

        let twoSets = try folder { for number in 1...12 { try $0.write(mask, to: "set/ground_truth/crack/\(number)_label.png") } }
        #expect(fault(twoSets).contains("masks named *_label and *_mask both fit"))

        let mixed = try folder {
            try $0.remove("set/ground_truth/crack/5_mask.png")
            try $0.write(mask, to: "set/ground_truth/crack/5_GT.png")
        }
        #expect(fault(mixed).contains("crack/5.png: has no mask of its own"))

        let nothing = try folder { _ in }
        #expect(fault(nothing, Dataset.Hints(maskFolder: "truths")).contains("there is no folder of masks \"truths\""))

        let leftOver = try folder { try $0.write(mask, to: "set/ground_truth/crack/77_mask.png") }
        let dataset = try Dataset(.folder, at: leftOver.path)
        #expect(dataset.remarks.contains { $0.contains("1 mask belongs to no anomalous image") && $0.contains("77_mask.png") })
    }

    @Test("A defect that is called label, and photographs called so, are no masks")
    func labelsOfBottles() throws {
        let folder = try TemporaryFolder()
        for number in LabelledSet.goods { try folder.write(LabelledSet.photograph(number), to: "set/good/\(number).png") }
        for number in 1...6 {
            try folder.write(LabelledSet.photograph(number), to: "set/label/\(number).png")
            try folder.write(LabelledSet.photograph(number + 6), to: "set/label/\(number)_label.png")
        }
        let dataset = try Dataset(.folder, at: folder.path)
        #expect(dataset.classes[0].images.count { $0.isAnomalous } == 12 && !dataset.classes[0].hasMasks)
    }
}
