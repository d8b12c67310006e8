import Foundation
import MuScImages
import Testing

@Suite("Sizes and regions on the command line")
struct SizesAndRegionsTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    private func run(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.run(["run"] + arguments + ["--backbone", "tiny.json"])
    }

    private func record(_ batch: URL) throws -> (settings: [String: String], notes: [String]) {
        let data = try Data(contentsOf: batch.appending(path: "_musc/run.json"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return (try #require(object["settings"] as? [String: String]), try #require(object["notes"] as? [String]))
    }

    private func write(_ name: String, in folder: URL, width: Int, height: Int, _ pixel: (Int, Int) -> UInt8) throws {
        let pixels = (0..<height).flatMap { y in (0..<width).map { x in pixel(x, y) } }
        try Data(GrayImage(width: width, height: height, pixels: pixels).pngEncoded()).write(to: folder.appending(path: name))
    }

    @Test("Width and height are taken, cut into tiles, and recorded")
    func size() throws {
        let batch = try musc.makeBatch("batch", images: 3)
        let result = try run("batch", "--image-size", "196x126", "--tile", "8")
        #expect(result.status == 0, "\(result.errors)")
        let settings = try record(batch).settings
        #expect(settings["model.image_size"] == "196x126" && settings["model.grid"] == "14x9")
        #expect(settings["model.tile"] == "8" && settings["model.tiles"] == "6")
    }

    @Test("auto is said in the record, on the page and on standard error")
    func automatic() throws {
        let batch = try musc.makeBatch("batch", images: 3)
        let result = try run("batch", "--image-size", "auto")
        #expect(result.status == 0, "\(result.errors)")
        let (settings, notes) = try record(batch)
        #expect(settings["model.image_size"] == "84" && settings["model.grid"] == "6x6")
        #expect(notes.contains { $0.hasPrefix("Image size auto: photographs of 64×64 px were scored at 84×84 px") })
        #expect(try String(contentsOf: batch.appending(path: "_musc/report.html"), encoding: .utf8).contains("Image size auto"))
        #expect(result.errors.contains("Image size auto"))
    }

    @Test(
        "Sizes, tiles and regions that cannot be are refused with status 2",
        arguments: [
            (["--image-size", "100x84"], "98 and 112"), (["--image-size", "big"], "1008x672"), (["--tile", "3"], "8 to 1024"),
            (["--region", "1,2,3"], "left,top,width,height"), (["--region", "0,0,-1,4"], "left,top,width,height"),
        ])
    func refused(arguments: [String], expected: String) throws {
        try musc.makeBatch("batch", images: 2)
        let result = try musc.run(["run", "batch", "--backbone", "tiny.json"] + arguments)
        #expect(result.status == 2 && result.errors.contains(expected), "\(result.errors)")
    }

    @Test("The mask in a batch's folder goes before the configuration's region; both go into the results")
    func regions() throws {
        let batch = try musc.makeBatch("batch", images: 4)
        #expect(try run("batch", "--image-size", "84", "--region", "0,0,0.5,1").status == 0)
        var settings = try record(batch).settings
        #expect(settings["model.region"] == "0,0,0.5,1" && settings["model.region_patches"] == "18 of 36")
        try write("_region.png", in: batch, width: 32, height: 32) { x, y in x < 16 && y < 16 ? 255 : 0 }
        let result = try run("batch", "--image-size", "84", "--region", "0,0,0.5,1")
        #expect(result.status == 0 && result.output.contains("4 images"), "\(result.errors)")
        settings = try record(batch).settings
        #expect(settings["model.region"] == "batch/_region.png" && settings["model.region_patches"] == "9 of 36")
        let again = try musc.run("report", "batch")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try String(contentsOf: batch.appending(path: "_musc/report.html"), encoding: .utf8).contains("9 of 36 patches"))
    }

    @Test("A region that does not fit the photographs fails the batch with the reason")
    func misfit() throws {
        let batch = try musc.makeBatch("batch", images: 3)
        try write("_region.png", in: batch, width: 40, height: 20) { _, _ in 255 }
        let result = try run("batch", "--image-size", "84")
        #expect(result.status == 1 && result.errors.contains("40×20 px") && result.errors.contains("64×64 px"), "\(result.errors)")
        let outside = try run("batch", "--image-size", "84", "--region", "100,100,5,5")
        #expect(outside.status == 1)
    }

    @Test("Flagged photographs larger than a crop get one, and others none")
    func crops() throws {
        let batch = try musc.makeBatch("batch", images: 0)
        for index in 0..<3 {
            try write("big\(index).png", in: batch, width: 800, height: 600) { x, y in UInt8(truncatingIfNeeded: (x &* 3) ^ y &+ index) }
        }
        #expect(try run("batch", "--image-size", "84", "--threshold", "0").status == 0)
        let crops = batch.appending(path: "_musc/crops")
        #expect(crops.names == ["big0.png", "big1.png", "big2.png"])
        let crop = try RGBImage(decoding: [UInt8](Data(contentsOf: crops.appending(path: "big0.png"))), name: "crop")
        #expect(crop.width == 512 && crop.height == 512)
        #expect(try String(contentsOf: batch.appending(path: "_musc/report.html"), encoding: .utf8).contains("crops/big0.png"))
        #expect(try run("batch", "--image-size", "84", "--threshold", "2").status == 0)
        #expect(!crops.exists)
    }
}
