import MuScBackbone
import MuScBatch
import MuScSupport
import MuScWatching
import SystemPackage

extension Configuration {
    /// A drop folder as the configuration has it, with what is special to it.
    struct DropFolder: Sendable, Hashable {
        var folder: FilePath
        /// By the name of a key whose entry says that a drop folder may have a value of its own.
        var own: [String: ConfigurationValue] = [:]

        /// - Returns: nil for what is no folder, or has a value that cannot be used.
        init?(_ value: ConfigurationValue) {
            guard case .mapping(var values) = value else {
                guard let folder = value.text else { return nil }
                self.folder = FilePath(folder)
                return
            }
            guard let folder = values.removeValue(forKey: "folder")?.text else { return nil }
            self.folder = FilePath(folder)
            for (name, given) in values {
                guard let key = Configuration.keys.first(where: { $0.isPerRoot && $0.ownName == name }) else { return nil }
                let value = given == .bareNone ? key.formerNone ?? given : given
                var tried = Configuration()
                guard (try? key.set(&tried, value)) != nil else { return nil }
                own[key.name] = value
            }
        }

        init(folder: FilePath) { self.folder = folder }

        /// As it is written.
        var written: ConfigurationValue {
            guard !own.isEmpty else { return .text(folder.string) }
            let values = own.map { (String($0.key.drop { $0 != "." }.dropFirst()), $0.value) }
            return .mapping(Dictionary(values, uniquingKeysWith: { $1 }).merging(["folder": .text(folder.string)]) { $1 })
        }
    }

    /// This configuration with a drop folder's own values in the place of those that hold for all.
    private func of(_ root: DropFolder) -> Configuration {
        var configuration = self
        // They were tried when the list of drop folders was read.
        for (name, value) in root.own { _ = try? Self.key(named: name)?.set(&configuration, value) }
        return configuration
    }

    /// The scoring settings of single drop folders that have some of their own, by the drop folder as the watcher names it.
    ///
    /// - Throws: ``SettingsError`` where a value does not fit the backbone.
    func scoringOfRoots(backbone description: BackboneDescription) throws(SettingsError) -> [FilePath: ScoringSettings] {
        let names = Set(ScoringSettings.keys.map(\.name))
        var settings: [FilePath: ScoringSettings] = [:]
        for root in dropFolders where !names.isDisjoint(with: root.own.keys) {
            settings[root.folder.canonical()] = try of(root).scoringSettings(backbone: description)
        }
        return settings
    }

    /// The folders of known good images of single drop folders; nil where such a folder is to have none.
    var knownGoodOfRoots: [FilePath: FilePath?] {
        var folders: [FilePath: FilePath?] = [:]
        for root in dropFolders where root.own["judges.known_good"] != nil {
            folders.updateValue(of(root).knownGood, forKey: root.folder.canonical())
        }
        return folders
    }

    /// All folders of known good images: they are never batches, even inside a drop folder.
    var knownGoodFolders: [FilePath] { ([knownGood] + knownGoodOfRoots.values).compactMap { $0 } }

    /// How many images of a line's past are remembered: in preset paper none, because the reference knows no such thing.
    var lineMemoryInForce: Int { lineMemory ?? (preset == .paper ? 0 : 48) }
}
