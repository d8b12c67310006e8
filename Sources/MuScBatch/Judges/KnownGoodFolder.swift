import Glibc
import MuScSupport
import Synchronization
import SystemPackage

/// The tokens of a folder of known good images, read once and anew whenever the folder has changed.
public final class KnownGoodFolder: Sendable {
    public let folder: FilePath
    private let latest = Mutex<Read?>(nil)

    /// What was read when the folder was as its signature says.
    private struct Read: Sendable {
        var signature: UInt64
        var tokens: BatchTokens
    }

    public init(_ folder: FilePath) {
        self.folder = folder
    }

    /// The number of images in the folder; 0 where it cannot be read.
    public var count: Int { (try? ImageListing.images(in: folder).count) ?? 0 }

    /// What the folder gives.
    public struct Content: Sendable {
        /// nil where no image of the folder can be used; then the batch is judged without.
        public var judges: OutsideJudges?
        /// What somebody should know and mend, one sentence each.
        public var warnings: [String]
    }

    /// The folder's images as judges.
    ///
    /// A folder that is missing, empty or holds files that are no images never costs a batch: the warnings say so.
    ///
    /// - Parameter scorer: Always of the same network and settings but for the image size, because the tokens are kept.
    /// - Throws: ``ScoringError/cancelled`` once `progress` answers false.
    public func content(
        for scorer: BatchScorer, cache: TokenCache? = nil, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Content {
        let files: [FilePath]
        do {
            files = try ImageListing.images(in: folder)
        } catch {
            latest.withLock { $0 = nil }
            return Content(
                judges: nil, warnings: ["The known good images could not judge: \(error) (judges.known_good)."])
        }
        guard !files.isEmpty else {
            return Content(
                judges: nil,
                warnings: [
                    "There are no known good images in \(folder) (judges.known_good): put 30 to 50 photographs of good parts there, not in folders below."
                ])
        }
        let signature = Self.signature(of: files, for: scorer)
        let tokens: BatchTokens
        if let known = latest.withLock({ $0 }), known.signature == signature {
            tokens = known.tokens
        } else {
            let named = files.map { BatchFile(path: $0, name: $0.lastComponent?.string ?? $0.string) }
            tokens = try scorer.tokens(of: named, cache: cache, progress: progress)
            latest.withLock { $0 = Read(signature: signature, tokens: tokens) }
        }
        var warnings: [String] = []
        let unread = tokens.images.filter { $0.index == nil }
        if let first = unread.first {
            let others = unread.count > 1 ? " and \(unread.count - 1) more" : ""
            warnings.append(
                "Of the known good images, \(first.name)\(others) could not be read: \(first.error ?? "no image").")
        }
        guard tokens.readable > 0 else {
            warnings.append("So no image of \(folder) could judge (judges.known_good).")
            return Content(judges: nil, warnings: warnings)
        }
        return Content(judges: OutsideJudges(origin: .knownGood, tokens: tokens), warnings: warnings)
    }

    /// Changes whenever a file comes, goes or changes, or images are resized to another size.
    private static func signature(of files: [FilePath], for scorer: BatchScorer) -> UInt64 {
        var hash = StableHash()
        hash.add(Array("\(scorer.settings.imageSize)".utf8))
        for file in files { hash.add(FileIdentity(file).bytes) }
        return hash.value
    }
}

/// What tells one state of a file from another without reading it: name, size, time of change, inode and device, which
/// are the same by whatever path it is reached.
struct FileIdentity: Sendable, Hashable {
    var bytes: [UInt8]

    init(_ path: FilePath) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            bytes = path.bytes
            return
        }
        bytes = (path.lastComponent.map { FilePath(root: nil, components: $0).bytes } ?? []) + [0]
        bytes += Array(
            """
            \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec) \(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec) \
            \(status.st_ino) \(status.st_dev)
            """.utf8)
    }
}
