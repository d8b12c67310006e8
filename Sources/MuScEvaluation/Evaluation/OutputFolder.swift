import FoundationEssentials
import MuScTensors
import SystemPackage

/// The folder that an evaluation writes to.
package struct OutputFolder: Sendable, Hashable {
    package let path: FilePath

    package init(_ path: FilePath) { self.path = path }

    /// Writes a file that appears whole or not at all; folders in its name are created.
    ///
    /// - Throws: ``EvaluationError/file(_:reason:)``.
    func write(_ bytes: [UInt8], to name: String) throws(EvaluationError) {
        let file = path.pushing(FilePath(name))
        do {
            try FileManager.default.createDirectory(
                atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
        } catch {
            throw .file(file.removingLastComponent(), reason: "the folder cannot be created; check permission and free space")
        }
        do throws(TensorFileError) {
            var atomic = try AtomicFile(path: file.string)
            let written = bytes.withUnsafeBytes { raw in
                Result { () throws(TensorFileError) in try atomic.write(raw) }
            }
            try written.get()
            try atomic.commit()
        } catch {
            throw .file(file, reason: error.fault.description)
        }
    }

    func write(_ text: String, to name: String) throws(EvaluationError) { try write(Array(text.utf8), to: name) }

    /// The content of a file; nil where there is none.
    func read(_ name: String) -> Data? { FileManager.default.contents(atPath: path.pushing(FilePath(name)).string) }
}
