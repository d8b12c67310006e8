import MuScBatch
import MuScWatching
import SystemPackage

extension Configuration {
    /// How many images of a line's past are remembered: in preset paper none, because the reference knows no such thing.
    var lineMemoryInForce: Int { lineMemory ?? (preset == .paper ? 0 : 48) }

    /// The folders of known good images of single drop folders, by the drop folder as the watcher names it.
    ///
    /// A root that sets `known_good: none` has none, whatever the rest has.
    var knownGoodOfRoots: [(root: FilePath, folder: FilePath?)] {
        rootOverrides.compactMap { root in
            guard let folder = root.values["known_good"] else { return nil }
            return (FilePath(root.folder).canonical(), ["", "none"].contains(folder) ? nil : FilePath(folder))
        }
    }

    /// The regions of single drop folders, by the drop folder as the watcher names it; nil where one is to have none.
    ///
    /// - Throws: ``SettingsError`` for what is no region.
    func regionsOfRoots() throws(SettingsError) -> [FilePath: RegionOfInterest?] {
        var regions: [FilePath: RegionOfInterest?] = [:]
        for root in rootOverrides {
            guard let text = root.values["region"] else { continue }
            do {
                regions[FilePath(root.folder).canonical()] = .some(try ConfigurationValue(scalar: text).region())
            } catch {
                throw SettingsError(
                    key: "watch.roots", fault: "the region “\(error.found)” of \(root.folder) cannot be read",
                    advice: "give \(error.expected)")
            }
        }
        return regions
    }

    /// All folders of known good images: they are never batches, even inside a drop folder.
    var knownGoodFolders: [FilePath] {
        [knownGood].compactMap { $0 } + knownGoodOfRoots.compactMap(\.folder)
    }
}
