/// Cells of comma-separated values for people's spreadsheets.
package enum CSVCell {
    /// A cell for text that somebody else chose, such as a file's name: quoted where RFC 4180 asks for it, and such that
    /// no spreadsheet runs it.
    ///
    /// A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break for a formula, and where its
    /// language separates cells by semicolons or tabs, also what follows one of these. There the text gets an
    /// apostrophe, as OWASP advises ("CSV Injection").
    package static func text(_ value: String) -> String { quoted(inert(value)) }

    /// The same text as no spreadsheet runs it; text that is inert already stays.
    package static func inert(_ value: String) -> String {
        var inert = String.UnicodeScalarView()
        var startsCell = true
        for scalar in value.unicodeScalars {
            if startsCell, runs(scalar) { inert.append("'") }
            startsCell = scalar == ";" || scalar == "\t" || scalar == "\n" || scalar == "\r"
            inert.append(scalar)
        }
        return String(inert)
    }

    private static func quoted(_ value: String) -> String {
        let inert = value.unicodeScalars
        let needsQuotes = inert.contains { [",", "\"", "\n", "\r", ";", "\t"].contains($0) }
        guard needsQuotes else { return value }
        var quoted = "\"".unicodeScalars
        // By scalars: a quotation mark followed by a combining mark is one Character and would slip through.
        for scalar in inert {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    private static func runs(_ scalar: Unicode.Scalar) -> Bool {
        ["=", "+", "-", "@", "\t", "\r", "\n"].contains(scalar)
    }
}
