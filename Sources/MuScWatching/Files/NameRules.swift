import Glibc
import SystemPackage

/// Which names in a folder are looked at: what follows from the configuration, made ready for 100,000 names a second.
struct NameRules: Sendable {
    /// Files that the program itself puts into a root or a batch, and that are no images.
    private static let reserved: Set<FileName> = ["index.html", "batches.csv", mask]

    /// The mask of what counts in a batch: no image, but the results depend on it.
    static let mask: FileName = "_region.png"

    private let suffixes: [[UInt8]]
    private let prefixes: [[UInt8]]
    private let patterns: [String]
    private let results: FileName
    private let furtherResults: [UInt8]
    let readyFile: FileName?
    let excludedFolders: [FilePath]

    init(_ configuration: WatchConfiguration) {
        var suffixes: [[UInt8]] = []
        var prefixes: [[UInt8]] = []
        var patterns: [String] = []
        for pattern in configuration.ignore where !pattern.isEmpty {
            let bytes = pattern.utf8.map(lowercase)
            if bytes.first == UInt8(ascii: "*"), !bytes.dropFirst().contains(where: isWild) {
                suffixes.append(Array(bytes.dropFirst()))
            } else if bytes.last == UInt8(ascii: "*"), !bytes.dropLast().contains(where: isWild) {
                prefixes.append(Array(bytes.dropLast()))
            } else {
                patterns.append(pattern)
            }
        }
        self.suffixes = suffixes
        self.prefixes = prefixes
        self.patterns = patterns
        results = FileName(configuration.resultsFolderName)
        furtherResults = results.bytes + [UInt8(ascii: "-")]
        readyFile = configuration.readyFile.map { FileName($0) }
        excludedFolders = configuration.excludedFolders + [configuration.outputFolder].compactMap { $0 }
    }

    /// Whether a file of this name may be an image.
    func admitsFile(_ name: FileName) -> Bool {
        !isIgnored(name) && !Self.reserved.contains(name) && name != readyFile
    }

    /// Whether a folder of this name is looked into: results, hidden and ignored folders never are.
    func admitsFolder(_ name: FileName) -> Bool {
        name.bytes.first != UInt8(ascii: ".") && !isResults(name) && !isIgnored(name)
    }

    func admitsFolder(at path: FilePath) -> Bool {
        !excludedFolders.contains(path)
    }

    /// `_musc`, and `_musc-2`, `_musc-3` … of further batches in the same folder.
    func isResults(_ name: FileName) -> Bool {
        if name == results { return true }
        guard name.hasPrefix(furtherResults) else { return false }
        let number = name.bytes.dropFirst(furtherResults.count)
        return !number.isEmpty && number.allSatisfy { (48...57).contains($0) }
    }

    private func isIgnored(_ name: FileName) -> Bool {
        let bytes = name.bytes
        for suffix in suffixes where bytes.count >= suffix.count && Self.matches(bytes, suffix, from: bytes.count - suffix.count) { return true }
        for prefix in prefixes where bytes.count >= prefix.count && Self.matches(bytes, prefix, from: 0) { return true }
        guard !patterns.isEmpty else { return false }
        let text = bytes.map { CChar(bitPattern: $0) } + [0]
        return patterns.contains { fnmatch($0, text, FNM_CASEFOLD) == 0 }
    }

    private static func matches(_ bytes: [UInt8], _ part: [UInt8], from start: Int) -> Bool {
        for position in part.indices where lowercase(bytes[start + position]) != part[position] { return false }
        return true
    }
}

private let FNM_CASEFOLD: Int32 = 1 << 4

private func isWild(_ byte: UInt8) -> Bool {
    [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\")].contains(byte)
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    (65...90).contains(byte) ? byte + 32 : byte
}

extension FileName: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self.init(text)
    }
}
