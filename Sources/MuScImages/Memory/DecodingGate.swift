import Glibc
import Synchronization

/// Lets large images be decoded one at a time, and refuses those for which there is no memory.
///
/// An image of 100 megapixels takes half a gigabyte while it is decoded: several at once, one a thread, could be more
/// than a small machine or a service's limit has.
enum DecodingGate {
    /// Bytes beyond which an image passes alone.
    private static let large = 256 << 20
    private static let turn = Mutex(())

    /// Decodes an image that takes `bytes` of memory meanwhile.
    ///
    /// - Throws: ``ImageError`` of kind `noMemory` where there is not as much, and what `decode` throws.
    static func pass<Value>(
        bytes: Int, name: String, _ decode: () throws(ImageError) -> Value
    ) throws(ImageError) -> Value {
        guard bytes > large else { return try decode() }
        // A typed error does not pass through the lock's closure.
        let outcome = turn.withLock { _ -> Result<Value, ImageError> in
            do throws(ImageError) {
                try wait(for: bytes, name: name)
                return .success(try decode())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Seconds for which memory is waited for: other threads are about to give theirs back.
    private static let patience = 10
    /// The least for which that was in vain; it is not waited for again.
    private static let hopeless = Atomic<Int>(.max)

    private static func wait(for bytes: Int, name: String) throws(ImageError) {
        for _ in 0..<(10 * patience) where bytes < hopeless.load(ordering: .relaxed) {
            if bytes <= available { return }
            usleep(100_000)
        }
        if bytes > available { hopeless.min(bytes, ordering: .relaxed) }
        try require(bytes, name: name)
    }

    /// What there is, less a tenth.
    private static var available: Int { (SystemMemory.available ?? .max) / 10 * 9 }

    /// Refuses what would take more memory than there is, a tenth left over.
    static func require(_ bytes: Int, name: String) throws(ImageError) {
        guard bytes > large else { return }
        let available = available
        if bytes > available { throw ImageError(file: name, kind: .noMemory(bytes: bytes, available: available)) }
    }
}

extension EncodedImage {
    /// Bytes that decoding takes at its peak besides the file: the samples, the same as 8-bit RGB and turned upright,
    /// and where the format may want to see all of them first, what the decoder keeps of each.
    var decodingBytes: Int {
        let pixels = layout.width * layout.height
        let sample =
            switch layout.sampleType {
            case .uint8: 1
            case .uint16: 2
            case .float32: 4
            }
        let decoder = format == .jpeg ? 2 * layout.channels : 0
        return pixels * (layout.channels * sample + decoder + 6)
    }
}
