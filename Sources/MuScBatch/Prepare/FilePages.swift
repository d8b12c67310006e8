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
    /// Reduced copies and masks of a page are no pages. Of other formats' files with several pictures, such as an animated
    /// PNG, the first is the image.
    ///
    /// - Parameters:
    ///   - files: In the order of their names.
    ///   - folder: Relative to which they are named.
    ///   - root: As ``root``.
    /// - Returns: The images, the pages of a file one after the other, and what is to be said of pages.
    package static func images(
        in files: [FilePath], of folder: FilePath, root: FilePath? = nil, pages choice: PageChoice = .all, threads: Int = 1
    ) -> (images: [BatchFile], findings: [Finding]) {
        let peeks = concurrentMap(files.count, threads: threads) { FilePeek(files[$0], root: root) }
        var images: [BatchFile] = []
        var found: [Finding.PagesOfFiles.Taken: [String]] = [:]
        for (path, peek) in zip(files, peeks) {
            let file = BatchFile(path, in: folder, root: root)
            let takesAll = choice == .all && peek.pages > 1 && !peek.pagesDiffer
            for page in 0..<(takesAll ? peek.pages : 1) { images.append(takesAll ? file.page(page) : file) }
            if peek.pages > 1 {
                let taken: Finding.PagesOfFiles.Taken = takesAll ? .each : peek.pagesDiffer ? .firstOfDifferent : .first
                found[taken, default: []].append("\(file.name) (\(peek.pages) pages)")
            } else if peek.pictures > 1 {
                found[.firstPicture, default: []].append("\(file.name) (\(peek.pictures) pictures)")
            }
        }
        let findings = Finding.PagesOfFiles.Taken.allCases.compactMap { taken in
            found[taken].map { Finding.pages(Finding.PagesOfFiles(taken: taken, files: $0)) }
        }
        return (images, findings)
    }

    /// One page of the file, counted from 0; people see it counted from 1.
    func page(_ page: Int) -> BatchFile {
        var file = self
        file.page = page
        file.name += "#\(page + 1)"
        return file
    }
}

extension Finding {
    /// What is to be said of a batch's samples; nothing where all have 8 bits.
    static func all(of survey: SampleSurvey, range: SampleRange) -> [Finding] {
        guard let example = survey.deep.first else { return [] }
        var findings = [Finding.sampleRange(range)]
        if survey.shallow > 0 {
            findings.append(.mixedDepths(deep: survey.deep.count, of: survey.deep.count + survey.shallow, example: example))
        }
        if survey.mixesKinds { findings.append(.mixedSamples) }
        return findings
    }
}
