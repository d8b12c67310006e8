import Foundation
import Goldens
import MuScBatch
import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

/// The path of a file under `Tests/Fixtures`.
func fixturePath(_ name: String) -> String {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(2)
    return parts.joined(separator: "/") + "/Fixtures/" + name
}

/// A folder that is removed when the test is over.
final class TemporaryFolder {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "musc-evaluation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// Copies a file to a path below the folder, with the folders it needs.
    func copy(_ source: String, to name: String) throws {
        try makeFolder(of: name)
        try FileManager.default.copyItem(atPath: source, toPath: path.pushing(FilePath(name)).string)
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try makeFolder(of: name)
        try Data(bytes).write(to: URL(filePath: path.pushing(FilePath(name)).string))
    }

    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path.pushing(FilePath(name)).string)))
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path.pushing(FilePath(name)).string)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path.pushing(FilePath(name)).string)
    }

    private func makeFolder(of name: String) throws {
        let folder = path.pushing(FilePath(name)).removingLastComponent().string
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
}

/// Small trees in the layouts of the published data sets, made of the committed photographs of magnetic tiles.
extension TemporaryFolder {
    private static let tiles = "magnetic_tiles/tile"

    /// A photograph of a tile: normal ones are numbered 0 to 23, each sort of defect 0 to 3.
    static func photograph(_ type: String, _ number: Int) -> String {
        Goldens.path("\(tiles)/test/\(type)/\(number < 10 ? "00" : "0")\(number).jpg")
    }

    static func mask(_ type: String, _ number: Int) -> String {
        Goldens.path("\(tiles)/ground_truth/\(type)/00\(number)_mask.png")
    }

    /// A class in MVTec AD's layout: four good photographs, two with cracks, two blowholes, with masks.
    func addMVTecClass(_ name: String) throws {
        for number in 0..<4 {
            try copy(Self.photograph("good", number), to: "\(name)/test/good/00\(number).jpg")
            try copy(Self.photograph("good", number), to: "\(name)/train/good/00\(number).jpg")
        }
        for type in ["crack", "blowhole"] {
            for number in 0..<2 {
                try copy(Self.photograph(type, number), to: "\(name)/test/\(type)/00\(number).jpg")
                try copy(Self.mask(type, number), to: "\(name)/ground_truth/\(type)/00\(number)_mask.png")
            }
        }
    }

    /// A class in BTAD's layout, with bmp files: `ok`, and `ko` whose masks are named as the images.
    func addBTADClass(_ name: String) throws {
        for number in 0..<3 {
            try copy(Goldens.path("images/rgb.bmp"), to: "\(name)/test/ok/000\(number).bmp")
            try copy(Goldens.path("images/rgb.bmp"), to: "\(name)/test/ko/000\(number).bmp")
            let header = try ImageHeader(contentsOf: FilePath(Goldens.path("images/rgb.bmp")))
            try write(Self.squareMask(width: header.width, height: header.height), to: "\(name)/ground_truth/ko/000\(number).png")
        }
    }

    /// VisA's layout with its list in `split_csv/1cls.csv`.
    func addVisA(_ classes: [String]) throws {
        var list = "object,split,label,image,mask\n"
        for name in classes {
            for number in 0..<3 {
                try copy(Self.photograph("good", number), to: "\(name)/Data/Images/Normal/000\(number).JPG")
                list += "\(name),\(number == 0 ? "train" : "test"),normal,\(name)/Data/Images/Normal/000\(number).JPG,\n"
                try copy(Self.photograph("crack", number), to: "\(name)/Data/Images/Anomaly/000\(number).JPG")
                try copy(Self.mask("crack", number), to: "\(name)/Data/Masks/Anomaly/000\(number).png")
                list += "\(name),test,anomaly,\(name)/Data/Images/Anomaly/000\(number).JPG,\(name)/Data/Masks/Anomaly/000\(number).png\n"
            }
        }
        try write(list, to: "split_csv/1cls.csv")
    }

    /// A grey PNG that is white in the middle.
    static func squareMask(width: Int, height: Int, value: UInt8 = 255) throws -> [UInt8] {
        var mask = GrayImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height))
        for y in height / 4..<height / 2 { for x in width / 4..<width / 2 { mask.pixels[y * width + x] = value } }
        return try mask.pngEncoded()
    }
}

/// Scores as of a batch, without a network: images whose path names a defect score higher, by a seeded draw.
func drawnScores(_ files: [BatchFile], seed: UInt64 = 7) -> Inspection {
    let grid = PatchGrid(width: 4, height: 4)
    var random = SeededGenerator(seed: seed)
    var maps: [Float] = []
    let images = files.enumerated().map { index, file in
        let isNormal = ["/good/", "/ok/", "/Normal/"].contains { file.path.string.contains($0) }
        let map = (0..<grid.count).map { _ in Float.random(in: 0.2..<0.8, using: &random) + (isNormal ? 0 : 0.15) }
        maps += map
        let score = map.max() ?? 0
        return ScoredImage(
            name: file.name, path: file.path, size: 64, index: index, score: score, scoreMSM: score)
    }
    return Inspection(
        grid: grid, images: images, patchMaps: maps, imageFeatures: files.map { _ in 1 }, featureWidth: 1,
        threshold: Threshold(value: 1, rule: .fixed, explanation: ""),
        rscin: RsCINDecision(applied: false, neighbourAgreement: nil, reason: ""))
}
