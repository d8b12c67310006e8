/// Histograms of image scores, one a type on a common scale, as inline SVG; the normal types come first.
struct ScoreHistogram {
    private let evaluated: ClassEvaluation

    private static let bins = 40
    private static let binWidth = 9
    private static let rowHeight = 34
    private static let left = 110

    init(_ evaluated: ClassEvaluation) { self.evaluated = evaluated }

    var svg: String {
        let scores = evaluated.images.map(\.score)
        guard let low = scores.min(), let high = scores.max() else { return "" }
        let span = high > low ? high - low : 1
        func position(_ score: Float) -> Double { Double((score - low) / span) }

        var types: [String: (isAnomalous: Bool, counts: [Int])] = [:]
        for image in evaluated.images {
            let bin = min(Int(position(image.score) * Double(Self.bins)), Self.bins - 1)
            types[image.type, default: (image.isAnomalous, [Int](repeating: 0, count: Self.bins))].counts[bin] += 1
        }
        let rows = types.sorted { ($0.value.isAnomalous ? 1 : 0, $0.key) < ($1.value.isAnomalous ? 1 : 0, $1.key) }
        let width = Self.left + Self.bins * Self.binWidth + 10
        let height = rows.count * Self.rowHeight + 24
        var parts: [String] = []
        for (row, type) in rows.enumerated() {
            let base = (row + 1) * Self.rowHeight
            let most = Double(max(type.value.counts.max() ?? 1, 1))
            let count = type.value.counts.reduce(0, +)
            parts.append(
                "<text x=\"\(Self.left - 6)\" y=\"\(base - 6)\" text-anchor=\"end\">\(Self.escaped(type.key)) (\(count))</text>")
            for (bin, count) in type.value.counts.enumerated() where count > 0 {
                let bar = max(2, Double(Self.rowHeight - 6) * Double(count) / most)
                parts.append(
                    "<rect class=\"\(type.value.isAnomalous ? "anomalous" : "normal")\" x=\"\(Self.left + bin * Self.binWidth)\" "
                        + "y=\"\(decimal(Double(base) - bar, places: 1))\" width=\"\(Self.binWidth - 1)\" height=\"\(decimal(bar, places: 1))\"><title>\(count)</title></rect>"
                )
            }
            parts.append("<path class=\"axis\" d=\"M\(Self.left) \(base)H\(width - 10)\"/>")
        }
        if let threshold = evaluated.imageThreshold {
            let x = decimal(Double(Self.left) + position(threshold) * Double(Self.bins * Self.binWidth), places: 1)
            parts.append("<path class=\"threshold\" d=\"M\(x) 0V\(rows.count * Self.rowHeight)\"/>")
        }
        for (score, x, anchor) in [(low, Self.left, "start"), (high, width - 10, "end")] {
            parts.append(
                "<text x=\"\(x)\" y=\"\(height - 8)\" text-anchor=\"\(anchor)\">\(decimal(Double(score), places: 3))</text>")
        }
        return
            "<figure><svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" aria-label=\"Image scores by type\">"
            + parts.joined()
            + "</svg><figcaption>Image scores by type, each type to its own height; the broken line is the score with the best F1.</figcaption></figure>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
