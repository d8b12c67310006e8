import MuScParallel
import MuScPaths
import MuScScoring
import MuScTensors
import SystemPackage

/// The lists of nearest judges of one batch, kept in the folder of the tokens and within its limit.
///
/// They hold digests of the images' tokens, so that images which were added, removed or changed are known for what they
/// are. What is missing, damaged or of other settings counts as nothing kept; what cannot be written is not kept.
public struct NearestCache: Sendable {
    let cache: TokenCache
    /// The batch's folder.
    let batch: FilePath

    public init(_ cache: TokenCache, batch: FilePath) {
        self.cache = cache
        self.batch = batch
    }

    /// Bytes that the lists of one batch may take: past it a batch is compared anew each time.
    var byteLimit: Int { cache.byteLimit / 4 }

    /// - Parameter settings: What decides the distances beside the tokens, as text.
    private func path(_ settings: String) -> FilePath {
        var hash = StableHash()
        hash.add(batch.bytes + [0])
        hash.add(Array("\(cache.key.description) \(settings)".utf8))
        return cache.folder.appending(hash.text + ".nearest")
    }

    /// The lists that were kept for the batch.
    func read(settings: String) -> NearestJudges? {
        let path = path(settings)
        guard let archive = try? TensorArchive(path: path.string),
            archive.metadata["key"] == cache.key.description, archive.metadata["settings"] == settings,
            let patches = archive.metadata["patches"].flatMap({ Int($0) }), patches > 0,
            let judged = Self.digests(archive["judged"]), let judges = Self.digests(archive["judges"]),
            let count = archive.metadata["planes"].flatMap({ Int($0) }), (1...4096).contains(count)
        else { return nil }
        let planes = concurrentMap(count, threads: count) { index -> NearestJudges.Plane? in
            guard let squared = archive["squared.\(index)"], let names = archive["names.\(index)"],
                let bounds = archive["bounds.\(index)"], squared.shape.count == 3, squared.shape == names.shape,
                squared.shape[0] == judged.count, squared.shape[2] == patches,
                bounds.shape == [judged.count, patches], names.scalarType == .uint16
            else { return nil }
            let plane = NearestJudges.Plane(
                depth: squared.shape[1], squared: squared.floats(),
                names: names.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }, bounds: bounds.floats())
            return archive.metadata["checksum.\(index)"] == Self.checksum(plane) ? plane : nil
        }
        let whole = planes.compactMap { $0 }
        guard whole.count == count else { return nil }
        TokenCache.touch(path)
        return NearestJudges(judged: judged, judges: judges, patches: patches, planes: whole)
    }

    /// Keeps the lists, if they keep to the limit and the disk allows.
    func keep(_ lists: NearestJudges, settings: String) {
        let bytes = NearestJudges.bytes(
            judged: lists.judged.count, patches: lists.patches, depths: lists.planes.map(\.depth))
        guard bytes <= byteLimit else { return }
        cache.prepare()
        var content = SafetensorsWriter(
            metadata: [
                "key": cache.key.description, "settings": settings, "patches": "\(lists.patches)",
                "planes": "\(lists.planes.count)",
            ])
        content.add("judged", Self.numbers(lists.judged), shape: [lists.judged.count, 3])
        content.add("judges", Self.numbers(lists.judges), shape: [lists.judges.count, 3])
        let checksums = concurrentMap(lists.planes.count, threads: lists.planes.count) { Self.checksum(lists.planes[$0]) }
        for (index, plane) in lists.planes.enumerated() {
            let shape = [lists.judged.count, plane.depth, lists.patches]
            content.add("squared.\(index)", plane.squared, shape: shape)
            content.add("names.\(index)", plane.names, shape: shape)
            content.add("bounds.\(index)", plane.bounds, shape: [lists.judged.count, lists.patches])
            content.metadata["checksum.\(index)"] = checksums[index]
        }
        try? content.write(to: path(settings).string, flushes: false)
        cache.trim()
    }

    private static func checksum(_ plane: NearestJudges.Plane) -> String {
        var hash = ContentHash()
        hash.add(plane.squared)
        hash.add(plane.names)
        hash.add(plane.bounds)
        return String(hash.value.high, radix: 16)
    }

    private static func numbers(_ digests: [ImageDigest]) -> [Int] {
        digests.flatMap { [Int(bitPattern: UInt($0.high)), Int(bitPattern: UInt($0.low)), $0.copy] }
    }

    private static func digests(_ tensor: StoredTensor?) -> [ImageDigest]? {
        guard let tensor, tensor.scalarType == .int64, tensor.shape.count == 2, tensor.shape[1] == 3 else { return nil }
        let numbers = tensor.integers()
        return stride(from: 0, to: numbers.count, by: 3).map {
            ImageDigest(
                high: UInt64(UInt(bitPattern: numbers[$0])), low: UInt64(UInt(bitPattern: numbers[$0 + 1])),
                copy: numbers[$0 + 2])
        }
    }
}
