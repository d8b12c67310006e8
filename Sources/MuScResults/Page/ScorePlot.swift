/// The batch's scores, sorted on the left and as a histogram on the right, over one common score axis.
///
/// The drawing is stretched to whatever size the page gives it, so it holds lines and dots alone, whose strokes do
/// not scale; numbers stand beside it as text, placed by the percentages given here. One path holds all dots and
/// one all bars. Each is drawn twice, plainly and in the colour of what is flagged, the second time cut off at the
/// threshold, which the page moves by setting one attribute.
package struct ScorePlot: Sendable {
    /// The drawing's inner size.
    package static let width = 1000.0
    package static let height = 300.0
    /// The sorted scores take the drawing's left part, up to here; the histogram begins at ``histogramStart``.
    static let sortedEnd = 690.0
    static let histogramStart = 730.0
    /// Scores beyond which not every one has a dot.
    static let mostDots = 4000

    /// The scores at the bottom and the top of the axis.
    package let low: Double
    package let high: Double
    /// Images in each bin of the histogram, from the lowest scores up.
    package let bins: [Int]
    private let scores: [Float]
    private let threshold: Double

    /// - Parameters:
    ///   - scores: In any order; none need be finite.
    ///   - threshold: Infinite where nothing can be flagged.
    package init(scores: [Float], threshold: Float) {
        self.scores = scores.filter(\.isFinite).sorted(by: >)
        self.threshold = Double(threshold)
        let highest = Double(self.scores.first ?? 1)
        let lowest = Double(self.scores.last ?? 0)
        // A threshold far above every score would squeeze the scores to a line; it is then shown at the top edge.
        let span = max(highest - lowest, 1e-4)
        let reached = threshold.isFinite ? min(max(highest, Double(threshold)), highest + span) : highest
        let lowered = threshold.isFinite ? max(min(lowest, Double(threshold)), lowest - span) : lowest
        let margin = 0.06 * max(reached - lowered, 1e-4)
        low = max(0, lowered - margin)
        high = reached + margin
        let count = min(max(Int(Double(self.scores.count).squareRoot() * 2), 8), 40)
        var bins = [Int](repeating: 0, count: count)
        for score in self.scores {
            bins[min(max(Int((Double(score) - low) / (high - low) * Double(count)), 0), count - 1)] += 1
        }
        self.bins = bins
    }

    /// Where a score lies, from 0 at the top to 1 at the bottom.
    package func position(_ score: Double) -> Double { min(max((high - score) / (high - low), 0), 1) }

    package var ticks: [(label: String, top: String)] {
        let ticks = AxisTicks(from: low, to: high, count: 5)
        return ticks.values.map { (ticks.label($0), decimalText(100 * position($0), 2)) }
    }

    /// The drawing, an `svg` element with the ids that the page's script moves.
    package var svg: String {
        let top = decimalText(Self.height * position(threshold), 2)
        let lines = AxisTicks(from: low, to: high, count: 5).values
            .map { "M0 \(decimalText(Self.height * position($0), 1))H\(Int(Self.width))" }.joined()
        return """
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" preserveAspectRatio="none" aria-hidden="true">\
            <defs><clipPath id="above"><rect id="above-rect" x="-10" y="-10" width="1020" \
            height="\(decimalText(Self.height * position(threshold) + 10, 2))"/></clipPath></defs>\
            <path class="gridline" d="\(lines)"/>\
            <path class="bars" d="\(bars)"/><path class="bars hot" clip-path="url(#above)" d="\(bars)"/>\
            <path class="dots" d="\(dots)"/><path class="dots hot" clip-path="url(#above)" d="\(dots)"/>\
            <path id="threshold-line" class="threshold" d="M0 0H\(Int(Self.width))" transform="translate(0 \(top))"/></svg>
            """
    }

    /// One stroke of no length a score, which a round line end makes a dot.
    private var dots: String {
        let step = Self.sortedEnd / Double(max(scores.count, 1))
        // Dots that cover each other say no more; the highest scores are all there.
        let every = max(scores.count / Self.mostDots, 1)
        return scores.enumerated().filter { $0.offset < Self.mostDots / 8 || $0.offset % every == 0 }.map { index, score in
            let x = decimalText((Double(index) + 0.5) * step, 1)
            return "M\(x) \(decimalText(Self.height * position(Double(score)), 1))h0"
        }.joined()
    }

    private var bars: String {
        let most = Double(max(bins.max() ?? 1, 1))
        let thickness = Self.height / Double(bins.count)
        let gap = min(1.5, thickness / 4)
        return bins.enumerated().filter { $0.element > 0 }.map { index, count in
            let length = decimalText(Double(count) / most * (Self.width - Self.histogramStart), 1)
            let y = decimalText(Self.height - Double(index + 1) * thickness + gap / 2, 1)
            return "M\(Int(Self.histogramStart)) \(y)h\(length)v\(decimalText(thickness - gap, 1))h-\(length)z"
        }.joined()
    }
}
