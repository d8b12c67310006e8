import Foundation
import Goldens
import MuScEvaluation
import MuScImages
import SystemPackage
import Testing

@Suite("Layouts of data sets")
struct DatasetTests {
    private func fault(_ body: () throws -> Void) -> DatasetError? {
        do { try body() } catch { return error as? DatasetError }
        return nil
    }

    @Test("MVTec AD's layout lists types and files by name, with their masks")
    func mvtec() throws {
        let folder = try TemporaryFolder()
        try folder.addMVTecClass("tile")
        try folder.addMVTecClass("another")
        try folder.write("not a class", to: "license.txt")
        let dataset = try Dataset(.mvtecAD, at: folder.path)
        #expect(dataset.classes.map(\.name) == ["another", "tile"])
        #expect(dataset.isComplete)
        let tile = dataset.classes[1]
        #expect(tile.images.map(\.type) == ["blowhole", "blowhole", "crack", "crack", "good", "good", "good", "good"])
        #expect(tile.images.map(\.isAnomalous) == [true, true, true, true, false, false, false, false])
        #expect(tile.images[2].mask?.string.hasSuffix("tile/ground_truth/crack/000_mask.png") == true)
        #expect(tile.images[7].mask == nil)
        try tile.checkMasks(threads: 2)
    }

    @Test("One class or several can be asked for, and ALL means all")
    func chosenClasses() throws {
        let folder = try TemporaryFolder()
        try folder.addMVTecClass("a")
        try folder.addMVTecClass("b")
        #expect(try Dataset(.mvtecAD, at: folder.path, classNames: ["b"]).classes.map(\.name) == ["b"])
        #expect(try !Dataset(.mvtecAD, at: folder.path, classNames: ["b"]).isComplete)
        #expect(try Dataset(.mvtecAD, at: folder.path, classNames: ["ALL"]).classes.map(\.name) == ["a", "b"])
        #expect(try Dataset(.mvtecAD, at: folder.path, classNames: ["b", "a"]).classes.map(\.name) == ["b", "a"])
    }

    @Test("BTAD's layout takes bmp files, ok for normal and masks named as the images")
    func btad() throws {
        let folder = try TemporaryFolder()
        try folder.addBTADClass("01")
        let dataset = try Dataset(.btad, at: folder.path)
        let images = dataset.classes[0].images
        #expect(images.map(\.type) == ["ko", "ko", "ko", "ok", "ok", "ok"])
        #expect(images[1].mask?.string.hasSuffix("ground_truth/ko/0001.png") == true)
        try dataset.classes[0].checkMasks(threads: 1)
    }

    @Test("Masks whose names do not fit are refused: the order of names is no pairing")
    func masksInOrder() throws {
        let folder = try TemporaryFolder()
        try folder.addMVTecClass("tile")
        for number in 0..<2 {
            try folder.remove("tile/ground_truth/crack/00\(number)_mask.png")
            try folder.copy(TemporaryFolder.mask("crack", number), to: "tile/ground_truth/crack/m\(number).png")
        }
        let error = try #require(fault { _ = try Dataset(.mvtecAD, at: folder.path) })
        #expect(error.description.contains("crack/000.jpg: has no mask"))
    }

    @Test("VisA is read from its CSV list, and from meta.json, to the same classes")
    func visa() throws {
        let folder = try TemporaryFolder()
        try folder.addVisA(["candle", "pcb1"])
        let fromTable = try Dataset(.visa, at: folder.path)
        #expect(fromTable.classes.map(\.name) == ["candle", "pcb1"])
        // The list's order, test images alone.
        #expect(fromTable.classes[0].images.map(\.isAnomalous) == [true, false, true, false, true])
        #expect(fromTable.classes[0].images[1].type == "Normal")
        #expect(fromTable.classes[0].maskRule == .any)

        let listing = try VisAListing(root: folder.path)
        try listing.writeMetaJSON(to: folder.path.appending("meta.json"))
        try folder.remove("split_csv")
        let fromMeta = try Dataset(.visa, at: folder.path)
        #expect(fromMeta.classes == fromTable.classes)
    }

    @Test("meta.json is the one that the reference's script writes, byte for byte")
    func metaJSON() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            object,split,label,image,mask
            candle,train,normal,candle/Data/Images/Normal/0000.JPG,
            candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png
            candle,test,normal,candle/Data/Images/Normal/ö1.JPG,
            """, to: "split_csv/1cls.csv")
        let expected = try String(contentsOfFile: fixturePath("visa/meta.json"), encoding: .utf8)
        #expect(try VisAListing(root: folder.path).metaJSON == expected)
    }

    @Test("Any tree with good/ is a data set: one class or many, with masks or without")
    func anyTree() throws {
        let folder = try TemporaryFolder()
        try folder.copy(TemporaryFolder.photograph("good", 0), to: "plain/good/a.jpg")
        try folder.copy(TemporaryFolder.photograph("crack", 0), to: "plain/broken/b.jpg")
        try folder.addMVTecClass("as/mvtec")
        try folder.copy(TemporaryFolder.photograph("good", 0), to: "masked/OK/a.jpg")
        try folder.copy(TemporaryFolder.photograph("crack", 0), to: "masked/crack/000.jpg")
        try folder.copy(TemporaryFolder.mask("crack", 0), to: "masked/ground_truth/crack/000_mask.png")
        try folder.write("unused", to: "plain/_musc/report.html")
        let classes = try Dataset(.folder, at: folder.path).classes
        #expect(classes.map(\.name) == ["as/mvtec", "masked", "plain"])
        #expect(classes.map(\.hasMasks) == [true, true, false])
        #expect(classes[0].images.count == 8)
        #expect(classes[2].images.map(\.type) == ["broken", "good"])
        let single = try Dataset(.folder, at: folder.path.appending("plain"))
        #expect(single.classes.map(\.name) == ["plain"])
    }

    @Test("A class that does not exist is named with those that do")
    func missingClass() throws {
        let folder = try TemporaryFolder()
        try folder.addMVTecClass("tile")
        let error = try #require(fault { _ = try Dataset(.mvtecAD, at: folder.path, classNames: ["tiles"]) })
        #expect(error.description.contains("no class \"tiles\"; there is \"tile\""))
    }

    @Test("A missing mask is an error that names image and folder")
    func missingMask() throws {
        let folder = try TemporaryFolder()
        try folder.addMVTecClass("tile")
        try folder.remove("tile/ground_truth/crack/001_mask.png")
        let error = try #require(fault { _ = try Dataset(.mvtecAD, at: folder.path) })
        #expect(error.description.contains("test/crack/001.jpg: has no mask"))
        #expect(error.description.contains("ground_truth/crack"))
        #expect(fault { _ = try Dataset(.folder, at: folder.path) } != nil)

        let visa = try TemporaryFolder()
        try visa.addVisA(["candle"])
        try visa.remove("candle/Data/Masks/Anomaly/0001.png")
        #expect(fault { _ = try Dataset(.visa, at: visa.path) }?.description.contains("Anomaly/0001.JPG: has no mask") == true)
    }

    @Test("A mask of another size than its image is an error that gives both sizes")
    func maskSize() throws {
        let folder = try TemporaryFolder()
        try folder.addMVTecClass("tile")
        try folder.remove("tile/ground_truth/crack/001_mask.png")
        try folder.write(try TemporaryFolder.squareMask(width: 30, height: 20), to: "tile/ground_truth/crack/001_mask.png")
        let tile = try Dataset(.mvtecAD, at: folder.path).classes[0]
        let error = try #require(fault { try tile.checkMasks(threads: 2) })
        #expect(error.description.contains("the mask is 30×20 pixels"))
        #expect(error.description.contains("001_mask.png"))
    }

    @Test("Folders without labels, without classes and without anything say so")
    func unlabelled() throws {
        let folder = try TemporaryFolder()
        #expect(fault { _ = try Dataset(.mvtecAD, at: folder.path) }?.description.contains("no class found") == true)
        #expect(fault { _ = try Dataset(.visa, at: folder.path) }?.description.contains("split_csv/1cls.csv") == true)
        #expect(fault { _ = try Dataset(.folder, at: folder.path) }?.description.contains("no class found") == true)
        #expect(fault { _ = try Dataset(.btad, at: folder.path.appending("none")) }?.description.contains("no such folder") == true)
        try folder.copy(TemporaryFolder.photograph("good", 0), to: "photos/a.jpg")
        let unlabelled = try #require(fault { _ = try Dataset(.folder, at: folder.path) })
        #expect(unlabelled.description.contains("nothing says which are normal"))
        try folder.copy(TemporaryFolder.photograph("good", 0), to: "photos/good/a.jpg")
        let normal = try #require(fault { _ = try Dataset(.folder, at: folder.path) })
        #expect(normal.description.contains("all images of class \"photos\" are normal"))
    }

    @Test("A damaged list names the line")
    func damagedList() throws {
        let folder = try TemporaryFolder()
        try folder.write("object,split,label,image,mask\na,test,normal,\"x", to: "split_csv/1cls.csv")
        #expect(fault { _ = try Dataset(.visa, at: folder.path) }?.description.contains("1cls.csv:2: a quote is not closed") == true)
        try folder.write("object,split\na,test\n", to: "split_csv/1cls.csv")
        #expect(fault { _ = try Dataset(.visa, at: folder.path) }?.description.contains("columns object, split, label") == true)
        try folder.remove("split_csv")
        try folder.write("[]", to: "meta.json")
        #expect(fault { _ = try Dataset(.visa, at: folder.path) }?.description.contains("meta.json") == true)
    }

    @Test("MVTec AD's rule takes 255 alone of a resized mask, VisA's anything above 0")
    func maskRules() throws {
        let folder = try TemporaryFolder()
        try folder.write(try TemporaryFolder.squareMask(width: 100, height: 80), to: "white.png")
        try folder.write(try TemporaryFolder.squareMask(width: 100, height: 80, value: 1), to: "label.png")
        func count(_ name: String, _ rule: AnomalyMask.Rule) throws -> Int {
            try AnomalyMask.read(folder.path.appending(name), rule: rule, width: 33, height: 33).reduce(0) { $0 + Int($1) }
        }
        let (full, any) = (try count("white.png", .full), try count("white.png", .any))
        // The square covers 1/16 of the image; its edges fall between pixels.
        #expect(full < 33 * 33 / 16 && any > 33 * 33 / 16 && full > 0)
        #expect(try count("white.png", .nonZero) == full)
        #expect(try count("label.png", .nonZero) == full)
        #expect(try count("label.png", .full) == 0)
    }
}
