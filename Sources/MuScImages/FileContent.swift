import SystemPackage

/// A file's content, read into memory: what is decoded is then safe from whoever goes on writing or truncating the
/// file.
struct FileContent {
    /// The path, fit to be shown.
    let name: String
    /// The content, or its beginning.
    let bytes: [UInt8]
    /// Whether `bytes` is all of it.
    let isComplete: Bool

    /// Reads a regular file of at most `options.limits.maxFileBytes` bytes that lies in `options.root`.
    ///
    /// - Parameter most: How many bytes are read; nil reads all.
    init(_ path: FilePath, options: DecodingOptions, upTo most: Int? = nil) throws(ImageError) {
        name = path.string
        let limits = options.limits
        func failure(_ kind: ImageError.Kind) -> ImageError { ImageError(file: path.string, kind: kind) }
        do {
            // Without waiting: to open a pipe that nobody writes to would take for ever.
            let file = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
            (bytes, isComplete) = try file.closeAfter {
                if let root = options.root, !root.holds(openFile: file.rawValue) { throw failure(.leadsOutside) }
                let status = try file.stat()
                guard status.type == .regular else { throw failure(.notAFile) }
                let size = Int(status.size)
                guard size <= limits.maxFileBytes else {
                    throw failure(.fileTooLarge(bytes: size, limit: limits.maxFileBytes))
                }
                try DecodingGate.require(min(size, most ?? size), name: path.string)
                let bytes = try file.read(upTo: min(size, most ?? size))
                return (bytes, bytes.count == size)
            }
        } catch let error as ImageError {
            throw error
        } catch {
            throw failure(.unreadable((error as? Errno)?.description ?? "\(error)"))
        }
    }
}

extension FileDescriptor {
    /// Reads `count` bytes, or fewer where the file ends before.
    fileprivate func read(upTo count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let read = try self.read(into: rest)
                if read == 0 { break }
                filled += read
            }
        }
    }
}
