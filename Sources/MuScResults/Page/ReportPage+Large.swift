import MuScBatch

/// A batch of so many images that one page could not hold them all.
///
/// Its `report.html` holds the most anomalous images, and of all others the score, for plot and threshold. Beside it
/// lie `pages/page-<n>.js`, one for every ``ReportPage/pageSize`` images in the order of their scores, and
/// `pages/table-<n>.js` with a short row an image, for search and other orders. The page loads what is looked at, as
/// scripts: a page that is opened from disk may load nothing else.
extension ReportPage {
    /// The most images that are all on the page itself.
    static let mostOnOnePage = 2000
    /// Images of one page of a larger batch.
    static let pageSize = 500
    /// Images of one file of short rows.
    static let tableSize = 10_000

    var isLarge: Bool { scored.count > Self.mostOnOnePage }

    /// How many images the page itself holds.
    var listed: Int { isLarge ? Self.pageSize : scored.count }

    /// Writes the files beside the page of a large batch.
    ///
    /// - Parameter write: Takes a name in the folder `pages` and a content.
    func writeParts(_ write: (String, String) throws(ResultsError) -> Void) throws(ResultsError) {
        guard isLarge else { return }
        for (index, range) in ranges(Self.pageSize).enumerated() {
            try write(
                "page-\(index + 1).js", "muscPage(\(range.lowerBound),[\(data.rows(range).joined(separator: ",\n"))]);\n")
        }
        for (index, range) in ranges(Self.tableSize).enumerated() {
            let rows = range.map(data.shortRow)
            try write("table-\(index + 1).js", "muscTable(\(range.lowerBound),[\(rows.joined(separator: ",\n"))]);\n")
        }
    }

    private func ranges(_ size: Int) -> [Range<Int>] {
        stride(from: 0, to: scored.count, by: size).map { $0..<min($0 + size, scored.count) }
    }
}

extension ReportData {
    /// The field that tells the page's script of a large batch; none for others.
    var largeBatch: [String] {
        guard page.isLarge else { return [] }
        let tables = (page.scored.count + ReportPage.tableSize - 1) / ReportPage.tableSize
        let bytes = page.scored.flatMap { image in
            let bits = (image.score ?? 0).bitPattern
            return (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
        }
        return [
            "\"pages\":{\"size\":\(ReportPage.pageSize),\"tables\":\(tables),\"scores\":\"\(Markup.base64(bytes))\"}"
        ]
    }

    /// Name, MSM's score, p-value, width, height, peak, time and thumbnail.
    func shortRow(_ index: Int) -> String {
        let image = page.scored[index]
        let cells = [
            Markup.json(image.name), scoreMSM(of: image), number(image.pValue), "\(image.size?.width ?? 1)",
            "\(image.size?.height ?? 1)", image.peak.map { "[\($0.x),\($0.y)]" } ?? "null",
            number(Self.modified(image.path)), url(page.pictures[index].thumbnail, in: Self.thumbnails),
        ]
        return "[\(cells.joined(separator: ","))]"
    }
}

extension NearestNormals {
    /// For each image of a ranking those that look most like it, by their places in the ranking.
    static func lists(of scored: [ScoredImage], features scores: Inspection, isLarge: Bool, threads: Int) -> [[Int]] {
        let width = scores.featureWidth
        let features = scored.flatMap { image in
            let place = image.index ?? 0
            return scores.imageFeatures[place * width..<(place + 1) * width]
        }
        return isLarge
            ? lists(features: features, width: width, among: sample(of: scored.count), threads: threads)
            : lists(features: features, width: width, scores: scored.map { $0.score ?? 0 }, threads: threads)
    }

    /// Places in the ranking of images with low scores, among which the like of every image of a large batch are looked
    /// for: evenly spread over the lower half of the scores.
    static func sample(of images: Int, count: Int = 2000) -> [Int] {
        let half = images - images / 2
        guard half > count else { return Array(images / 2..<images) }
        return (0..<count).map { images / 2 + $0 * half / count }
    }
}
