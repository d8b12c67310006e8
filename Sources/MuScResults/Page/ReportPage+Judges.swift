import MuScBatch
import SystemPackage

extension ReportPage {
    /// Whether the line's past set a conformal threshold, because there were no known good images.
    var calibratedByPast: Bool {
        let judgments = run.outsideJudgments ?? []
        return !judgments.isEmpty && !judgments.contains { $0.origin == .knownGood }
    }

    /// How many times a cut-out around a mark is enlarged: it shows a quarter of the photograph's width.
    private static let enlargement = 4.0

    /// The groups of images that share a mark, each with a title and cut-outs around the mark side by side.
    var recurringMarks: [[String: Any]] {
        let groups = run.recurring ?? []
        return groups.enumerated().map { number, mark in
            let parts = mark.parts.compactMap { part in
                scored.firstIndex { $0.name == part.name }.map { (part, $0) }
            }
            return [
                "title": "The same mark on \(mark.parts.count) parts", "number": number,
                "cutouts": parts.sorted { $0.1 < $1.1 }.map { cutout($0, $1) },
            ]
        }
    }

    /// A cut-out of an image around a mark, as the position of the enlarged photograph in its frame.
    private func cutout(_ part: RecurringMark.Part, _ index: Int) -> [String: Any] {
        let image = scored[index]
        let size = image.size ?? (1, 1)
        let shape = frameShape * Double(size.height) / Double(size.width)
        func place(_ position: Int, of length: Int, scale: Double) -> (offset: Double, ring: Double) {
            let share = (Double(position) + 0.5) / Double(length)
            // The photograph covers the frame where it can.
            let offset = scale <= 1 ? (1 - scale) / 2 : min(0, max(1 - scale, 0.5 - share * scale))
            return (100 * offset, 100 * (offset + share * scale))
        }
        let x = place(part.x, of: size.width, scale: Self.enlargement)
        let y = place(part.y, of: size.height, scale: Self.enlargement * shape)
        return [
            "i": index, "name": image.name, "score": image.score.map(numbers.text) ?? "", "flagged": image.flagged,
            "photograph": photographURL(index) ?? "", "link": link(index),
            "style": "width:\(percent(Self.enlargement));height:\(percent(Self.enlargement * shape));"
                + "left:\(decimalText(x.offset, 1))%;top:\(decimalText(y.offset, 1))%",
            "ring": "left:\(decimalText(x.ring, 1))%;top:\(decimalText(y.ring, 1))%",
        ]
    }

    private func percent(_ share: Double) -> String { "\(decimalText(100 * share, 1))%" }

    /// The images from outside the batch that it was compared with, and what they did.
    var outsideJudges: [[String: Any]] {
        (run.outsideJudgments ?? []).map { judgment in
            let count = judgment.images.count
            let noun =
                switch (judgment.origin, count) {
                case (.knownGood, 1): "known good image"
                case (.knownGood, _): "known good images"
                case (.linePast, 1): "image of the line's past"
                case (.linePast, _): "images of the line's past"
                }
            let role =
                !judgment.judged
                ? "They set the threshold; the batch's own images judged."
                : judgment.besideBatch ? "They judged beside the batch's own images." : "They alone judged."
            var values: [String: Any] = [
                "title": "Compared with \(count) \(noun)", "role": role,
                "images": judgment.images.map { outsideImage($0, in: judgment) },
            ]
            if let folder = judgment.folder { values["folder"] = folder }
            return values
        }
    }

    /// An image from outside: its name, and its address where a browser can show it.
    private func outsideImage(_ name: String, in judgment: OutsideJudgment) -> [String: Any] {
        let path = judgment.folder.map { FilePath($0).appending(name) }
        let isShown = ["png", "jpg", "jpeg", "bmp"].contains(path?.extension?.lowercased() ?? "")
        guard let path, isShown, judgment.origin == .knownGood else { return ["name": name] }
        return ["name": name, "url": relativeURL(from: resultsFolder, to: path)]
    }
}
