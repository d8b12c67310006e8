import MuScBatch
import MuScSupport

/// `scores.csv`: one row an image, most anomalous first, unreadable images last.
///
/// RFC 4180 in UTF-8 with lines ended by CR LF. Numbers have six significant digits and a dot; `flagged` is `true` or
/// `false`; `level` is `flagged`, `look` or empty; what does not apply is empty. A spreadsheet takes a cell that begins
/// with `=`, `+`, `-`, `@` or a tab for a formula, and a photograph's name is whatever its sender chose; so in `image`,
/// `overlay` and `error` such cells get an apostrophe (``CSVCell``).
package enum ScoresCSV {
    package static let columns = [
        "rank", "image", "score", "score_msm", "p_value", "flagged", "peak_x", "peak_y", "width", "height", "overlay",
        "error", "level",
    ]
    /// Two columns more where several images show a part, or names name parts: the part, and the highest score of its images.
    package static let partColumns = ["part", "part_score"]

    /// The file's text.
    ///
    /// - Parameter overlay: The overlay's path relative to the results folder; nil where an image has none.
    package static func text(
        _ ranking: Ranking, style: CSVStyle = CSVStyle(), overlay: (ScoredImage) -> String?
    ) -> String {
        let images = ranking.scored + ranking.unreadable
        let hasParts = images.contains { $0.part != nil }
        let highest = Dictionary(images.compactMap { image in image.part.map { ($0, image.score ?? 0) } }, uniquingKeysWith: max)
        func part(_ image: ScoredImage) -> [String] {
            guard hasParts else { return [] }
            return [image.part.map(CSVCell.text) ?? "", (image.part.flatMap { highest[$0] } ?? image.score).map(style.number) ?? ""]
        }
        var text = style.start + style.row(columns + (hasParts ? partColumns : []))
        for (place, image) in ranking.scored.enumerated() {
            text += style.row(
                cells(image, rank: String(place + 1), level: ranking.level(place).rawValue, style, overlay: overlay(image))
                    + part(image))
        }
        for image in ranking.unreadable {
            text += style.row(cells(image, rank: "", level: "", style, overlay: overlay(image)) + part(image))
        }
        return text
    }

    private static func cells(
        _ image: ScoredImage, rank: String, level: String, _ style: CSVStyle, overlay: String?
    ) -> [String] {
        func number(_ value: Float?) -> String { value.map(style.number) ?? "" }
        func number(_ value: Int?) -> String { value.map { String($0) } ?? "" }
        return [
            rank,
            CSVCell.text(image.name),
            number(image.score),
            number(image.scoreMSM),
            number(image.pValue),
            rank.isEmpty ? "" : String(image.flagged),
            number(image.peak?.x),
            number(image.peak?.y),
            number(image.size?.width),
            number(image.size?.height),
            overlay.map(CSVCell.text) ?? "",
            image.error.map(CSVCell.text) ?? "",
            level,
        ]
    }
}
