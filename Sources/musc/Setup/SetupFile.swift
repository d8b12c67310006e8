import FoundationEssentials

/// The configuration that `musc setup` writes, or the documented one that it completes.
struct SetupFile {
    let path: String

    /// Writes a minimal configuration, or puts the drop folders into an existing one that names none yet.
    ///
    /// - Throws: ``UserError`` where the file names drop folders already, or cannot be written.
    func write(roots: [String], backbone: String?) throws(UserError) {
        let list = "roots: [" + roots.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        let manager = FileManager.default
        guard let data = manager.contents(atPath: path) else {
            var text = "# Written by musc setup. watch-config/musc.yaml explains every key.\nwatch:\n  \(list)\n"
            if let backbone { text += "model:\n  backbone: \(backbone)\n" }
            do {
                let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
                try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw UserError("\(path): its folder cannot be made: \(error)", exit: .usage)
            }
            return try replace(with: text)
        }
        var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if let line = lines.firstIndex(where: { $0 == "  roots: []" }) {
            lines[line] = "  \(list)"
        } else if !lines.contains(where: { $0 == "  \(list)" }) {
            throw UserError("\(path) names drop folders already: add yours under watch.roots there, or give another --config", exit: .usage)
        }
        if let backbone, let line = lines.firstIndex(where: { $0.hasPrefix("  backbone: ") }) {
            lines[line] = "  backbone: \(backbone)"
        }
        try replace(with: lines.joined(separator: "\n"))
    }

    private func replace(with text: String) throws(UserError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw UserError("\(path) cannot be written: \(error)", exit: .usage)
        }
    }
}
