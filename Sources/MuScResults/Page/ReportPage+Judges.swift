import MuScBatch
import MuScSupport
import SystemPackage

extension ReportPage {
    /// Whether the line's past set a conformal threshold, because there were no known good images.
    var calibratedByPast: Bool {
        let judgments = run.outsideJudgments ?? []
        return !judgments.isEmpty && !judgments.contains { $0.origin != .linePast && $0.calibrating != 0 }
    }

    /// How many times a cut-out around a mark is enlarged: it shows a quarter of the photograph's width.
    private static let enlargement = 4.0

    /// The groups of images that look alike at one spot, each with a title and cut-outs around the spot side by side.
    ///
    /// A group counts as prominent where one of its images is flagged or worth a look; the others score as the rest of
    /// the batch does.
    var recurringMarks: (prominent: [[String: Any]], other: [[String: Any]]) {
        var (prominent, other): ([[String: Any]], [[String: Any]]) = ([], [])
        for (number, mark) in (run.recurring ?? []).enumerated() {
            let parts = mark.parts.compactMap { part in ranks[ExactText(part.name)].map { (part, $0) } }.sorted { $0.1 < $1.1 }
            guard let first = parts.first, let last = parts.last else { continue }
            let group: [String: Any] = [
                "title": "\(mark.parts.count) parts look alike at one spot", "number": number,
                "ranks": "\(first.1 + 1) to \(last.1 + 1)", "meaning": RecurringMark.meaning,
                "cutouts": parts.map { cutout($0, $1) },
            ]
            if ranking.level(first.1) == .none { other.append(group) } else { prominent.append(group) }
        }
        return (prominent, other)
    }

    /// A cut-out of an image around a mark, as the position of the enlarged photograph in its frame.
    private func cutout(_ part: RecurringMark.Part, _ index: Int) -> [String: Any] {
        let image = scored[index]
        let size = image.size ?? 1
        let shape = frameShape * Double(size.height) / Double(size.width)
        func place(_ position: Int, of length: Int, scale: Double) -> (offset: Double, ring: Double) {
            let share = (Double(position) + 0.5) / Double(length)
            // The photograph covers the frame where it can.
            let offset = scale <= 1 ? (1 - scale) / 2 : min(0, max(1 - scale, 0.5 - share * scale))
            return (100 * offset, 100 * (offset + share * scale))
        }
        let x = place(part.x, of: size.width, scale: Self.enlargement)
        let y = place(part.y, of: size.height, scale: Self.enlargement * shape)
        // A page that holds its pictures itself cuts from the thumbnail, whose left half is the photograph.
        let source = embedded == nil ? photographURL(index) : pictures[index].thumbnail.flatMap(pictureURL)
        let width = Self.enlargement * (embedded == nil ? 1 : 2)
        return [
            "i": index, "name": image.name, "score": image.score.map(numbers.text) ?? "",
            "level": ranking.level(index).rawValue, "photograph": source ?? "", "link": link(index),
            "style": "width:\(percent(width));height:\(percent(Self.enlargement * shape));"
                + "left:\(decimalText(x.offset, 1))%;top:\(decimalText(y.offset, 1))%",
            "ring": "left:\(decimalText(x.ring, 1))%;top:\(decimalText(y.ring, 1))%",
        ]
    }

    private func percent(_ share: Double) -> String { "\(decimalText(100 * share, 1))%" }

    /// What the peak of an image was compared with, as JSON: for each place the judge's name, where it comes from, its
    /// place in the ranking (null for judges from outside), the photograph's address, where the place is, the photograph's
    /// size, and the distance; null where that is not known.
    func places(of image: String) -> String {
        guard let evidence = evidence[ExactText(image)] else { return "null" }
        let folder = run.outsideJudgments?.first { $0.origin == .knownGood }?.folder
        let places = evidence.places.map { place -> String in
            let rank = place.origin == nil ? ranks[ExactText(place.name)] : nil
            // A page that holds its pictures itself has the judges' thumbnails.
            var address = embedded == nil ? rank.flatMap(photographURL) : nil
            if place.origin == .knownGood, let folder { address = address ?? knownGoodURL(place.name, in: folder) }
            let cells = [
                Markup.json(place.name), Markup.json(place.origin?.rawValue ?? ""), rank.map(String.init) ?? "null",
                address.map(Markup.json) ?? "null", "[\(place.x),\(place.y)]", "[\(place.width),\(place.height)]",
                place.distance.isFinite ? "\(place.distance)" : "null",
            ]
            return "[\(cells.joined(separator: ","))]"
        }
        return "[\(places.joined(separator: ","))]"
    }

    /// The images from outside the batch that it was compared with, and what they did.
    var outsideJudges: [[String: Any]] {
        (run.outsideJudgments ?? []).map { judgment in
            let role =
                !judgment.judged
                ? "They set the threshold; the batch's own images judged."
                : judgment.besideBatch ? "They judged beside the batch's own images." : "They alone judged."
            var values: [String: Any] = [
                "title": "Compared with \(judgment.noun)", "role": role,
                "images": judgment.images.map { outsideImage($0, in: judgment) },
            ]
            if let folder = judgment.folder { values["folder"] = folder }
            return values
        }
    }

    /// An image from outside: its name, and its address where a browser can show it.
    private func outsideImage(_ name: String, in judgment: OutsideJudgment) -> [String: Any] {
        guard judgment.origin == .knownGood, let folder = judgment.folder, let url = knownGoodURL(name, in: folder) else {
            return ["name": name]
        }
        return ["name": name, "url": url]
    }

    /// The address of a known good image; nil where browsers do not show its format.
    private func knownGoodURL(_ name: String, in folder: String) -> String? {
        let path = FilePath(folder).appending(name)
        let isShown = ["png", "jpg", "jpeg", "bmp"].contains(path.extension?.lowercased() ?? "")
        return isShown && embedded == nil ? relativeURL(from: resultsFolder, to: path) : nil
    }
}

extension OutsideJudgment {
    /// How many images of which kind.
    var noun: String {
        switch (origin, images.count) {
        case (.knownGood, 1): "1 known good image"
        case (.knownGood, let count): "\(count) known good images"
        case (.foundGood, 1): "1 part that you found good"
        case (.foundGood, let count): "\(count) parts that you found good"
        case (.linePast, 1): "1 image of the line's past"
        case (.linePast, let count): "\(count) images of the line's past"
        }
    }
}
