import Foundation
import Testing

/// Samples of more than 8 bits whose highest value is no power of two, as those of castings under a camera of 12 bits that
/// is exposed to 3000, or of 10 bits exposed to 700.
@Suite("Depths that are not used up")
struct CastingsTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand()
        try musc.installTinyWeights()
    }

    static let parts = 18, defective = 5, brightest = 3000

    /// A cast disc with a rim and a rough surface, 0 to 3000; the first few have a blow hole.
    static func casting(_ number: Int) -> [Int] {
        (0..<4096).map { index in
            let (x, y) = (index % 64 - 32, index / 64 - 32)
            let radius = x * x + y * y
            let rough = (((x * 13 + y * 29 + number * 7) * 2_654_435_761) >> 8) & 127
            let ring = (radius / 90 + number) % 3 * 90
            let metal = radius < 900 ? 2100 - radius / 2 + ring + rough : 320 + rough
            let (dx, dy) = (x - number * 3 % 11, y + 6)
            let isHole = number < defective && dx * dx + dy * dy < 30
            return index == 0 ? brightest : isHole ? 250 + rough : min(metal, brightest)
        }
    }

    /// Names of images that score higher, in pairs of a defective and a good part, and what is flagged.
    func outcome(_ name: String, largest: Int = 65535, _ sample: (Int) -> Int) throws -> (pairs: Int, flagged: Set<String>, table: String) {
        let folder = musc.scratch.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<Self.parts {
            let values = Self.casting(number).map(sample)
            try DeliveredFolderTests.pgm(values, largest: largest).write(to: folder.appending(path: "part_\(100 + number).pgm"))
        }
        let result = try musc.run(["run", name] + MuscCommand.tiny)
        #expect(result.status == 0, "\(result.errors)")
        let table = try String(contentsOf: folder.appending(path: "_musc/scores.csv"), encoding: .utf8)
        let lines = table.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let (image, score, flag) = (
            try #require(lines[0].firstIndex(of: "image")), try #require(lines[0].firstIndex(of: "score")),
            try #require(lines[0].firstIndex(of: "flagged"))
        )
        let rows = lines.dropFirst().map { (name: $0[image], score: Double($0[score]) ?? 0, flagged: $0[flag] == "true") }
        let isBad = Set((0..<Self.defective).map { "part_\(100 + $0).pgm" })
        let (bad, good) = (rows.filter { isBad.contains($0.name) }, rows.filter { !isBad.contains($0.name) })
        let pairs = bad.reduce(0) { sum, one in sum + good.count { $0.score < one.score } }
        return (pairs, Set(rows.filter(\.flagged).map(\.name)), table)
    }

    @Test("12 bits exposed to 3000 and 10 bits to 700 find what 8 bits find, to within one pair; the camera's own 8 bits exactly")
    func exposures() throws {
        let eight = try outcome("eight", largest: 255) { $0 * 255 / Self.brightest }
        // The holes are found, though not in every pair: else nothing would be compared.
        #expect(eight.pairs > Self.defective * (Self.parts - Self.defective) * 3 / 4)
        let twelve = try outcome("twelve") { $0 }
        let ten = try outcome("ten") { $0 * 700 / Self.brightest }
        for deep in [twelve, ten] {
            #expect(abs(deep.pairs - eight.pairs) <= 1)
            #expect(deep.flagged == eight.flagged)
        }
        #expect(try outcome("camera12", largest: 255) { $0 >> 4 }.table == twelve.table)
        #expect(try outcome("camera10", largest: 255) { ($0 * 700 / Self.brightest) >> 2 }.table == ten.table)
        // Taken as it is stored, such a batch is nearly black.
        let full = try musc.run(["run", "ten"] + MuscCommand.tiny, environment: ["MUSC_RANGE": "full"])
        #expect(full.status == 0, "\(full.errors)")
        let black = try String(contentsOf: musc.scratch.appending(path: "ten/_musc/scores.csv"), encoding: .utf8)
        #expect(black != ten.table)
    }
}
