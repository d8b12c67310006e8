import CCrypto
import Glibc
import SystemPackage

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto.
///
/// ```swift
/// var hash = SHA256()
/// hash.update(data: bytes)
/// let text = hash.finalize().hexadecimal
/// ```
package struct SHA256: Sendable {
    private var state = SHA256_CTX()

    package init() {
        SHA256_Init(&state)
    }

    /// The digest of `data` alone, 32 bytes.
    package static func hash(data: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: data)
        return hash.finalize()
    }

    package mutating func update(data: some Collection<UInt8>) {
        let contiguous: Void? = data.withContiguousStorageIfAvailable { update(bufferPointer: UnsafeRawBufferPointer($0)) }
        if contiguous == nil { Array(data).withUnsafeBytes { update(bufferPointer: $0) } }
    }

    package mutating func update(bufferPointer bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    /// The digest of all that was added, 32 bytes; more may be added afterwards.
    package func finalize() -> [UInt8] {
        var copy = state
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256_Final(&digest, &copy)
        return digest
    }
}

extension SHA256 {
    /// The digest of a file's content, 64 lower-case hexadecimal digits; nil where it is no file or cannot be read.
    package static func digest(ofFile path: FilePath) -> String? {
        // Without waiting: to open a pipe that nobody writes to would take for ever.
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else { return nil }
        defer { try? file.close() }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            guard let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
            if count == 0 { return hash.finalize().hexadecimal }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}
