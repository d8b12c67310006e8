import Glibc
import MuScSupport
import SystemPackage

/// What stands of a folder's images: of each the last verdict, found again by name and content.
///
/// A row belongs to the file of its name where that holds the content which the row was given for, or where the row
/// names no content. Else it belongs to the file of that content, under whatever name: an image that was renamed.
package struct StandingVerdicts: Sendable {
    /// The verdict on each image, by the image's name now; its `content` is set.
    package private(set) var verdicts: [String: PartVerdict] = [:]
    /// Rows that fit no image of the folder.
    package private(set) var unmatched: [Unmatched] = []
    package private(set) var problems: [VerdictProblem] = []

    /// A row that fits no image.
    package struct Unmatched: Sendable, Hashable {
        package var row: VerdictTable.Row
        /// Whether a file of that name is there, with another photograph in it.
        package var isChanged: Bool
    }

    package init() {}

    /// - Parameters:
    ///   - table: Of the folder.
    ///   - files: The files of the folder's images, by their names relative to it; those with several pages once.
    package init(_ table: VerdictTable, files: [String: FilePath]) {
        problems = table.problems
        guard !table.rows.isEmpty else { return }
        var contents = FileContentsByName(files)
        var last: [String: Unmatched] = [:]
        for row in table.rows {
            let (file, page) = row.verdict.fileAndPage
            // A file whose name ends like a page is a file.
            let names = [(row.verdict.image, ""), (file, page)]
            var found: (name: String, content: String)?
            for (name, page) in names where found == nil {
                guard let (name, content) = contents.file(named: name, holding: row.verdict.content) else { continue }
                found = (name + page, content)
            }
            if let found {
                var verdict = row.verdict
                (verdict.image, verdict.content) = found
                if verdicts[found.name].map(verdict.replaces) ?? true { verdicts[found.name] = verdict }
            } else {
                let key = row.verdict.content.map { $0 + page } ?? row.verdict.nameKey
                let isChanged = contents.has(row.verdict.image) || contents.has(file)
                last[key] = Unmatched(row: row, isChanged: isChanged)
            }
        }
        unmatched = last.values.sorted { $0.row.line < $1.row.line }
    }

    /// How many images have this verdict.
    package func count(_ answer: PartVerdict.Answer) -> Int { verdicts.values.count { $0.answer == answer } }
}

/// Files by name and by content, read only as far as somebody asks.
private struct FileContentsByName {
    private let files: [String: FilePath]
    /// Names by how a spreadsheet leaves them.
    private let names: [String: String]
    private var known: [String: String?] = [:]
    /// Names by content, once all files were read.
    private var byContent: [String: String]?

    init(_ files: [String: FilePath]) {
        self.files = files
        names = Dictionary(files.keys.map { (CSVCell.inert($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    func has(_ name: String) -> Bool { names[CSVCell.inert(name)] != nil }

    mutating func file(named name: String, holding content: String?) -> (name: String, content: String)? {
        if let name = names[CSVCell.inert(name)], let own = self.content(of: name), content == nil || own == content {
            return (name, own)
        }
        guard let content else { return nil }
        if byContent == nil {
            // The first name of those that hold the same.
            var found: [String: String] = [:]
            for name in files.keys.sorted() { if let own = self.content(of: name), found[own] == nil { found[own] = name } }
            byContent = found
        }
        return byContent?[content].map { ($0, content) }
    }

    private mutating func content(of name: String) -> String? {
        if let content = known[name] { return content }
        let content = files[name].flatMap { SHA256.digest(ofFile: $0) }
        known[name] = .some(content)
        return content
    }
}
