import FoundationEssentials
import Glibc
import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport
import MuScTensors
import SystemPackage

/// What is remembered of a line's earlier batches: the tokens of a sample of its images.
///
/// The sample is a bottom-k sketch: every image has a number that is drawn from its identity (folder, name, size, time
/// of change) and a fixed seed, and the images with the lowest numbers are kept. So the memory is a uniform sample of
/// all images that the line ever offered, not of its last hour, and offering a batch again changes nothing.
///
/// A line's memory is a folder of one file of tokens an image and an index, `line.json`. Files are written beside their
/// place, flushed and renamed, the index last; so a crash leaves the memory as it was before the batch. What cannot be
/// used is renamed to `*.damaged`, told of, and left out.
package struct LineMemory: Sendable {
    /// The folder that holds the memories of all lines.
    package let folder: FilePath
    /// The folder whose subfolders are the line's batches.
    package let line: FilePath
    package let key: TokenKey
    /// The most images that are kept.
    package let capacity: Int

    /// Bytes of tokens that one line may take; fewer images are kept where they are large.
    static let byteLimit = 256 << 20
    /// Bytes that all lines together may take; past it, the lines that have had no batch for longest are forgotten.
    static let totalByteLimit = 4 << 30

    package init(folder: FilePath, line: FilePath, key: TokenKey, capacity: Int) {
        self.folder = folder
        self.line = line
        self.key = key
        self.capacity = capacity
    }

    /// The memory of a line for tokens of this key.
    init(_ past: LinePast, key: TokenKey) {
        self.init(folder: past.memories, line: past.line, key: key, capacity: past.capacity)
    }

    /// The folder of this line's memory.
    var place: FilePath {
        var hash = StableHash()
        hash.add(line.bytes)
        hash.add([0])
        hash.add(Array(key.description.utf8))
        return folder.appending(hash.text)
    }

    /// What is remembered, and what was wrong with it.
    package struct Recollection: Sendable {
        package var tokens: BatchTokens
        /// Files that could not be used.
        package var problems: [LineMemoryProblem]
    }

    /// Reads the memory.
    ///
    /// - Parameters:
    ///   - batch: The folder that is to be judged: its own images, remembered when it was scored before, are left out.
    ///   - patches: How many patches an image has.
    package func recall(for batch: FilePath, patches: Int) -> Recollection {
        var result = Recollection(
            tokens: BatchTokens(images: [], layers: key.featureLayers.map { _ in [] }, imageFeatures: []), problems: [])
        let index = readIndex(&result.problems)
        for entry in index.images where entry.batch != batch.string {
            let file = TokenFile(path: place.appending(entry.file))
            do throws(TokenFileError) {
                let read = try file.read(key: key, patches: patches)
                result.tokens.append(
                    read.tokens, of: ScoredImage(name: entry.label, path: FilePath(entry.batch).appending(entry.name)),
                    look: read.origin.look)
            } catch {
                setAside(file.path)
                result.problems.append(LineMemoryProblem(line: line, fault: .tokens("\(error)")))
            }
        }
        return result
    }

    /// An image that may be remembered.
    package struct Candidate: Sendable {
        package var image: ScoredImage
        /// What it shows, by which it is known again under another name.
        let content: ContentDigest
        /// Its small grey copy, by which it is known when it was photographed again; nil where there is none.
        let look: ImageLook?
        /// Its tokens, asked for where the image is remembered.
        let tokens: @Sendable () throws(SpillError) -> ImageTokens

        package init(image: ScoredImage, tokens: ImageTokens, look: ImageLook? = nil) {
            self.image = image
            self.look = look
            content = ContentDigest(ofFeature: tokens.imageFeature)
            self.tokens = { tokens }
        }

        /// - Parameters:
        ///   - batch: The tokens of the image's batch.
        ///   - index: The image's among them.
        package init(image: ScoredImage, of batch: BatchTokens, at index: Int) {
            self.image = image
            content = ContentDigest(ofFeature: batch.imageFeatures[index])
            look = batch.looks[index]
            tokens = { () throws(SpillError) in try batch.imageTokens(index) }
        }
    }

    /// Offers a batch's images to the memory, in place of what was remembered of that batch before.
    ///
    /// An image is known by its content: one that is remembered of another batch (a batch that was copied, renamed or
    /// photographed again) or that is a copy or twin of one before it is not remembered twice.
    ///
    /// - Parameter channels: Numbers a token has.
    /// - Returns: Damaged files that were met.
    /// - Throws: ``LineMemoryError``; then the memory is as it was.
    @discardableResult
    package func remember(
        _ candidates: [Candidate], of batch: FilePath, channels: Int
    ) throws(LineMemoryError) -> [LineMemoryProblem] {
        let lock = try FileLock.onLine(place)
        defer { withExtendedLifetime(lock) {} }
        var problems: [LineMemoryProblem] = []
        let former = readIndex(&problems)
        var index = former
        let known = Set(index.images.filter { $0.batch == batch.string }.map(\.file))
        index.images.removeAll { $0.batch == batch.string }
        var offered: [(entry: Entry, candidate: Candidate?)] = index.images.map { ($0, nil) }
        var contents = Set(index.images.compactMap(\.content))
        var parts = PartFinder(usual: usualDifference(candidates))
        for entry in index.images {
            _ = parts.meet(key: nil, look: TokenFile(path: place.appending(entry.file)).look(key: key), isKept: true)
        }
        for candidate in candidates where contents.insert(candidate.content.text).inserted {
            guard parts.meet(key: nil, look: candidate.look, isKept: true).isFirst else { continue }
            offered.append((Entry(candidate.image, content: candidate.content, batch: batch), candidate))
        }
        offered.sort { ($0.entry.draw, $0.entry.name) < ($1.entry.draw, $1.entry.name) }
        do {
            offered = Array(offered.prefix(limit(try candidates.first?.tokens())))
        } catch {
            throw LineMemoryError(line: line, reason: "\(error)")
        }
        for (entry, candidate) in offered {
            let path = place.appending(entry.file)
            guard let candidate, !(known.contains(entry.file) && access(path.string, R_OK) == 0) else { continue }
            do {
                try TokenFile(path: path).write(
                    try candidate.tokens(), key: key, channels: channels, as: .half, origin: TokenOrigin(look: candidate.look))
            } catch {
                sweep(keeping: former)
                throw LineMemoryError(line: line, reason: "\(error)")
            }
        }
        let now = Date.now.ISO8601Format()
        let since = Dictionary(former.images.map { ($0.file, $0.remembered) }, uniquingKeysWith: { first, _ in first })
        index.images = offered.map { entry, _ in
            var entry = entry
            entry.remembered = since[entry.file] ?? now
            return entry
        }
        index.updated = now
        do throws(LineMemoryError) {
            try writeIndex(index)
        } catch {
            sweep(keeping: former)
            throw error
        }
        sweep(keeping: index)
        Self.trim(folder, keeping: place)
        return problems
    }

    /// Forgets images.
    ///
    /// - Returns: Their paths.
    /// - Throws: ``LineMemoryError``; then the memory is as it was.
    func forget(where isUnwanted: (Entry) -> Bool) throws(LineMemoryError) -> [String] {
        let lock = try FileLock.onLine(place)
        defer { withExtendedLifetime(lock) {} }
        var problems: [LineMemoryProblem] = []
        var index = readIndex(&problems)
        let unwanted = index.images.filter(isUnwanted)
        guard !unwanted.isEmpty else { return [] }
        index.images.removeAll(where: isUnwanted)
        index.updated = Date.now.ISO8601Format()
        try writeIndex(index)
        sweep(keeping: index)
        return unwanted.map { FilePath($0.batch).appending($0.name).string }
    }

    /// What the parts of candidates usually differ by.
    private func usualDifference(_ candidates: [Candidate]) -> Float {
        let order = JudgeChoice.order(candidates.map(\.image.name))
        let looks = order.lazy.compactMap { candidates[$0].look }.filter { $0.blank == nil }
        return TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount)))
    }

    /// How many images are kept, where they have tokens like these.
    private func limit(_ tokens: ImageTokens?) -> Int {
        guard let tokens else { return capacity }
        let bytes = 2 * tokens.layers.reduce(0) { $0 + $1.count } + 4 * tokens.imageFeature.count
        return min(capacity, Self.byteLimit / max(bytes, 1))
    }
}

/// A file of a line's memory that could not be used, and was set aside.
public struct LineMemoryProblem: Sendable, Hashable, CustomStringConvertible {
    public enum Fault: Sendable, Hashable {
        /// Tokens of an image; the text names the file and says what is wrong with it.
        case tokens(String)
        /// An index that is damaged, or of another program.
        case damagedIndex(FilePath)
        /// An index of another version or line.
        case otherIndex(FilePath)
    }

    public var line: FilePath
    public var fault: Fault

    package init(line: FilePath, fault: Fault) { (self.line, self.fault) = (line, fault) }

    public var description: String {
        switch fault {
        case .tokens(let error): "\(error); it was set aside, and \(line)'s memory goes on without it"
        case .damagedIndex(let path):
            "\(path): is damaged or of another program; it was set aside, and \(line)'s memory begins anew"
        case .otherIndex(let path):
            "\(path): is of another version or line; it was set aside, and \(line)'s memory begins anew"
        }
    }
}

/// Why a line's memory could not be changed.
public struct LineMemoryError: Error, Sendable, CustomStringConvertible {
    public var line: FilePath
    public var reason: String

    package init(line: FilePath, reason: String) {
        self.line = line
        self.reason = reason
    }

    public var description: String {
        "\(line): nothing was remembered of the line: \(reason). The batch's results are whole; the next batch tries again."
    }
}

// MARK: The index

extension LineMemory {
    /// The content of `line.json`.
    struct Index: Codable {
        static let currentFormat = 1
        var format = Index.currentFormat
        var line: String
        var key: TokenKey
        var updated = ""
        var images: [Entry] = []
    }

    /// One remembered image.
    struct Entry: Codable {
        /// The folder of its batch, and its name there.
        var batch, name: String
        /// The number drawn for it; the lowest are kept.
        var draw: UInt64
        /// Its file of tokens in the line's folder.
        var file: String
        /// What it shows; nil where an earlier version remembered it.
        var content: String?
        /// When it was first remembered, ISO 8601; nil where an earlier version remembered it.
        var remembered: String?

        /// For people: the batch's name and the image's.
        var label: String { "\(FilePath(batch).lastComponent?.string ?? batch)/\(name)" }

        init(_ image: ScoredImage, content: ContentDigest, batch: FilePath) {
            self.content = content.text
            self.batch = batch.string
            name = image.name
            var hash = StableHash()
            hash.add(image.path.bytes)
            if let page = image.page { hash.add(Array("#\(page)".utf8)) }
            var status = stat()
            if image.path.withPlatformString({ stat($0, &status) }) == 0 {
                hash.add(Array("\(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)".utf8))
            }
            draw = hash.value
            file = "\(hash.text).safetensors"
        }
    }

    static let indexName: FilePath.Component = "line.json"

    /// The index, or an empty one where there is none or it cannot be used; then it is set aside.
    func readIndex(_ problems: inout [LineMemoryProblem]) -> Index {
        let path = place.appending(Self.indexName)
        let empty = Index(line: line.string, key: key)
        guard let data = FileManager.default.contents(atPath: path.string) else { return empty }
        guard let index = try? JSONDecoder().decode(Index.self, from: data) else {
            setAside(path)
            problems.append(LineMemoryProblem(line: line, fault: .damagedIndex(path)))
            return empty
        }
        guard index.format == Index.currentFormat, index.key == key, index.line == line.string else {
            setAside(path)
            problems.append(LineMemoryProblem(line: line, fault: .otherIndex(path)))
            return empty
        }
        return index
    }

    private func writeIndex(_ index: Index) throws(LineMemoryError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let content = [UInt8](try encoder.encode(index))
            try Self.write(content, to: place.appending(Self.indexName).string)
        } catch {
            throw LineMemoryError(line: line, reason: "\(error)")
        }
    }

    private static func write(_ content: [UInt8], to path: String) throws(TensorFileError) {
        var file = try AtomicFile(path: path)
        var failure: TensorFileError?
        content.withUnsafeBytes { bytes in
            do throws(TensorFileError) { try file.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try file.commit()
    }

    private func setAside(_ path: FilePath) {
        _ = rename(path.string, path.string + ".damaged")
    }

    /// Removes files of tokens that no entry names, and what a killed program left half-written.
    private func sweep(keeping index: Index) {
        let named = Set(index.images.map(\.file))
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place.string)) ?? []
        where name.hasSuffix(".tmp") || (name.hasSuffix(".safetensors") && !named.contains(name)) {
            unlink(place.appending(name).string)
        }
    }
}

/// A hash that is the same on every machine and in every version: FNV-1a of 64 bits, mixed at the end.
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    /// FNV's high bits depend little on the last bytes; SplitMix64's finaliser spreads them.
    var value: UInt64 {
        var generator = SeededGenerator(seed: state)
        return generator.next()
    }

    /// 16 hexadecimal digits.
    var text: String { value.hexadecimal }
}
