import MuScBatch

/// `scores.csv`: one row an image, most anomalous first, unreadable images last.
///
/// RFC 4180 in UTF-8 with lines ended by CR LF. Numbers have six significant digits and a dot; `flagged` is `true` or
/// `false`; `level` is `flagged`, `look` or empty; what does not apply is empty. A spreadsheet takes a cell that begins
/// with `=`, `+`, `-`, `@` or a tab for a formula, and a photograph's name is whatever its sender chose; so in `image`,
/// `overlay` and `error` such cells get an apostrophe (``CSVCell``). In a workbook they are text as they are.
package enum ScoresCSV {
    package static let columns = [
        "rank", "image", "score", "score_msm", "p_value", "flagged", "peak_x", "peak_y", "width", "height", "overlay",
        "error", "level",
    ]
    /// Two columns more where several images show a part, or names name parts: the part, and the highest score of its images.
    package static let partColumns = ["part", "part_score"]

    /// The table with its header.
    ///
    /// - Parameter overlay: The overlay's path relative to the results folder; nil where an image has none.
    package static func rows(_ ranking: Ranking, overlay: (ScoredImage) -> String?) -> [[Workbook.Cell]] {
        let images = ranking.scored + ranking.unreadable
        let hasParts = images.contains { $0.part != nil }
        let highest = Dictionary(images.compactMap { image in image.part.map { ($0, image.score ?? 0) } }, uniquingKeysWith: max)
        func part(_ image: ScoredImage) -> [Workbook.Cell] {
            guard hasParts else { return [] }
            let score = image.part.flatMap { highest[$0] } ?? image.score
            return [image.part.map { .text($0) } ?? .empty, score.map { .figure($0.csvText) } ?? .empty]
        }
        var rows: [[Workbook.Cell]] = [(columns + (hasParts ? partColumns : [])).map { .text($0) }]
        for (place, image) in ranking.scored.enumerated() {
            rows.append(
                cells(image, rank: place + 1, level: ranking.level(place).rawValue, overlay: overlay(image)) + part(image))
        }
        for image in ranking.unreadable {
            rows.append(cells(image, rank: nil, level: "", overlay: overlay(image)) + part(image))
        }
        return rows
    }

    private static func cells(_ image: ScoredImage, rank: Int?, level: String, overlay: String?) -> [Workbook.Cell] {
        func number(_ value: Float?) -> Workbook.Cell { value.map { .figure($0.csvText) } ?? .empty }
        func number(_ value: Int?) -> Workbook.Cell { value.map { .figure("\($0)") } ?? .empty }
        func text(_ value: String?) -> Workbook.Cell { value.map { $0.isEmpty ? .empty : .text($0) } ?? .empty }
        return [
            number(rank),
            text(image.name),
            number(image.score),
            number(image.scoreMSM),
            number(image.pValue),
            text(rank.map { _ in "\(image.flagged)" }),
            number(image.peak?.x),
            number(image.peak?.y),
            number(image.size?.width),
            number(image.size?.height),
            text(overlay),
            text(image.error),
            text(level),
        ]
    }
}
