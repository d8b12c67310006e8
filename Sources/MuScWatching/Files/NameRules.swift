import MuScImages
import SystemPackage

/// Which names in a folder are looked at: what follows from the configuration, made ready for 100,000 names a second.
struct NameRules: Sendable {
    /// The mask of what counts in a batch: no image, but the results depend on it.
    static let mask = FileName(FileRules.maskName)

    private let files: FileRules
    private let results: FileName
    private let furtherResults: [UInt8]
    let readyFile: FileName?
    let excludedFolders: [FilePath]
    private let batchLevel: Int?

    init(_ configuration: WatchConfiguration) {
        files = FileRules(ignoring: configuration.ignore, readyFile: configuration.readyFile)
        results = FileName(configuration.resultsFolderName)
        furtherResults = results.bytes + [UInt8(ascii: "-")]
        readyFile = configuration.readyFile.map { FileName($0) }
        batchLevel = configuration.batchLevel
        excludedFolders = configuration.excludedFolders + [configuration.outputFolder].compactMap { $0 }
    }

    /// Whether a file of this name may be an image.
    func admitsFile(_ name: FileName) -> Bool { files.rule(for: name.bytes) == nil }

    /// Whether a folder of this name is looked into: results, hidden and ignored folders never are.
    func admitsFolder(_ name: FileName) -> Bool {
        name.bytes.first != UInt8(ascii: ".") && !isResults(name) && !files.isIgnored(name.bytes)
    }

    func admitsFolder(at path: FilePath) -> Bool {
        !excludedFolders.contains(path)
    }

    /// The folder that is, or would be, the batch of the images in a folder: itself, or the one above it that is one batch
    /// with all folders in it.
    func batchFolder(of folder: FilePath, in root: FilePath) -> FilePath {
        guard let batchLevel, let below = folder.relative(to: root), below.components.count > batchLevel else { return folder }
        return below.components.prefix(batchLevel).reduce(root) { $0.appending($1) }
    }

    /// Whether a folder is one batch with all folders in it.
    func isWhole(_ folder: FilePath, in root: FilePath) -> Bool {
        batchLevel.map { folder.relative(to: root)?.components.count == $0 } ?? false
    }

    /// `_musc`, and `_musc-2`, `_musc-3` … of further batches in the same folder.
    func isResults(_ name: FileName) -> Bool {
        if name == results { return true }
        guard name.hasPrefix(furtherResults) else { return false }
        let number = name.bytes.dropFirst(furtherResults.count)
        return !number.isEmpty && number.allSatisfy { (48...57).contains($0) }
    }
}

extension FileName: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self.init(text)
    }
}
