import MuScImages
import MuScSupport
import SystemPackage

/// What is made of the pages of a TIFF: `images.pages`.
public enum PageChoice: String, Sendable, Codable, CaseIterable {
    /// Each full page is an image, `stack.tif#3`; the first alone where pages differ in size or kind.
    case all
    /// The first full page is the image.
    case first
}

extension BatchFile {
    /// The images that files hold: of a TIFF with several full pages each of them.
    ///
    /// Reduced copies and masks of a page are no pages.
    ///
    /// - Parameters:
    ///   - files: In the order of their names.
    ///   - folder: Relative to which they are named.
    ///   - root: As ``root``.
    /// - Returns: The images, the pages of a file one after the other, and what a reader should know.
    public static func images(
        in files: [FilePath], of folder: FilePath, root: FilePath? = nil, pages choice: PageChoice = .all, threads: Int = 1
    ) -> (images: [BatchFile], notes: [String]) {
        let counts = concurrentMap(files.count, threads: threads) { index -> (pages: Int, differ: Bool) in
            let peek = FilePeek(files[index], root: root)
            return (peek.pages, peek.pagesDiffer)
        }
        var images: [BatchFile] = []
        var (stacks, mixed, first): ([String], [String], [String]) = ([], [], [])
        for (path, count) in zip(files, counts) {
            let file = BatchFile(path, in: folder, root: root)
            let takesAll = choice == .all && count.pages > 1 && !count.differ
            for page in 0..<(takesAll ? count.pages : 1) { images.append(takesAll ? file.page(page) : file) }
            guard count.pages > 1 else { continue }
            let text = "\(file.name) (\(count.pages) pages)"
            if takesAll { stacks.append(text) } else if count.differ { mixed.append(text) } else { first.append(text) }
        }
        func list(_ names: [String]) -> String {
            names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
        }
        var notes: [String] = []
        if !stacks.isEmpty {
            notes.append("Of TIFF files with several pages each page is an image of its own: \(list(stacks)) (images.pages).")
        }
        if !mixed.isEmpty {
            notes.append(
                "Of TIFF files whose pages differ in size or kind the first page alone was taken: \(list(mixed)). Save the "
                    + "others as files of their own if they belong to the batch.")
        }
        if !first.isEmpty {
            notes.append("Of TIFF files with several pages the first alone was taken: \(list(first)) (images.pages: first).")
        }
        return (images, notes)
    }

    /// One page of the file, counted from 0; people see it counted from 1.
    func page(_ page: Int) -> BatchFile {
        var file = self
        file.page = page
        file.name += "#\(page + 1)"
        return file
    }
}
