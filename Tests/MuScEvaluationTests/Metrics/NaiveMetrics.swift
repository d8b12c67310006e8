import Goldens
import MuScEvaluation
import MuScSupport

/// The metrics written out as they are defined, with every distinct score as a threshold and no thought of speed.
enum NaiveMetrics {
    /// A case: maps with masks, random or made to be awkward.
    struct Case: CustomStringConvertible {
        var description: String
        var maps: [Float]
        var masks: [UInt8]
        var width: Int
        var height: Int
        var area: Int { width * height }
        var images: Int { maps.count / area }
    }

    /// Ties, all scores equal, one class alone, no positives, masks of one pixel, zeros of both signs, far exponents.
    static func cases(_ count: Int) -> [Case] {
        var random = SeededGenerator(seed: 5)
        var cases: [Case] = []
        for number in 0..<count {
            let (images, width, height) = (
                Int.random(in: 1...4, using: &random), Int.random(in: 1...9, using: &random), Int.random(in: 1...9, using: &random)
            )
            let total = images * width * height
            let share: Double = [0, 0.02, 0.2, 0.5, 1].randomElement(using: &random) ?? 0
            let masks = (0..<total).map { _ in UInt8(Double.random(in: 0..<1, using: &random) < share ? 1 : 0) }
            let kind = number % 8
            let maps = masks.map { label -> Float in
                let score = Float.random(in: -1...1, using: &random) + Float(label) * 0.6
                return switch kind {
                case 0: 0.5
                case 1: score.rounded()
                case 2: (score * 4).rounded() / 4
                case 3: score > 0 ? 0 : -0.0
                case 4: score * 1e-30
                case 5: Float(label)
                case 6: Float(1 - Int(label))
                default: score
                }
            }
            cases.append(
                Case(
                    description: "case \(number), kind \(kind), \(images)×\(height)×\(width)", maps: maps, masks: masks, width: width,
                    height: height))
        }
        return cases
    }

    /// The 8-connected regions of one image's mask, by flooding.
    static func regions(_ mask: [UInt8], width: Int, height: Int) -> [[Int]] {
        floodedRegions(width: width, height: height) { mask[$0] != 0 }
    }

    /// The area under mean saturated overlap against the rate of false positives, from 0 to `limit`, divided by it.
    ///
    /// - Parameter defects: Pixels among all maps' and the saturation of each.
    static func overlap(_ maps: [Float], _ masks: [UInt8], defects: [(pixels: [Int], saturation: Int)], limit: Double) -> Double? {
        let normal = masks.indices.filter { masks[$0] == 0 }
        guard !defects.isEmpty, !normal.isEmpty else { return nil }
        var points = [(rate: 0.0, overlap: 0.0)]
        for threshold in Set(maps.map { $0 + 0 }).sorted(by: >) {
            let overlaps = defects.map { defect in
                min(Double(defect.pixels.count { maps[$0] >= threshold }) / Double(defect.saturation), 1)
            }
            points.append(
                (Double(normal.count { maps[$0] >= threshold }) / Double(normal.count), overlaps.reduce(0, +) / Double(defects.count)))
        }
        var area = 0.0
        for (a, b) in zip(points, points.dropFirst()) {
            if b.rate <= limit {
                area += (b.rate - a.rate) * (a.overlap + b.overlap) / 2
            } else {
                let cut = a.overlap + (b.overlap - a.overlap) * (limit - a.rate) / (b.rate - a.rate)
                area += (limit - a.rate) * (a.overlap + cut) / 2
                break
            }
        }
        return area / limit
    }
}
