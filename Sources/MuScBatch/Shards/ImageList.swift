import FoundationEssentials
import MuScSupport
import MuScTensors
import SystemPackage

/// The names of a batch's images in one file: paths relative to the batch's folder, each ended by a zero byte, as
/// `xargs -0` takes them and as no name can contain.
struct ImageList: Sendable {
    static let fileName = "images.list"

    var path: FilePath

    /// The list's bytes, divided into shards.
    struct Content {
        var bytes: [UInt8] = []
        /// Where each name begins.
        var offsets: [Int] = []
        var sha256: String

        init(_ names: [[UInt8]]) {
            for name in names {
                offsets.append(bytes.count)
                bytes += name + [0]
            }
            sha256 = SHA256.hash(data: bytes).hexadecimal
        }

        /// As many slices, which differ by one image at most.
        func slices(_ count: Int) -> [ShardPlan.Slice] {
            (0..<count).map { shard in
                let first = shard * offsets.count / count
                let last = (shard + 1) * offsets.count / count
                let start = first < offsets.count ? offsets[first] : bytes.count
                let end = last < offsets.count ? offsets[last] : bytes.count
                return ShardPlan.Slice(
                    first: first, count: last - first, offset: start, bytes: end - start,
                    sha256: SHA256.hash(data: bytes[start..<end]).hexadecimal)
            }
        }
    }

    /// Reads the names of a slice, and nothing else.
    ///
    /// - Throws: ``ShardError``: `changedPlan` where they are not those of the plan.
    func names(of slice: ShardPlan.Slice) throws(ShardError) -> [[UInt8]] {
        let bytes = try read(from: slice.offset, count: slice.bytes)
        guard bytes.count == slice.bytes, SHA256.hash(data: bytes).hexadecimal == slice.sha256 else {
            throw .changedPlan(path)
        }
        return bytes.split(separator: 0).map(Array.init)
    }

    /// Reads the name that begins at this byte.
    func name(at offset: Int) throws(ShardError) -> [UInt8] {
        // No path is longer.
        let bytes = try read(from: offset, count: 4097)
        guard let end = bytes.firstIndex(of: 0) else { throw .changedPlan(path) }
        return Array(bytes[..<end])
    }

    private func read(from offset: Int, count: Int) throws(ShardError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly)
            defer { try? file.close() }
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let read = try bytes.withUnsafeMutableBytes {
                    try file.read(fromAbsoluteOffset: Int64(offset + filled), into: .init(rebasing: $0[filled...]))
                }
                if read == 0 { break }
                filled += read
            }
            return Array(bytes[..<filled])
        } catch {
            throw .unreadablePlan(path, reason: "\(error)")
        }
    }
}

extension BatchFile {
    /// The file of a list's entry.
    init(listed name: [UInt8], in folder: FilePath) {
        let relative = FilePath(platformString: name.map { CChar(bitPattern: $0) } + [0])
        self.init(path: folder.pushing(relative), name: relative.string)
    }
}

extension [UInt8] {
    /// Puts the bytes into a file that appears whole or not at all.
    func writeWhole(to path: FilePath) throws(ShardError) {
        do throws(TensorFileError) {
            var file = try AtomicFile(path: path.string)
            var failure: TensorFileError?
            withUnsafeBytes { bytes in
                do throws(TensorFileError) { try file.write(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            try file.commit()
        } catch {
            guard case .system(let reason) = error.fault else { throw .system(path, reason: "\(error)") }
            throw .system(path, reason: reason)
        }
    }
}
