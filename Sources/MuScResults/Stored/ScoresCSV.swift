import MuSc

/// `scores.csv`: one row an image, most anomalous first, unreadable images last.
///
/// RFC 4180 in UTF-8 with lines ended by CR LF. Numbers have six significant digits and a dot; `flagged` is `true` or
/// `false`; what does not apply is empty. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or a tab
/// for a formula, and a photograph's name is whatever its sender chose; so in `image`, `overlay` and `error` such
/// cells get a leading apostrophe.
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
                freeText(image.name),
                number(image.score),
                number(image.scoreMSM),
                number(image.pValue),
                scored ? String(image.flagged) : "",
                number(image.peak?.x),
                number(image.peak?.y),
                number(image.size?.width),
                number(image.size?.height),
                overlay(image).map(freeText) ?? "",
                image.error.map(freeText) ?? "",
            ]
            text += cells.joined(separator: ",") + "\r\n"
        }
        return text
    }

    private static func number(_ value: Float?) -> String { value.map(\.csvText) ?? "" }

    private static func number(_ value: Int?) -> String { value.map { String($0) } ?? "" }

    /// A cell that a spreadsheet does not run, quoted where RFC 4180 asks for it.
    package static func freeText(_ value: String) -> String {
        let runs: Set<UInt8> = [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D]
        let inert = value.utf8.first.map(runs.contains) == true ? "'" + value : value
        guard inert.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) else { return inert }
        var quoted = "\""
        // By scalars: a quotation mark followed by a combining mark is one Character and would slip through.
        for scalar in inert.unicodeScalars {
            if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
