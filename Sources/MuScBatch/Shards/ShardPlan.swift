import FoundationEssentials
import MuScImages
import MuScSupport
import SystemPackage

/// How one batch is divided into shards: all that a worker must know, in a small file that every machine reads.
///
/// The names of the images lie beside it in `images.list`, so that the plan stays small for any number of images; a
/// worker reads its own slice of that list and no other. The plan's ``id`` is a digest of the rest of it, and stands in
/// all that is made under it: what was made under another plan is told from what was made under this one.
package struct ShardPlan: Sendable, Hashable, Codable {
    /// The version of the file's format.
    package static let currentFormat = 3
    /// The plan's name in its folder.
    package static let fileName = "plan.json"

    package var format: Int
    /// SHA-256 of all else in the plan, lower-case hexadecimal.
    package internal(set) var id: String
    /// The version of the program that made it.
    package var version: String
    /// When it was made, ISO 8601.
    package var made: String
    /// The batch's folder, absolute.
    package var folder: String
    /// The number of images, those included that turn out to be unreadable.
    package var images: Int
    /// SHA-256 of `images.list`.
    package var listSHA256: String
    package var shards: [Slice]
    /// Who judges: images of the batch in the order of their positions, then those from outside.
    package var judges: [Judge]
    /// Images whose results are published together within a shard: what is lost at most when a worker dies.
    package var part: Int
    /// What the tokens depend on, the weights' SHA-256 among it.
    package var key: TokenKey
    /// All else that the scores depend on, by the names of the configuration.
    package var settings: [String: String]
    /// SHA-256 of ``settings``.
    package var settingsSHA256: String
    /// What the program that made the plan wants to find again in its workers; not looked into here.
    package var configuration: [String: String]
    /// The frame in which parts are compared; nil where photographs are compared as they were taken.
    package var alignment: AlignmentFrame?
    /// What parts usually differ by, from which workers tell twins; nil where twins are not looked for.
    var usual: UsualDifferences?
    /// Files of the batch that have no header of an image.
    package var undecodable: Finding.LeftOutFiles?
    /// Known good images that cannot be decoded.
    package var undecodableKnownGood: Finding.LeftOutFiles?

    /// The images of one shard: a run of the list.
    package struct Slice: Sendable, Hashable, Codable {
        /// The position of its first image.
        package var first: Int
        package var count: Int
        /// Where its names lie in `images.list`, in bytes.
        package var offset, bytes: Int
        /// SHA-256 of these bytes.
        package var sha256: String
    }

    /// An image that judges, or sets the threshold.
    package struct Judge: Sendable, Hashable, Codable {
        /// For people.
        package var name: String
        /// Its position in the list, and where its name begins there; nil for an image from outside.
        package var position, offset: Int?
        /// Where an image from outside comes from; nil for one of the batch's own.
        package var origin: OutsideJudges.Origin?
        /// The file of an image from outside.
        package var path: String?
    }

    /// The bit patterns of what parts differ by in the square that differs most (float32).
    struct UsualDifferences: Sendable, Hashable, Codable {
        var batch, knownGood: UInt32
    }

    /// What was found to be amiss when the plan was made.
    package var findings: [Finding] {
        [undecodableKnownGood.map { .knownGoodUndecodable($0) }, undecodable.map { .undecodable($0) }].compactMap { $0 }
    }

    /// Whether the batch's own images judge.
    var batchJudges: Bool { !ownJudges.isEmpty }

    /// The judges of the batch's own.
    var ownJudges: [Judge] { judges.filter { $0.origin == nil } }
}

// MARK: The file

extension ShardPlan {
    /// Reads a plan.
    ///
    /// - Throws: ``ShardError``: `unreadablePlan`, or `changedPlan` where its ``id`` does not fit the rest.
    package init(path: FilePath) throws(ShardError) {
        struct Header: Decodable { var format: Int }
        guard let data = FileManager.default.contents(atPath: path.string) else {
            throw .unreadablePlan(path, reason: "it cannot be read")
        }
        let decoder = JSONDecoder()
        guard let header = try? decoder.decode(Header.self, from: data) else {
            throw .unreadablePlan(path, reason: "it is cut short, or no plan")
        }
        guard header.format == Self.currentFormat else {
            throw .unreadablePlan(
                path, reason: "it is of format \(header.format), and this program reads \(Self.currentFormat)")
        }
        do {
            self = try decoder.decode(ShardPlan.self, from: data)
        } catch {
            throw .unreadablePlan(path, reason: "\(error)")
        }
        guard id == digest else { throw .changedPlan(path) }
    }

    /// The digest of all but ``id``.
    var digest: String {
        var rest = self
        rest.id = ""
        return SHA256.hash(data: rest.encoded).hexadecimal
    }

    /// The content of `plan.json`: keys sorted, indented.
    var encoded: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Only texts and whole numbers, which always have a JSON.
        return (try? encoder.encode(self)) ?? Data()
    }

    /// Whether the other divides the same batch in the same way, whenever it was made.
    func isSame(as other: ShardPlan) -> Bool {
        var (a, b) = (self, other)
        (a.id, b.id, a.made, b.made) = ("", "", "", "")
        return a == b
    }
}

// MARK: Settings

extension ShardPlan {
    /// The digest of ``settings``.
    static func digest(_ settings: [String: String]) -> String {
        let lines = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        return SHA256.hash(data: Data(lines.utf8)).hexadecimal
    }

    /// Checks that a network of this machine gives the scores that the plan is for.
    ///
    /// - Throws: ``ShardError``: `otherWeights` or `otherSettings`.
    func check(_ network: SizedNetwork, weightsSHA256: String) throws(ShardError) {
        guard weightsSHA256 == key.weightsSHA256 else {
            throw .otherWeights(expected: key.weightsSHA256, found: weightsSHA256)
        }
        let own = network.decidingSettings
        var differences = Set(own.keys).union(settings.keys).sorted().filter { own[$0] != settings[$0] }
            .map { "\($0) is \(own[$0] ?? "unknown here"), the plan has \(settings[$0] ?? "none")" }
        let found = TokenKey(network, weightsSHA256: weightsSHA256)
        if differences.isEmpty, found != key {
            differences.append("tokens are “\(found)”, the plan has “\(key)”")
        }
        guard differences.isEmpty, Self.digest(own) == settingsSHA256 else { throw .otherSettings(differences) }
    }
}
