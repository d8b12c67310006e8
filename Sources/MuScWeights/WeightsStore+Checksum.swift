import MuScBackbone
import MuScSupport
import MuScTensors

extension WeightsStore {
    /// SHA-256 of a file in lower-case hexadecimal.
    ///
    /// - Throws: ``WeightsStoreError/weights(_:)`` where the file cannot be read.
    public static func sha256(of path: String) throws(WeightsStoreError) -> String {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch { throw .weights(.file(error)) }
        var hash = SHA256()
        let piece = 16 << 20
        for start in stride(from: 0, to: file.count, by: piece) {
            let range = start..<min(start + piece, file.count)
            file.withUnsafeBytes(range) { hash.update(bufferPointer: $0) }
            file.release(range)
        }
        return hash.finalize().hexadecimal
    }
}
