import MuScBatch
import MuScSupport

/// `scores.csv`: one row an image, most anomalous first, unreadable images last.
///
/// RFC 4180 in UTF-8 with lines ended by CR LF. Numbers have six significant digits and a dot; `flagged` is `true` or
/// `false`; what does not apply is empty. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or a tab
/// for a formula, and a photograph's name is whatever its sender chose; so in `image`, `overlay` and `error` such
/// cells get an apostrophe (``CSVCell``).
package enum ScoresCSV {
    package static let header = "rank,image,score,score_msm,p_value,flagged,peak_x,peak_y,width,height,overlay,error"

    /// The file's text.
    ///
    /// - Parameters:
    ///   - images: In the order of the rows.
    ///   - overlay: The overlay's path relative to the results folder; nil where an image has none.
    package static func text(_ images: [ScoredImage], overlay: (ScoredImage) -> String?) -> String {
        var text = header + "\r\n"
        var rank = 0
        for image in images {
            let scored = image.score != nil
            if scored { rank += 1 }
            let cells: [String] = [
                scored ? String(rank) : "",
                CSVCell.text(image.name),
                number(image.score),
                number(image.scoreMSM),
                number(image.pValue),
                scored ? String(image.flagged) : "",
                number(image.peak?.x),
                number(image.peak?.y),
                number(image.size?.width),
                number(image.size?.height),
                overlay(image).map(CSVCell.text) ?? "",
                image.error.map(CSVCell.text) ?? "",
            ]
            text += cells.joined(separator: ",") + "\r\n"
        }
        return text
    }

    private static func number(_ value: Float?) -> String { value.map(\.csvText) ?? "" }

    private static func number(_ value: Int?) -> String { value.map { String($0) } ?? "" }
}
