import FoundationEssentials
import MuScSupport
import MuScTensors
import SystemPackage

/// Whose results, or whose copies of flagged images, lie in a folder.
package enum BatchOfResults {
    /// The batch's folder as it was recorded there, absolute; nil where the folder holds nothing of a batch, or nothing
    /// that can be read.
    package static func folder(_ place: FilePath) -> FilePath? {
        struct Copied: Decodable { var folder: String }
        if let data = FileManager.default.contents(atPath: place.appending(FlaggedCopies.marker).string),
            let copied = try? JSONDecoder().decode(Copied.self, from: data)
        {
            return FilePath(copied.folder)
        }
        let archive = try? TensorArchive(path: place.appending(ScoresArchive.fileName).string)
        return archive?.metadata["folder"].flatMap { $0.isEmpty ? nil : FilePath($0) }
    }

    /// The folder of another batch than this one, where a place holds what that came to.
    ///
    /// - Parameter batch: Absolute and without links. Results that lie in the batch's own folder are its own: they go
    ///   where it goes.
    package static func otherThan(_ batch: FilePath, in place: FilePath) -> FilePath? {
        guard !place.canonical().starts(with: batch), let other = folder(place), other.canonical() != batch else { return nil }
        return other
    }
}
