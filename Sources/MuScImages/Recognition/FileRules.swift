import Glibc

/// Why a file in a batch's folder is no image of the batch; the raw value is its name in `run.json`.
package enum IgnoringRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// The name begins with a dot.
    case hidden
    /// The name fits a pattern of `watch.ignore`.
    case pattern = "watch.ignore"
    /// The program's own: `index.html`, `batches.csv`.
    case results
    /// The mask of what counts, `_region.png`.
    case mask
    case readyFile = "watch.ready_file"
    case sidecar
    /// Camera raw beside an image of the same name.
    case rawBesideImage = "raw beside image"
    /// A link to what lies outside of the drop folder, or to nothing.
    case link
    /// An image of another batch of the same folder.
    case otherBatch = "other batch"
    /// Neither an image nor anything that is known to lie beside images.
    case noImage = "no image"
}

/// Which files of a folder may be images, by their names alone; made ready for 100,000 names a second.
package struct FileRules: Sendable {
    /// The name of the mask that a batch's folder may hold: no image, but the results depend on it.
    package static let maskName = "_region.png"
    private static let mask = Array(maskName.utf8)
    private static let own: Set<[UInt8]> = [Array("index.html".utf8), Array("batches.csv".utf8)]

    private var suffixes: [[UInt8]] = []
    private var prefixes: [[UInt8]] = []
    private var patterns: [String] = []
    private let readyFile: [UInt8]?

    /// - Parameters:
    ///   - patterns: Of `watch.ignore`, as for `fnmatch`; case does not matter.
    ///   - readyFile: Of `watch.ready_file`.
    package init(ignoring patterns: [String] = [], readyFile: String? = nil) {
        for pattern in patterns where !pattern.isEmpty {
            let bytes = pattern.utf8.map(lowercase)
            if bytes.first == UInt8(ascii: "*"), !bytes.dropFirst().contains(where: isWild) {
                suffixes.append(Array(bytes.dropFirst()))
            } else if bytes.last == UInt8(ascii: "*"), !bytes.dropLast().contains(where: isWild) {
                prefixes.append(Array(bytes.dropLast()))
            } else {
                self.patterns.append(pattern)
            }
        }
        self.readyFile = readyFile.map { Array($0.utf8) }
    }

    /// The rule by which a file of this name is no image; nil where it may be one.
    package func rule(for name: [UInt8]) -> IgnoringRule? {
        if name == readyFile { return .readyFile }
        if name == Self.mask { return .mask }
        if Self.own.contains(name) { return .results }
        if name.first == UInt8(ascii: ".") { return .hidden }
        return isIgnored(name) ? .pattern : nil
    }

    /// Whether a name fits a pattern.
    package func isIgnored(_ name: [UInt8]) -> Bool {
        for suffix in suffixes where name.count >= suffix.count && Self.matches(name, suffix, from: name.count - suffix.count) {
            return true
        }
        for prefix in prefixes where name.count >= prefix.count && Self.matches(name, prefix, from: 0) { return true }
        guard !patterns.isEmpty else { return false }
        let text = name.map { CChar(bitPattern: $0) } + [0]
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
