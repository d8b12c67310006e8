import FoundationEssentials
import MuScBatch
import MuScImages
import MuScSupport
import SystemPackage

extension JudgesFixture {
    /// Writes photographs of parts with details of their own, the first few of them with a defect.
    ///
    /// - Parameter shots: For each part how often it was photographed, each time a little brighter.
    func parts(
        _ shots: [Int], defects: Int = 0, in name: String, seed: Int = 0
    ) throws -> [BatchFile] {
        let place = folder.appending(name)
        try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
        return try shots.enumerated().flatMap { part, count in
            try (0..<count).map { shot in
                var detail = SeededGenerator(seed: UInt64(1000 * seed + part + 1))
                var values = [Int](repeating: 0, count: 56 * 56)
                for y in 0..<56 { for x in 0..<56 { values[y * 56 + x] = 100 + (x / 14 + y / 14) % 2 * 50 } }
                for _ in 0..<120 {
                    let (x, y) = (Int.random(in: 0..<53, using: &detail), Int.random(in: 0..<53, using: &detail))
                    let height = Int.random(in: -14...14, using: &detail)
                    for dy in 0..<3 { for dx in 0..<3 { values[(y + dy) * 56 + x + dx] += height } }
                }
                if part < defects { for y in 8..<26 { for x in 8..<26 { values[y * 56 + x] = (x * y * (part + 3)) % 200 + 30 } } }
                let pixels = values.flatMap { value in
                    [UInt8](repeating: UInt8(min(max(value + shot, 0), 255)), count: 3)
                }
                let file = "part\(part)_\(shot).png"
                let path = place.appending(file)
                try Data(RGBImage(width: 56, height: 56, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
                return BatchFile(path: path, name: file)
            }
        }
    }
}
