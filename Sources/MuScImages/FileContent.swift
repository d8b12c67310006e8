import SystemPackage

/// A file, read whole: what is decoded is then safe from whoever goes on writing or truncating the file.
struct FileContent {
    /// The path, fit to be shown.
    let name: String
    let bytes: [UInt8]

    /// Reads a regular file of at most `limits.maxFileBytes` bytes.
    init(_ path: FilePath, limits: DecodingLimits) throws(ImageError) {
        name = path.string
        func failure(_ kind: ImageError.Kind) -> ImageError { ImageError(file: path.string, kind: kind) }
        do {
            // Without waiting: to open a pipe that nobody writes to would take for ever.
            let file = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
            let content: Result<[UInt8], ImageError> = try file.closeAfter {
                let status = try file.stat()
                guard status.type == .regular else { return .failure(failure(.notAFile)) }
                let size = Int(status.size)
                guard size <= limits.maxFileBytes else {
                    return .failure(failure(.fileTooLarge(bytes: size, limit: limits.maxFileBytes)))
                }
                return .success(try file.readToEnd(expecting: size))
            }
            bytes = try content.get()
        } catch let error as ImageError {
            throw error
        } catch {
            throw failure(.unreadable((error as? Errno)?.description ?? "\(error)"))
        }
    }
}

extension FileDescriptor {
    /// Reads up to `count` bytes, fewer where the file ends before.
    fileprivate func readToEnd(expecting count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = try self.read(into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]))
                if read == 0 { break }
                filled += read
            }
        }
    }
}
