import Foundation

/// A page that is made anew again and again under one name, beside what is not ours.
struct StandingPage {
    let name: String
    /// The folder that it belongs in, absolute or relative to the working directory.
    let folder: String

    private static let generator = "<meta name=\"generator\" content=\"musc"

    /// Writes the page in one step.
    ///
    /// - Returns: Its path.
    /// - Throws: ``ResultsError`` where the folder cannot be written, or holds a page of this name that this program did
    ///   not write; it is left alone.
    @discardableResult
    func write(_ text: String) throws(ResultsError) -> String {
        let directory = try Directory(path: folder)
        try refuseForeign(in: directory)
        // Always the same name, so that what a killed process left is used up: a root has one writer at a time.
        let temporary = ".\(name).tmp"
        directory.removeTree(temporary)
        do {
            try directory.write(text, to: temporary)
            try directory.rename(temporary, to: name)
        } catch {
            directory.removeTree(temporary)
            throw error
        }
        return directory.pathOf(name)
    }

    private func refuseForeign(in directory: borrowing Directory) throws(ResultsError) {
        let path = directory.pathOf(name)
        guard let kind = directory.kind(of: name) else { return }
        if kind == .file, let handle = FileHandle(forReadingAtPath: path) {
            defer { try? handle.close() }
            let head = (try? handle.read(upToCount: 2048)).flatMap { $0 } ?? Data()
            if String(decoding: head, as: UTF8.self).contains(Self.generator) { return }
        }
        throw ResultsError(
            kind: .occupied, path: path, detail: "was not written by this program and is left alone",
            advice: "Move it away to get a page \(name == "index.html" ? "of all batches" : "of the line").")
    }
}
