import MuScBatch
import MuScImages
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

    /// What single drop folders have of a key, by the drop folder as the watcher names it.
    private func own<Value>(_ name: String, _ format: ValueFormat<Value>) -> [FilePath: Value] {
        var values: [FilePath: Value] = [:]
        for root in dropFolders {
            guard let value = root.own[name], let read = format.read(value) else { continue }
            values[root.folder.canonical()] = read
        }
        return values
    }

    /// The folders of known good images of single drop folders; nil where such a folder is to have none.
    var knownGoodOfRoots: [FilePath: FilePath?] { own("judges.known_good", .emptyOr(.path(""))) }

    /// The regions of single drop folders; nil where one is to have none.
    var regionsOfRoots: [FilePath: RegionOfInterest?] { own("model.region", .emptyOr(.region)) }

    /// The ranges of samples of single drop folders.
    var rangesOfRoots: [FilePath: SampleRange] { own("images.range", .sampleRange) }

    /// Whether the parts of single drop folders are turned and cropped.
    var alignmentsOfRoots: [FilePath: PartAlignment] { own("model.align", .choice(off: PartAlignment.none)) }

    /// All folders of known good images: they are never batches, even inside a drop folder.
    var knownGoodFolders: [FilePath] { ([knownGood] + knownGoodOfRoots.values).compactMap { $0 } }

    /// How many images of a line's past are remembered: in preset paper none, because the reference knows no such thing.
    var lineMemoryInForce: Int { lineMemory ?? (preset == .paper ? 0 : 48) }
}
