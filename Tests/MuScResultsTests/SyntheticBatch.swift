import Foundation
import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScSupport
import SystemPackage

/// A batch made for tests: photographs of a perforated plate, some of them scratched, and the scores that a scoring
/// would give them. The same seed gives the same batch.
struct SyntheticBatch {
    var folder: String
    var scores: Inspection
    var run: RunRecord

    /// - Parameters:
    ///   - names: One an image; every seventh image is scratched.
    ///   - folder: Gets the photographs, unless `photographs` is false.
    init(
        names: [String], folder: String, size: (width: Int, height: Int) = (160, 120), grid: PatchGrid = PatchGrid(width: 24, height: 24),
        photographs: Bool = true, threshold: Float? = nil, unreadable: [String] = [], seed: UInt64 = 1
    ) throws {
        self.folder = folder
        var random = SeededGenerator(seed: seed)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var images: [ScoredImage] = []
        var maps: [Float] = []
        var features: [Float] = []
        let width = 16
        for (index, name) in names.enumerated() {
            let scratch = index % 7 == 3 ? Scratch(random: &random) : nil
            if photographs {
                let picture = Self.photograph(size, scratch: scratch, random: &random)
                let bytes = name.hasSuffix(".jpg") ? try picture.jpegEncoded(quality: 85) : try picture.pngEncoded()
                try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            let map = Self.map(grid, scratch: scratch, random: &random)
            let peak = map.indices.max { map[$0] < map[$1] } ?? 0
            maps += map
            features += (0..<width).map { _ in Float(random.unit()) }
            images.append(
                ScoredImage(
                    name: name, path: FilePath("\(folder)/\(name)"),
                    size: ImageSize(width: size.width, height: size.height), index: index, score: map[peak], scoreMSM: map[peak],
                    peak: PixelPosition(
                        x: peak % grid.width * (size.width - 1) / max(grid.width - 1, 1),
                        y: peak / grid.width * (size.height - 1) / max(grid.height - 1, 1)
                    )))
        }
        let value = threshold ?? 0.3
        for index in images.indices { images[index].flagged = (images[index].score ?? 0) >= value }
        images += unreadable.map {
            ScoredImage(name: $0, path: FilePath("\(folder)/\($0)"), error: "The file ends before the image is complete.")
        }
        scores = Inspection(
            grid: grid, images: images, patchMaps: maps, imageFeatures: features, featureWidth: width,
            threshold: Threshold(
                value: value, rule: .batch,
                explanation: "Images are flagged from a score of \(value), the batch's median plus 3.5 times its spread."),
            rscin: RsCINDecision(
                applied: false, neighbourAgreement: 0.31,
                reason: "Look-alike correction (RsCIN): off, because images that look alike do not have like scores (Spearman 0.31)."),
            timings: [StageTiming(stage: "backbone", seconds: 8.4), StageTiming(stage: "mutual scoring", seconds: 3.1)])
        run = RunRecord(
            of: scores, version: "1.0.0", batch: "line-A/2026-11-24_0900", started: "2026-11-24T09:00:12+01:00",
            seconds: 12.3, settings: ["model.backbone": "dinov2_vits14", "model.image_size": "336", "scoring.preset": "tuned"],
            weightsSHA256: String(repeating: "0123456789abcdef", count: 4))
    }

    /// Says in the record that known good images judged alone, writes these, and makes the scratched images a group
    /// that shares a mark.
    mutating func addJudges(knownGood count: Int, in folder: String) throws {
        let names = (1...count).map { "good_\(100 + $0).jpg" }
        _ = try SyntheticBatch(names: names, folder: folder, seed: 9)
        run.outsideJudgments = [
            OutsideJudgment(
                origin: .knownGood, images: names, folder: folder, judged: true, besideBatch: false, standingOut: [])
        ]
        let scratched = scores.images.filter { $0.index.map { $0 % 7 == 3 } ?? false }
        run.evidence = scratched.map { image in
            PeakEvidence(
                image: image.name,
                places: names.prefix(4).enumerated().map { place, name in
                    .init(
                        name: name, origin: .knownGood, x: 40 + place, y: 30, width: 160, height: 120, distance: 0.31 + 0.01 * Float(place))
                })
        }
        run.recurring = [
            RecurringMark(
                parts: scratched.map { image in
                    RecurringMark.Part(
                        image: image.index ?? 0, name: image.name, x: image.peak?.x ?? 0, y: image.peak?.y ?? 0)
                })
        ]
    }

    /// Leaves out the patches for which `counts` is false, and takes scores and peaks anew.
    mutating func restrict(_ counts: (_ x: Int, _ y: Int) -> Bool) {
        let grid = scores.grid
        let region = PatchRegion(grid: grid, contains: (0..<grid.count).map { counts($0 % grid.width, $0 / grid.width) })
        region.clear(outside: &scores.patchMaps)
        scores.region = region
        for index in scores.images.indices {
            guard let place = scores.images[index].index, let size = scores.images[index].size else { continue }
            let peak = PatchMap.peak(scores.patchMap(place), grid: grid, width: size.width, height: size.height)
            scores.images[index].score = peak.score
            scores.images[index].scoreMSM = peak.score
            scores.images[index].peak = PixelPosition(x: peak.x, y: peak.y)
            scores.images[index].flagged = peak.score >= scores.threshold.value
        }
    }

    private struct Scratch {
        var x, y, angle, length: Double

        init(random: inout SeededGenerator) {
            x = 0.25 + 0.5 * random.unit()
            y = 0.25 + 0.5 * random.unit()
            angle = .pi * random.unit()
            length = 0.08 + 0.12 * random.unit()
        }

        /// How far a point is from the scratch; the picture's sides are 1.
        func distance(_ px: Double, _ py: Double) -> Double {
            let along = min(max((px - x) * cos(angle) + (py - y) * sin(angle), -length), length)
            return hypot(px - x - along * cos(angle), py - y - along * sin(angle))
        }
    }

    private static func photograph(
        _ size: (width: Int, height: Int), scratch: Scratch?, random: inout SeededGenerator
    ) -> RGBImage {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(size.width * size.height * 3)
        let light = 0.9 + 0.2 * random.unit()
        for y in 0..<size.height {
            for x in 0..<size.width {
                let u = Double(x) / Double(size.width)
                let v = Double(y) / Double(size.height)
                let hole = hypot(u * 4 - (u * 4).rounded(.down) - 0.5, v * 3 - (v * 3).rounded(.down) - 0.5) < 0.24
                var grey = hole ? 46 : 150 + 24 * sin(u * 3) + 8 * random.unit()
                if let scratch, scratch.distance(u, v) < 0.008 { grey = 235 }
                let value = grey * light
                for tint in [1.0, 1.01, 1.04] { pixels.append(UInt8(min(value * tint, 255))) }
            }
        }
        return RGBImage(width: size.width, height: size.height, pixels: pixels)
    }

    private static func map(_ grid: PatchGrid, scratch: Scratch?, random: inout SeededGenerator) -> [Float] {
        let level = 0.16 + 0.05 * random.unit()
        return (0..<grid.count).map { index in
            let u = (Double(index % grid.width) + 0.5) / Double(grid.width)
            let v = (Double(index / grid.width) + 0.5) / Double(grid.height)
            let glow = scratch.map { 0.34 * exp(-pow($0.distance(u, v) / 0.05, 2)) } ?? 0
            return Float(level + 0.03 * random.unit() + glow)
        }
    }
}

extension SeededGenerator {
    /// From 0 up to 1.
    mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

/// Calls `body` with a new empty folder, which is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/musc-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}
