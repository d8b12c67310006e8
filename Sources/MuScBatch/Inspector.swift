import FoundationEssentials
import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

/// Inspects batches of images: each image is judged by the others, from files to scores, groups and findings.
///
/// ```swift
/// let inspector = try Inspector(settings: settings, weights: weights)
/// let inspection = try inspector.inspect("drop/line-a/0900")
/// for image in inspection.images where image.flagged { print(image.name, image.score ?? 0) }
/// ```
///
/// One value holds one network and can be used for any number of batches, from any thread.
public struct Inspector: Sendable {
    package var network: SizedNetwork
    /// SHA-256 of the weights' file, by which tokens of another network are told apart.
    package let weightsSHA256: String
    /// The folder in which tokens are kept, so that images which stay in a batch are not computed again; nil keeps
    /// nothing. Whatever lies there may be deleted at any time.
    public var cache: FilePath?

    /// - Parameters:
    ///   - settings: Begin with a preset, and change single values.
    ///   - weights: Of the settings' backbone.
    ///   - weightsSHA256: The SHA-256 of the weights' file where it is known; else it is computed.
    ///   - cache: See ``cache``; ``standardCache`` is the command's.
    /// - Throws: `BackboneError` where settings and weights do not fit the backbone.
    public init(
        settings: ScoringSettings, weights: BackboneWeights, weightsSHA256: String? = nil, cache: FilePath? = nil
    ) throws(BackboneError) {
        network = try SizedNetwork(settings: settings, weights: weights)
        self.weightsSHA256 = weightsSHA256 ?? Self.sum(of: weights)
        self.cache = cache
    }

    /// The folder in which the command keeps tokens; nil where the environment names none.
    public static var standardCache: FilePath? { TokenCache.standardFolder }

    /// Everything that decides the scores.
    public var settings: ScoringSettings { network.settings }

    /// Inspects the images of one batch, on the calling thread and as many more as the settings allow.
    ///
    /// Whether all tokens are held at once or the batch is scored in blocks follows from the settings, the number of
    /// images and the memory that there is; see ``PreparedBatch/route``.
    ///
    /// - Parameters:
    ///   - batch: At least two of its images must be readable, or one where images from outside judge it.
    ///   - knownGood: Images that somebody has found good: they judge, and set the threshold.
    ///   - linePast: The line that the batch belongs to, whose earlier batches judge along where the batch is small.
    ///   - region: The part of the photographs that counts; takes the place of the settings'.
    ///   - range: What becomes black and white of samples of more than 8 bits; takes the place of the settings'.
    ///   - align: Whether parts are turned and cropped; takes the place of the settings'.
    ///   - progress: Called after each step, from any thread; answering false ends the work soon.
    /// - Throws: ``ScoringError``.
    public func inspect(
        _ batch: Batch, knownGood: KnownGoodFolder? = nil, linePast: LinePast? = nil, region: RegionOfInterest? = nil,
        range: SampleRange? = nil, align: PartAlignment? = nil, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        try prepare(batch, knownGood: knownGood, linePast: linePast, region: region, range: range, align: align)
            .inspect(progress: progress)
    }

    /// The same for the images of a folder.
    ///
    /// - Throws: ``ScoringError``, `listing` where the folder is missing or cannot be read.
    public func inspect(
        _ folder: FilePath, recursive: Bool = false, knownGood: KnownGoodFolder? = nil, linePast: LinePast? = nil,
        region: RegionOfInterest? = nil, range: SampleRange? = nil, align: PartAlignment? = nil,
        progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        let batch: Batch
        do {
            batch = try Batch(folder, recursive: recursive, pages: settings.pages, threads: settings.threads)
        } catch {
            throw .listing(error)
        }
        return try inspect(
            batch, knownGood: knownGood, linePast: linePast, region: region, range: range, align: align, progress: progress)
    }

    /// The images that files of a folder hold, with the pages that the settings take.
    ///
    /// - Parameter root: See ``BatchFile/root``.
    public func batch(of files: [FilePath], in folder: FilePath, root: FilePath? = nil) -> Batch {
        Batch(files, in: folder, root: root, pages: settings.pages, threads: settings.threads)
    }

    /// Makes a batch ready: fixes the range of samples, the frame of the parts and the image size where they follow from
    /// the photographs, and finds the patches that count.
    ///
    /// - Parameters: As for ``inspect(_:knownGood:linePast:region:range:align:progress:)``.
    /// - Throws: ``ScoringError/region(_:)`` where the region does not fit the photographs.
    public func prepare(
        _ batch: Batch, knownGood: KnownGoodFolder? = nil, linePast: LinePast? = nil, region: RegionOfInterest? = nil,
        range: SampleRange? = nil, align: PartAlignment? = nil
    ) throws(ScoringError) -> PreparedBatch {
        let start = ContinuousClock.now
        let photographs = try network.seen(
            batch.files, region: region, range: range, align: align, knownGood: knownGood?.files ?? []
        ) { align, settings in
            // A line's frames lie beside its memory; those of a batch of no line beside its tokens.
            if let linePast { return FrameMemory(folder: linePast.memories, subject: linePast.line, settings: settings, align: align) }
            guard let cache, let folder = batch.folder else { return nil }
            return FrameMemory(folder: cache, subject: folder.canonical(), settings: settings, align: align)
        }
        let key = TokenKey(photographs.network, weightsSHA256: weightsSHA256)
        return PreparedBatch(
            batch: batch, seen: photographs.findings, network: photographs.network, region: photographs.region,
            knownGood: knownGood, memory: linePast.map { LineMemory($0, key: key) },
            verdicts: linePast.map { LineVerdicts(of: $0.line, memories: $0.memories) } ?? batch.folder.map { LineVerdicts(inFolder: $0) }
                ?? LineVerdicts(),
            cache: cache.map { TokenCache(folder: $0, key: key) }, weightsSHA256: weightsSHA256,
            duration: ContinuousClock.now - start)
    }

    private static func sum(of weights: BackboneWeights) -> String {
        guard let file = try? FileDescriptor.open(FilePath(weights.path), .readOnly) else { return weights.path }
        defer { try? file.close() }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
            hash.update(data: buffer[..<count])
        }
        return hash.finalize().hexadecimal
    }
}

/// The line that a batch belongs to: what is remembered of its earlier batches.
public struct LinePast: Sendable, Hashable {
    /// The folder that holds the memories of all lines.
    public var memories: FilePath
    /// The folder whose subfolders are the line's batches.
    public var line: FilePath
    /// The most images that are remembered.
    public var capacity: Int

    public init(memories: FilePath, line: FilePath, capacity: Int = 48) {
        self.memories = memories
        self.line = line
        self.capacity = capacity
    }
}
