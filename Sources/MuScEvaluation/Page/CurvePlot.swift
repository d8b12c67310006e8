/// Curves of rates from 0 to 1 as inline SVG: images in a full line, pixels in a broken one.
enum CurvePlot {
    /// True- against false-positive rate.
    static func roc(_ evaluated: ClassEvaluation) -> String {
        figure(
            caption: "ROC: true- against false-positive rate", horizontal: "false-positive rate",
            vertical: "true-positive rate",
            image: steps(evaluated.imageCurve), pixel: steps(evaluated.pixelCurve),
            values: (evaluated.metrics.imageAUROC, evaluated.metrics.pixelAUROC), name: "AUROC")
    }

    /// Precision against recall.
    static func precisionRecall(_ evaluated: ClassEvaluation) -> String {
        func points(_ curve: [ClassEvaluation.RatePoint]) -> [(Double, Double)] {
            curve.map { ($0.truePositiveRate, $0.precision) }
        }
        return figure(
            caption: "Precision against recall", horizontal: "recall", vertical: "precision",
            image: points(evaluated.imageCurve), pixel: points(evaluated.pixelCurve),
            values: (evaluated.metrics.imageAP, evaluated.metrics.pixelAP), name: "AP")
    }

    private static func steps(_ curve: [ClassEvaluation.RatePoint]) -> [(Double, Double)] {
        curve.isEmpty ? [] : [(0, 0)] + curve.map { ($0.falsePositiveRate, $0.truePositiveRate) }
    }

    private static let side = 220.0
    private static let margin = 34.0

    private static func figure(
        caption: String, horizontal: String, vertical: String, image: [(Double, Double)], pixel: [(Double, Double)],
        values: (image: Double?, pixel: Double?), name: String
    ) -> String {
        func line(_ points: [(Double, Double)], _ kind: String) -> String {
            guard !points.isEmpty else { return "" }
            let places = points.map { "\(decimal(margin + side * $0.0, places: 1)),\(decimal(8 + side * (1 - $0.1), places: 1))" }
            return "<polyline class=\"\(kind)\" points=\"\(places.joined(separator: " "))\"/>"
        }
        func value(_ title: String, _ value: Double?) -> String? { value.map { "\(title) \(name) \($0.percent())" } }
        let ticks = [0.0, 0.5, 1].map { tick in
            let x = decimal(margin + side * tick, places: 0), y = decimal(12 + side * (1 - tick), places: 0)
            let label = decimal(tick, places: 1)
            return "<text x=\"\(x)\" y=\"\(Int(side) + 22)\" text-anchor=\"middle\">\(label)</text>"
                + "<text x=\"\(Int(margin) - 5)\" y=\"\(y)\" text-anchor=\"end\">\(label)</text>"
        }.joined()
        let legend = [value("images (full line):", values.image), value("pixels (broken line):", values.pixel)]
            .compactMap { $0 }.joined(separator: "; ")
        let width = Int(side + margin) + 12, height = Int(side) + 42
        return
            "<figure><svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" aria-label=\"\(caption)\">"
            + "<rect class=\"axis\" x=\"\(Int(margin))\" y=\"8\" width=\"\(Int(side))\" height=\"\(Int(side))\"/>\(ticks)"
            + "<text x=\"\(Int(margin + side / 2))\" y=\"\(height - 4)\" text-anchor=\"middle\">\(horizontal)</text>"
            + line(pixel, "pixel") + line(image, "image")
            + "</svg><figcaption>\(caption) (vertical: \(vertical)). \(legend)</figcaption></figure>"
    }
}
