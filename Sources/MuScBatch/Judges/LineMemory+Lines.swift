import FoundationEssentials
import Glibc
import MuScSupport
import SystemPackage

extension LineMemory {
    /// What is remembered of one line, for people.
    package struct Summary: Sendable, Hashable, Codable {
        /// The folder whose subfolders are the line's batches.
        package var line: String
        package var key: TokenKey
        /// When it was last written, ISO 8601.
        package var updated: String
        package var images: [Image]
        package var bytes: Int
        /// The folder that holds it.
        package var place: String
        /// What people found of the line's parts; nil where nobody said anything.
        package var verdicts: LineStatistics?

        package struct Image: Sendable, Hashable, Codable {
            package var batch, name: String
            /// When it was first remembered, ISO 8601, and the digest of what it shows; nil where an earlier version did.
            package var when, content: String?
        }
    }

    /// All lines of which something is remembered, by name; folders that hold no index are passed over.
    package static func lines(in folder: FilePath) -> [Summary] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        return names.compactMap { name in
            let place = folder.appending(name)
            guard let data = FileManager.default.contents(atPath: place.appending(indexName).string),
                let index = try? JSONDecoder().decode(Index.self, from: data)
            else { return nil }
            return Summary(
                line: index.line, key: index.key, updated: index.updated,
                images: index.images.map {
                    Summary.Image(batch: $0.batch, name: $0.name, when: $0.remembered, content: $0.content)
                }, bytes: size(of: place),
                place: place.string)
        }.sorted { ($0.line, $0.key.description) < ($1.line, $1.key.description) }
    }

    /// That the line remembers images whose samples had another range, which cannot judge; nil where there are none.
    package var findingOnOtherRange: Finding? {
        var wanted = key
        let others = Self.lines(in: folder).filter { other in
            wanted.sampleRange = other.key.sampleRange
            return other.line == line.string && other.key != key && other.key == wanted && !other.images.isEmpty
        }
        guard let other = others.max(by: { $0.updated < $1.updated }) else { return nil }
        return .linePastOtherRange(line: other.key.sampleRange ?? "full", batch: key.sampleRange ?? "full")
    }

    /// Forgets all that is remembered of a line, of whatever network and size.
    ///
    /// - Returns: How many images were forgotten.
    @discardableResult
    package static func forget(_ line: FilePath, in folder: FilePath) throws -> Int {
        var forgotten = 0
        for summary in lines(in: folder) where summary.line == line.string {
            let lock = try FileLock.onLine(FilePath(summary.place))
            defer { withExtendedLifetime(lock) {} }
            try FileManager.default.removeItem(atPath: summary.place)
            forgotten += summary.images.count
        }
        FrameMemory.forget(line, in: folder)
        LineVerdicts.forget(line, in: folder)
        return forgotten
    }

    /// Forgets images of a line by name, of whatever network and size.
    ///
    /// - Parameter image: The image's name in its batch, or the batch's name or path, a slash, and the image's.
    /// - Returns: The paths of the images that were forgotten.
    /// - Throws: ``LineMemoryError``.
    package static func forget(
        _ image: String, of line: FilePath, in folder: FilePath
    ) throws(LineMemoryError) -> [String] {
        var forgotten: Set<String> = []
        for summary in lines(in: folder) where summary.line == line.string {
            let memory = LineMemory(folder: folder, line: line, key: summary.key, capacity: 0)
            let names = try memory.forget { entry in
                [entry.name, entry.label, FilePath(entry.batch).appending(entry.name).string].contains(image)
            }
            forgotten.formUnion(names)
        }
        return forgotten.sorted()
    }

    /// Forgets the lines that were written longest ago until all take no more than the limit together.
    static func trim(_ folder: FilePath, keeping place: FilePath, limit: Int = totalByteLimit) {
        var total = size(of: place)
        let others = lines(in: folder).filter { $0.place != place.string }.sorted { $0.updated > $1.updated }
        for other in others {
            total += other.bytes
            if total > limit { try? FileManager.default.removeItem(atPath: other.place) }
        }
    }

    private static func size(of place: FilePath) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.string)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            return stat(place.appending(name).string, &status) == 0 ? sum + Int(status.st_size) : sum
        }
    }
}

extension FileLock {
    /// Makes a line's folder where it is missing, and waits until no other process or thread has it.
    ///
    /// A file system without locks is taken as it is: the ledger keeps two watchers off the same folders anyway.
    static func onLine(_ folder: FilePath) throws(LineMemoryError) -> FileLock {
        do {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        } catch {
            throw LineMemoryError(line: folder, reason: "the folder cannot be made: \(error)")
        }
        do {
            return try FileLock(waitingFor: folder)
        } catch {
            throw LineMemoryError(line: folder, reason: "the folder cannot be opened: \(error)")
        }
    }
}
