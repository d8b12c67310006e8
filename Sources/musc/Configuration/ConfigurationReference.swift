import MuScSupport

/// `watch-config/musc.yaml`: every key with its default and what it means.
package enum ConfigurationReference {
    package static var text: String {
        var text = comment(introduction, indent: "")
        var section: Substring = ""
        for key in Configuration.keys {
            if key.section != section {
                section = key.section
                let title = "# ── \(titles[String(section)] ?? String(section)) "
                text += "\n" + title + String(repeating: "─", count: max(width - title.count, 0)) + "\n\(section):\n"
            } else {
                text += "\n"
            }
            text += comment(explanation(of: key), indent: "  ") + "  \(key.ownName):"
            let value = key.get(Configuration()).yaml
            text += (value.isEmpty ? "" : " " + value) + "\n"
        }
        return text
    }

    /// What the file says of a key: its help, what else there is to say, and the names that it has elsewhere.
    private static func explanation(of key: Configuration.Key) -> String {
        let names = [key.flag.map { "--\($0)" }, key.variable].compactMap { $0 }.joined(separator: ", ")
        var text = key.help
        if !key.details.isEmpty { text += (key.details.hasPrefix(" ") ? "\n" : " ") + key.details }
        // Behind an example, in a line of its own.
        let isExample = text.split(separator: "\n").last?.hasPrefix(" ") == true
        if !names.isEmpty { text += (isExample ? "\n" : " ") + "(\(names))" }
        return text
    }

    private static let width = 119

    /// Text in lines that begin with `#`; lines of it that begin with spaces are kept as they are.
    private static func comment(_ text: String, indent: String) -> String {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard !paragraph.hasPrefix(" ") else {
                lines.append(String(paragraph))
                continue
            }
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, indent.count + 2 + line.count + 1 + word.count > width {
                    lines.append(line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            lines.append(line)
        }
        return lines.map { "\(indent)#\($0.isEmpty ? "" : " \($0)")\n" }.joined()
    }

    private static let introduction = """
        Configuration of musc: every key, with its default and what it means.

        As it stands, this file changes nothing: each value is the default. Keys may be left out, and minimal.yaml shows how \
        little is needed. musc reads the file that --config FILE or the variable MUSC_CONFIG names, else \
        ~/.config/musc/musc.yaml, else /etc/musc/musc.yaml; `musc status` and `musc doctor` say which. Flags win over variables, \
        variables over this file, this file over the defaults; flags and variables stand behind the keys that have them. A \
        key that does not exist or a value that cannot be used is refused with file and line. `musc watch` reads the file \
        again on SIGHUP, and keeps the former configuration where the new one is wrong.

        A value that is left empty is not set. "preset" takes what scoring.preset has, "off" switches something off. A list \
        may be written [a, b] or one entry a line.
        """

    private static let titles = [
        "watch": "Which folders are looked after, and when a batch is ready",
        "judges": "Known good images, and who else judges",
        "output": "The threshold, and what is written",
        "hooks": "Connections to the line. What fails here never holds scoring up, and `musc status` shows it",
        "model": "Rarely needed: the network",
        "scoring": "Rarely needed: how images are scored",
        "images": "Rarely needed: how images are read",
        "log": "The log",
    ]
}
