import MuScImages
import MuScVerdicts
import SystemPackage

extension StandingVerdicts {
    /// What stands in the `verdicts.csv` of a folder of photographs; nothing where there is none.
    ///
    /// - Throws: ``VerdictFileError``.
    package init(in folder: FilePath) throws(VerdictFileError) {
        let table = try VerdictsFile(in: folder).read()
        guard !table.rows.isEmpty else {
            self.init(table, files: [:])
            return
        }
        self.init(table, files: Self.files(in: folder, namedBy: table.rows.map(\.verdict)))
    }

    /// The images of a folder by name, and those in folders below that verdicts name.
    ///
    /// - Returns: None where the folder cannot be listed.
    package static func files(in folder: FilePath, namedBy verdicts: [PartVerdict] = []) -> [String: FilePath] {
        let listed = (try? ImageListing.images(in: folder)) ?? []
        var files = Dictionary(
            listed.map { (BatchFile($0, in: folder).name, $0) }, uniquingKeysWith: { first, _ in first })
        for verdict in verdicts {
            for name in Set([verdict.image, verdict.fileAndPage.file]) where files[name] == nil && name.contains("/") {
                // Below the folder and nowhere else, whatever a file that somebody hands in says.
                let relative = FilePath(name)
                guard relative.isRelative, relative.components.allSatisfy({ $0.kind == .regular }) else { continue }
                let path = folder.pushing(relative)
                if FileKind.belongsToBatch(path, name: Array((path.lastComponent?.string ?? "").utf8)) { files[name] = path }
            }
        }
        return files
    }
}
