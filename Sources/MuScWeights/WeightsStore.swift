import FoundationEssentials
import MuScBackbone
import MuScSupport
import MuScTensors

/// The folder in which weights are kept, one file a set of weights and a small record beside it.
///
/// A file is there whole or not at all: it is put together beside its place, checked, flushed and then renamed.
public struct WeightsStore: Sendable {
    /// The folder's path; it is made when something is put into it.
    public let folder: String

    public init(folder: String) {
        self.folder = folder
    }

    /// The user's own store: `$MUSC_WEIGHTS`, else `$XDG_CACHE_HOME/musc/weights`, else `~/.cache/musc/weights`.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        // The XDG base directory specification asks to pass over relative paths.
        let cache = value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        folder =
            value("MUSC_WEIGHTS")
            ?? "\(cache ?? value("HOME").map { "\($0)/.cache" } ?? "/var/cache")/musc/weights"
    }

    /// What is known of weights that are in the store.
    public struct Installed: Sendable, Hashable, Codable {
        /// The file's name in the store's folder.
        public var file: String
        /// SHA-256 of the file as it was when it was put there, lower-case hexadecimal.
        public var sha256: String
        public var bytes: Int
        /// The URL, the Python package or the file that it came from.
        public var source: String
        /// Whether the sum was known beforehand; false where it is only that of the first download.
        public var isChecksumPublished: Bool
        /// The licence that was accepted when the weights were put there; nil where none had to be.
        public var acceptedLicence: String?
    }

    /// The full path of installed weights.
    public func path(of installed: Installed) -> String { "\(folder)/\(installed.file)" }

    /// What is known of these weights, or nil where they are not in the store.
    public func installed(_ id: WeightsID) -> Installed? {
        guard let data = try? Data(contentsOf: URL(filePath: recordPath(id))),
            let record = try? JSONDecoder().decode(Installed.self, from: data),
            !record.file.contains("/"), FileManager.default.fileExists(atPath: path(of: record))
        else { return nil }
        return record
    }

    /// The name under which weights are kept; the backbone's usual training run where none is named.
    public static func id(backbone: String, pretrained: String? = nil) -> WeightsID {
        WeightsCatalogue.release(backbone: backbone, pretrained: pretrained)?.id
            ?? WeightsID(backbone: backbone, pretrained: pretrained)
    }

    /// Opens installed weights.
    ///
    /// - Parameters:
    ///   - description: The backbone.
    ///   - pretrained: The training run; nil for the backbone's usual one.
    /// - Throws: ``WeightsStoreError``: `notInstalled` with the command that gets them.
    public func open(
        _ description: BackboneDescription, pretrained: String? = nil
    ) throws(WeightsStoreError) -> BackboneWeights {
        let id = Self.id(backbone: description.name, pretrained: pretrained)
        guard let installed = installed(id) else { throw .notInstalled(id) }
        do {
            return try BackboneWeights(path: path(of: installed), for: description)
        } catch {
            throw .weights(error)
        }
    }

    /// Reads the whole file of installed weights and compares its SHA-256 with the one it had when it was installed.
    ///
    /// - Throws: ``WeightsStoreError``: `wrongChecksum` where the file has changed.
    @discardableResult
    public func verify(_ id: WeightsID) throws(WeightsStoreError) -> Installed {
        guard let installed = installed(id) else { throw .notInstalled(id) }
        let found = try Self.sha256(of: path(of: installed))
        guard found == installed.sha256 else {
            throw .wrongChecksum(path: path(of: installed), expected: installed.sha256, found: found)
        }
        return installed
    }

    /// SHA-256 of a file in lower-case hexadecimal.
    ///
    /// - Throws: ``WeightsStoreError/weights(_:)`` where the file cannot be read.
    public static func sha256(of path: String) throws(WeightsStoreError) -> String {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch { throw .weights(.file(error)) }
        var hash = SHA256()
        let piece = 16 << 20
        for start in stride(from: 0, to: file.count, by: piece) {
            let range = start..<min(start + piece, file.count)
            file.withUnsafeBytes(range) { hash.update(bufferPointer: $0) }
            file.release(range)
        }
        return hash.finalize().hexadecimal
    }

    /// Every known set of weights, with what is installed of it; then what else is in the store.
    public func list() -> [Listing] {
        let known = WeightsCatalogue.all.map { Listing(id: $0.id, release: $0, installed: installed($0.id)) }
        let records = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let others = records.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
            .filter { name in !known.contains { $0.id.fileStem == name } }
            .map { WeightsID(backbone: $0) }
        return known + others.compactMap { id in installed(id).map { Listing(id: id, release: nil, installed: $0) } }
    }

    /// One line of ``list()``.
    public struct Listing: Sendable, Hashable {
        public var id: WeightsID
        /// Nil for weights that were imported under a name of their own.
        public var release: WeightsRelease?
        public var installed: Installed?
    }

    func recordPath(_ id: WeightsID) -> String { "\(folder)/\(id.fileStem).json" }
}
