import Glibc
import MuScImages
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
    public var count: Int { files.count }

    /// The images in the folder; none where it cannot be read.
    public var files: [FilePath] { (try? ImageListing.images(in: folder)) ?? [] }

    /// What the folder gives.
    package struct Content: Sendable {
        /// nil where no image of the folder can be used; then the batch is judged without.
        package var judges: OutsideJudges?
        /// What somebody should know and mend.
        package var findings: [Finding]
    }

    /// The folder's images as judges.
    ///
    /// A folder that is missing, empty or holds files that are no images never costs a batch: the findings say so.
    ///
    /// - Parameter network: Always the same with the same settings but for the image size, because the tokens are kept.
    /// - Throws: ``ScoringError/cancelled`` once `progress` answers false.
    package func content(
        for network: SizedNetwork, cache: TokenCache? = nil, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Content {
        let files: [FilePath]
        do {
            files = try ImageListing.images(in: folder)
        } catch {
            latest.withLock { $0 = nil }
            return Content(judges: nil, findings: [.knownGoodUnlisted(error)])
        }
        guard !files.isEmpty else { return Content(judges: nil, findings: [.knownGoodEmpty(folder)]) }
        let signature = Self.signature(of: files, for: network)
        let tokens: BatchTokens
        if let known = latest.withLock({ $0 }), known.signature == signature {
            tokens = known.tokens
        } else {
            let named = BatchFile.images(
                in: files, of: folder, pages: network.settings.pages, threads: network.settings.threads
            ).images
            tokens = try FeatureExtraction(network: network, cache: cache).tokens(of: named, progress: progress)
            latest.withLock { $0 = Read(signature: signature, tokens: tokens) }
        }
        var findings: [Finding] = []
        let unread = tokens.images.filter { $0.index == nil }
        if let first = unread.first {
            findings.append(
                .knownGoodUnreadable(name: first.name, reason: first.error ?? "no image", others: unread.count - 1))
        }
        guard tokens.readable > 0 else {
            return Content(judges: nil, findings: findings + [.knownGoodUnused(folder)])
        }
        return Content(judges: OutsideJudges(origin: .knownGood, tokens: tokens), findings: findings)
    }

    /// Changes whenever a file comes, goes or changes, or images are resized to another size or compared in another frame.
    private static func signature(of files: [FilePath], for network: SizedNetwork) -> UInt64 {
        var hash = StableHash()
        hash.add(Array("\(network.settings.imageSize) \(network.settings.sampleRange) \(network.alignment?.digest ?? "")".utf8))
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
