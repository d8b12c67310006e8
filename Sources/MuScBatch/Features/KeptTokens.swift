import MuScBackbone
import MuScTensors
import Synchronization
import SystemPackage

/// The tokens of an image in a file of the cache, which is mapped and read when they are asked for.
///
/// Where the file turns out to be damaged, the tokens are computed again, as if it had not been there.
final class KeptTokens: Sendable {
    /// One entry a feature layer: the content that the layer's tokens must have.
    let digests: [ContentDigest]
    /// The number of values of a layer.
    let count: Int
    private let path: FilePath
    private let layers: [StoredTensor]
    private let remake: @Sendable () -> ImageTokens?
    private let remade = Mutex<ImageTokens?>(nil)

    /// - Parameters:
    ///   - path: The file.
    ///   - layers: Of float32, all of the same size.
    ///   - remade: Computes the tokens anew; nil where the image cannot be read any more.
    init(
        path: FilePath, layers: [StoredTensor], digests: [ContentDigest], remade: @escaping @Sendable () -> ImageTokens?
    ) {
        self.path = path
        self.layers = layers
        self.digests = digests
        count = layers.first?.count ?? 0
        remake = remade
    }

    /// Calls `body` with the tokens of one layer, `[grid.count, channels]` row-major; the pointer is valid only inside.
    ///
    /// - Parameter layer: The layer's position among the feature layers.
    /// - Throws: ``SpillError`` where the file is damaged and the image cannot be read any more.
    func withValues<Result>(
        of layer: Int, _ body: (UnsafeBufferPointer<Float>) -> Result
    ) throws(SpillError) -> Result {
        let read = layers[layer].withUnsafeBytes { bytes -> Result? in
            // Files are aligned to their numbers, but for those that somebody else put there.
            guard Int(bitPattern: bytes.baseAddress) % MemoryLayout<Float>.alignment == 0 else { return nil }
            let values = bytes.bindMemory(to: Float.self)
            return ContentDigest(of: values) == digests[layer] ? body(values) : nil
        }
        if let read { return read }
        let tokens = remade.withLock { tokens in
            if tokens == nil { tokens = remake() }
            return tokens
        }
        guard let tokens, tokens.layers.count == layers.count, tokens.layers[layer].count == count else {
            throw SpillError(
                folder: path.removingLastComponent(), reason: "\(path.lastComponent?.string ?? "a file") is damaged")
        }
        return tokens.layers[layer].withUnsafeBufferPointer(body)
    }
}
