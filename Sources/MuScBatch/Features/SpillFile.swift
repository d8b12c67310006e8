import Glibc
import Synchronization
import SystemPackage

/// A file without a name that takes what does not fit into memory, and vanishes with the last use of it.
final class SpillFile: Sendable {
    private let descriptor: FileDescriptor
    private let folder: FilePath
    private let end = Atomic<Int64>(0)

    /// - Throws: ``SpillError`` where the folder takes no file.
    init(in folder: FilePath) throws(SpillError) {
        self.folder = folder
        do {
            let path = folder.appending(".tokens-\(UInt64.random(in: 0...(.max)))")
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
            // Without a name from here on, so that a killed program leaves nothing.
            unlink(path.string)
        } catch {
            throw SpillError(folder: folder, reason: "\(error)")
        }
    }

    deinit { try? descriptor.close() }

    /// Appends values, from any thread.
    ///
    /// - Returns: Where they begin.
    /// - Throws: ``SpillError``.
    func append(_ values: [Float]) throws(SpillError) -> Int64 {
        let bytes = values.count * MemoryLayout<Float>.stride
        let offset = end.add(Int64(bytes), ordering: .relaxed).oldValue
        do {
            try values.withUnsafeBytes { _ = try descriptor.writeAll(toAbsoluteOffset: offset, $0) }
        } catch {
            throw SpillError(folder: folder, reason: "\(error)")
        }
        return offset
    }

    /// - Throws: ``SpillError``.
    func read(_ count: Int, at offset: Int64) throws(SpillError) -> [Float] {
        do {
            return try [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                var done = 0
                while done < bytes.count {
                    let read = try descriptor.read(
                        fromAbsoluteOffset: offset + Int64(done), into: UnsafeMutableRawBufferPointer(rebasing: bytes[done...]))
                    guard read > 0 else { throw Errno.ioError }
                    done += read
                }
                initialised = count
            }
        } catch {
            throw SpillError(folder: folder, reason: "\(error)")
        }
    }
}

/// Tokens could not be kept in a file, or not be read from it.
public struct SpillError: Error, Sendable, CustomStringConvertible {
    /// Where the file is.
    public var folder: FilePath
    public var reason: String

    package init(folder: FilePath, reason: String) {
        self.folder = folder
        self.reason = reason
    }

    public var description: String {
        "\(folder): tokens that do not fit into memory could not be kept there: \(reason): make room, allow more memory "
            + "(scoring.memory), or score with a smaller image size or fewer images"
    }
}

/// Keeps tokens in memory up to a limit, and in a file beyond it.
final class TokenStore: Sendable {
    private let limit: Int
    private let folder: FilePath
    private let used = Atomic<Int>(0)
    private let file = Mutex<SpillFile?>(nil)

    /// - Parameters:
    ///   - limit: Bytes of tokens that may be in memory.
    ///   - folder: Where the file is made once it is needed; a folder on a disk.
    init(limit: Int, folder: FilePath) {
        self.limit = limit
        self.folder = folder
    }

    /// Keeps the tokens of one image in one layer, from any thread.
    ///
    /// - Throws: ``SpillError``.
    func keep(_ values: [Float]) throws(SpillError) -> PatchTokens {
        let bytes = values.count * MemoryLayout<Float>.stride
        if used.add(bytes, ordering: .relaxed).newValue <= limit { return PatchTokens(values) }
        let file = try file.withLock { (file: inout SpillFile?) throws(SpillError) -> SpillFile in
            if let file { return file }
            let made = try SpillFile(in: folder)
            file = made
            return made
        }
        return PatchTokens(in: file, offset: try file.append(values), count: values.count)
    }
}
