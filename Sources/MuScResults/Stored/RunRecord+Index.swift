extension RunRecord {
    /// ``indexURL`` where it is fit for a link: relative, or of `http`, `https` or `file`. Whoever can write `run.json` could
    /// otherwise have the reader of a report run a script.
    var indexLink: String? {
        guard let url = indexURL, !url.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else { return nil }
        let start = url.prefix { $0 != ":" && $0 != "/" && $0 != "?" && $0 != "#" }
        guard url.dropFirst(start.count).first == ":" else { return url }
        return ["http", "https", "file"].contains(start.lowercased()) ? url : nil
    }
}
