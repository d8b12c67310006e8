import Glibc
import MuScScoring
import MuScSupport
import MuScTensors
import SystemPackage

/// The lists of nearest judges of one batch, kept in the folder of the tokens and within its limit.
///
/// They hold digests of the images' tokens, so that images which were added, removed or changed are known for what they
/// are. What is missing, damaged or of other settings counts as nothing kept; what cannot be written is not kept.
///
/// Lists are some hundred kilobytes an image, and an image more changes them all a little. So what was added is kept in
/// small files beside the lists, each of which names what it was added to, and the lists are written again after
/// `mostAdditions` of them.
package struct NearestCache: Sendable {
    let cache: TokenCache
    /// The batch's folder.
    let batch: FilePath

    /// The most additions that are kept beside the lists.
    static let mostAdditions = 8

    package init(_ cache: TokenCache, batch: FilePath) {
        self.cache = cache
        self.batch = batch
    }

    /// Bytes that the lists of one batch may take: past it a batch is compared anew each time.
    var byteLimit: Int { cache.byteLimit / 4 }

    /// - Parameters:
    ///   - settings: What decides the distances beside the tokens, as text.
    ///   - addition: The number of an addition; nil for the lists themselves.
    private func path(_ settings: String, addition: Int? = nil) -> FilePath {
        var hash = StableHash()
        hash.add(batch.bytes + [0])
        hash.add(Array("\(cache.key.description) \(settings)".utf8))
        return cache.folder.appending(hash.text + (addition.map { ".added-\($0)" } ?? ".nearest"))
    }

    /// What is in the files: the content of the last of them, and how many additions there are.
    struct Version: Sendable, Hashable {
        var digest: String
        var additions: Int
    }

    /// What was kept for a batch.
    struct Stored: Sendable {
        var lists: NearestJudges?
        var version: Version
    }

    /// The lists that were kept for the batch.
    func read(settings: String, threads: Int) -> Stored? {
        guard let (archive, digest) = archive(settings, addition: nil),
            let patches = archive.metadata["patches"].flatMap({ Int($0) }), patches > 0,
            let judged = Self.digests(archive["judged"]), let judges = Self.digests(archive["judges"]),
            let count = archive.metadata["planes"].flatMap({ Int($0) }), (1...4096).contains(count)
        else { return nil }
        let slack = Self.mostAdditions + 1
        let planes = (0..<count).compactMap {
            Self.plane(archive, "\($0)", rows: judged.count, patches: patches, slack: slack, threads: threads)
        }
        guard planes.count == count, Self.digest(planes, threads: threads) == digest else { return nil }
        let parts = archive["judged_parts"].flatMap { judged in
            archive["judge_parts"].map { NearestJudges.Parts(judged: judged.integers(), judges: $0.integers()) }
        }
        guard parts.map({ $0.judged.count == judged.count && $0.judges.count == judges.count }) ?? true else { return nil }
        var lists = NearestJudges(judged: judged, judges: judges, patches: patches, planes: planes, parts: parts)
        var version = Version(digest: digest, additions: 0)
        while version.additions < Self.mostAdditions,
            let (addition, digest) = addition(version, settings: settings, to: lists, planes: count),
            lists.add(addition, threads: threads)
        {
            version = Version(digest: digest, additions: version.additions + 1)
        }
        return Stored(lists: lists, version: version)
    }

    /// Opens a file of this batch and these settings.
    private func archive(_ settings: String, addition: Int?) -> (TensorArchive, digest: String)? {
        let path = path(settings, addition: addition)
        guard let archive = try? TensorArchive(path: path.string),
            archive.metadata["key"] == cache.key.description, archive.metadata["settings"] == settings,
            let digest = archive.metadata["digest"]
        else { return nil }
        TokenCache.touch(path)
        return (archive, digest)
    }

    /// What was added to a version of the lists.
    private func addition(
        _ version: Version, settings: String, to lists: NearestJudges, planes count: Int
    ) -> (NearestAddition, digest: String)? {
        guard let (archive, digest) = archive(settings, addition: version.additions),
            archive.metadata["after"] == version.digest,
            let judged = Self.digests(archive["judged"]), let judges = Self.digests(archive["judges"])
        else { return nil }
        let planes = (0..<count).compactMap { index -> NearestAddition.Plane? in
            guard
                let rows = Self.plane(
                    archive, "\(index)", rows: judged.count, patches: lists.patches, slack: 0, threads: 1),
                let distances = archive["distances.\(index)"], distances.scalarType == .float32
            else { return nil }
            return NearestAddition.Plane(rows: rows, distances: distances.floats())
        }
        guard planes.count == count, Self.digest(planes, after: version.digest) == digest else { return nil }
        return (NearestAddition(judged: judged, judges: judges, planes: planes), digest)
    }

    /// Keeps the lists, if they keep to the limit and the disk allows.
    ///
    /// - Parameters:
    ///   - change: How they differ from those of `version`.
    ///   - version: What was read before; nil where nothing was.
    func keep(
        _ lists: NearestJudges, change: KeptLists.Change, from version: Version?, settings: String, threads: Int
    ) {
        let bytes = NearestJudges.bytes(
            judged: lists.judged.count, patches: lists.patches, depths: lists.planes.map(\.depth))
        guard bytes <= byteLimit else { return }
        cache.prepare()
        switch (change, version) {
        case (.none, .some): return
        case (.addition(let addition), .some(let version)) where version.additions < Self.mostAdditions:
            write(addition, after: version, settings: settings)
        default: write(lists, settings: settings, threads: threads)
        }
        cache.trim()
    }

    private func write(_ lists: NearestJudges, settings: String, threads: Int) {
        var content = SafetensorsWriter(
            metadata: [
                "key": cache.key.description, "settings": settings, "patches": "\(lists.patches)",
                "planes": "\(lists.planes.count)", "digest": Self.digest(lists.planes, threads: threads),
            ])
        content.add("judged", Self.numbers(lists.judged), shape: [lists.judged.count, 3])
        content.add("judges", Self.numbers(lists.judges), shape: [lists.judges.count, 3])
        if let parts = lists.parts {
            content.add("judged_parts", parts.judged, shape: [parts.judged.count])
            content.add("judge_parts", parts.judges, shape: [parts.judges.count])
        }
        for (index, plane) in lists.planes.enumerated() {
            Self.add(plane, "\(index)", rows: lists.judged.count, patches: lists.patches, to: &content)
        }
        try? content.write(to: path(settings).string, flushes: false)
        // They belong to other lists now.
        for addition in 0..<Self.mostAdditions { unlink(path(settings, addition: addition).string) }
    }

    private func write(_ addition: NearestAddition, after version: Version, settings: String) {
        var content = SafetensorsWriter(
            metadata: [
                "key": cache.key.description, "settings": settings, "after": version.digest,
                "digest": Self.digest(addition.planes, after: version.digest),
            ])
        content.add("judged", Self.numbers(addition.judged), shape: [addition.judged.count, 3])
        content.add("judges", Self.numbers(addition.judges), shape: [addition.judges.count, 3])
        for (index, plane) in addition.planes.enumerated() {
            let patches = addition.judged.isEmpty ? 0 : plane.rows.bounds.count / addition.judged.count
            Self.add(plane.rows, "\(index)", rows: addition.judged.count, patches: patches, to: &content)
            content.add("distances.\(index)", plane.distances, shape: [plane.distances.count])
        }
        try? content.write(to: path(settings, addition: version.additions).string, flushes: false)
    }
}

// MARK: Planes

extension NearestCache {
    /// - Parameter slack: For how many rows more there is to be room.
    private static func plane(
        _ archive: TensorArchive, _ name: String, rows: Int, patches: Int, slack: Int, threads: Int
    ) -> NearestJudges.Plane? {
        guard let squared = archive["squared.\(name)"], let names = archive["names.\(name)"],
            let bounds = archive["bounds.\(name)"], squared.shape.count == 3, squared.shape == names.shape,
            squared.shape[0] == rows, rows == 0 || squared.shape[2] == patches, bounds.shape == [rows, squared.shape[2]],
            squared.scalarType == .float32, names.scalarType == .uint16, bounds.scalarType == .float32
        else { return nil }
        let depth = squared.shape[1]
        return NearestJudges.Plane(
            depth: depth, squared: array(squared, room: slack * depth * patches, threads: threads),
            names: array(names, room: slack * depth * patches, threads: threads),
            bounds: array(bounds, room: slack * patches, threads: threads))
    }

    /// A tensor's numbers, with room for more behind them.
    private static func array<Number: BitwiseCopyable>(_ tensor: StoredTensor, room: Int, threads: Int) -> [Number] {
        tensor.withUnsafeBytes { bytes in
            [Number](unsafeUninitializedCapacity: tensor.count + room) { buffer, written in
                // Piece by piece, since what takes time is that the system hands out the memory.
                let pieces = Pieces(from: bytes, to: UnsafeMutableRawBufferPointer(buffer))
                concurrentLoop(pieces.count, threads: threads) { pieces.copy($0) }
                written = tensor.count
            }
        }
    }

    /// Bytes that several threads copy, each pieces of its own.
    private struct Pieces: @unchecked Sendable {
        private static let size = 1 << 20
        let source: UnsafeRawBufferPointer
        let target: UnsafeMutableRawBufferPointer

        init(from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
            (self.source, self.target) = (source, target)
        }

        var count: Int { (source.count + Self.size - 1) / Self.size }

        func copy(_ index: Int) {
            let range = index * Self.size..<min((index + 1) * Self.size, source.count)
            UnsafeMutableRawBufferPointer(rebasing: target[range]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[range]))
        }
    }

    private static func add(
        _ plane: NearestJudges.Plane, _ name: String, rows: Int, patches: Int, to content: inout SafetensorsWriter
    ) {
        let shape = [rows, plane.depth, patches]
        content.add("squared.\(name)", plane.squared, shape: shape)
        content.add("names.\(name)", plane.names, shape: shape)
        content.add("bounds.\(name)", plane.bounds, shape: [rows, patches])
    }

    private static func digest(_ planes: [NearestJudges.Plane], threads: Int) -> String {
        // In blocks of the same number of slots, which several threads share.
        let blocks = 8
        let digests = concurrentMap(planes.count * blocks, threads: threads) { index -> ContentDigest in
            let (plane, block) = (planes[index / blocks], index % blocks)
            var hash = ContentHash()
            func add<Number: BitwiseCopyable>(_ values: [Number]) {
                values.withUnsafeBytes { bytes in
                    let range = bytes.count * block / blocks..<bytes.count * (block + 1) / blocks
                    hash.add(UnsafeRawBufferPointer(rebasing: bytes[range]))
                }
            }
            add(plane.squared)
            add(plane.names)
            add(plane.bounds)
            return hash.value
        }
        var hash = ContentHash()
        for digest in digests { hash.add([digest.high, digest.low]) }
        return hash.value.text
    }

    private static func digest(_ planes: [NearestAddition.Plane], after former: String) -> String {
        var hash = ContentHash()
        hash.add(Array(former.utf8))
        for plane in planes {
            let digest = digest(of: plane.rows)
            hash.add([digest.high, digest.low])
            hash.add(plane.distances)
        }
        return hash.value.text
    }

    private static func digest(of plane: NearestJudges.Plane) -> ContentDigest {
        var hash = ContentHash()
        hash.add(plane.squared)
        hash.add(plane.names)
        hash.add(plane.bounds)
        return hash.value
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
