import CCrypto

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
