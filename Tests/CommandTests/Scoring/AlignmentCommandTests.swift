import Foundation
import Glibc
import MuScImages
import Testing

/// Parts that lie turned, from the command to the results.
@Suite struct AlignmentCommandTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    /// Photographs of a light bar with one dark end on a blue ground, turned by 30° from one to the next.
    private func makeParts(_ name: String, images: Int) throws {
        let folder = musc.scratch.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for index in 0..<images {
            let turn = Double(30 * index + 4) * .pi / 180
            var pixels: [UInt8] = []
            for y in 0..<150 {
                for x in 0..<200 {
                    let (dx, dy) = (Double(x) - 100, Double(y) - 75)
                    let (along, across) = (cos(turn) * dx + sin(turn) * dy, cos(turn) * dy - sin(turn) * dx)
                    let grain = UInt8(truncatingIfNeeded: (x &* 7 ^ y &* 13 &+ index) & 7)
                    guard abs(along) < 50, abs(across) < 16 else {
                        pixels += [50 + grain, 90, 150]
                        continue
                    }
                    let light: UInt8 = along < -34 ? 120 : 200
                    pixels += [light + grain, light, light - 10]
                }
            }
            let file = folder.appending(path: "part_\(index < 10 ? "0" : "")\(index).png")
            try Data(RGBImage(width: 200, height: 150, pixels: pixels).pngEncoded()).write(to: file)
        }
    }

    private func record(_ results: String) throws -> [String: Any] {
        let data = try Data(contentsOf: musc.scratch.appending(path: "\(results)/run.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func table(_ results: String) throws -> String {
        try String(contentsOf: musc.scratch.appending(path: "\(results)/scores.csv"), encoding: .utf8)
    }

    @Test("The report says that parts were turned and cropped, shows one, and tells each image's turn; a report made again too")
    func report() throws {
        try makeParts("batch", images: 12)
        let result = try musc.run(["run", "batch"] + MuscCommand.tiny)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("in 12 of 12 photographs, and compared turned upright and cropped"), "\(result.errors)")
        let alignment = try #require(try record("batch/_musc")["alignment"] as? [String: Any])
        #expect((alignment["images"] as? [[String: Any]])?.count == 12 && alignment["is_turned"] as? Bool == true)
        for _ in 0..<2 {
            let page = try String(contentsOf: musc.scratch.appending(path: "batch/_musc/report.html"), encoding: .utf8)
            #expect(page.contains("overlays/aligned.jpg") && page.contains("turned upright and cropped"))
            #expect(musc.scratch.appending(path: "batch/_musc/overlays/aligned.jpg").exists)
            #expect(try musc.run("report", "batch/_musc").status == 0)
        }
        let off = try musc.run(["run", "batch", "--align", "off"] + MuscCommand.tiny)
        #expect(off.status == 0 && !off.errors.contains("turned"), "\(off.errors)")
        #expect(try record("batch/_musc")["alignment"] == nil)
    }

    @Test("Shards of turned parts and a merge write what one run with the same judges writes")
    func shards() throws {
        try makeParts("batch", images: 12)
        let planned = try musc.run(["plan", "batch", "--shards", "2", "--judges", "5", "--work", "work"] + MuscCommand.tiny)
        #expect(planned.status == 0, "\(planned.errors)")
        for shard in ["0", "1"] {
            let work = try musc.run("work", "--plan", "work/plan.json", "--shard", shard)
            #expect(work.status == 0, "\(work.errors)")
        }
        let merged = try musc.run("merge", "--plan", "work/plan.json")
        #expect(merged.status == 0, "\(merged.errors)")
        let single = try musc.run(["run", "batch", "--judges", "5", "--out", "one"] + MuscCommand.tiny)
        #expect(single.status == 0, "\(single.errors)")
        let (parts, whole) = (try table("batch/_musc"), try table("one/batch/_musc"))
        #expect(parts == whole)
        let (a, b) = (try record("batch/_musc")["alignment"], try record("one/batch/_musc")["alignment"])
        #expect(a != nil && a as? NSDictionary == b as? NSDictionary)
    }

    @Test("A drop folder may have a choice of its own, the preset's too", arguments: [("preset", "off", "off"), ("off", "preset", "auto")])
    func dropFolder(forAll: String, own: String, inForce: String) throws {
        try makeParts("drop/batch", images: 12)
        let folder = musc.scratch.appending(path: "drop").path(percentEncoded: false)
        let file = "model: {align: \(forAll)}\nwatch: {settle_seconds: 0, roots: [{folder: \(folder), align: \(own)}]}\n"
        try Data(file.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 0, "\(sweep.errors)")
        let record = try record("drop/batch/_musc")
        #expect((record["alignment"] == nil) == (inForce == "off"))
        #expect((record["settings"] as? [String: String])?["model.align"] == inForce)
    }
}
