import FoundationEssentials
import Glibc
import MuScBackbone
import MuScTensors
import SystemPackage

/// Where the files of a plan lie:
///
///     plan.json, images.list
///     judges-3f9a…/00000.safetensors    tokens of one judge
///     judges-3f9a…/calibration.json     what images from outside say of the threshold
///     shards/00003/00000.safetensors    maps and image features of one part of a shard
///     shards/00003.json                 the shard is done, and consists of these parts
///
/// Every file appears whole or not at all, and two workers that make the same file make the same content; so no lock
/// is needed, which network file systems honour in different ways, and no lease, which needs clocks that agree.
struct ShardLayout: Sendable {
    var work: FilePath

    var plan: FilePath { work.appending(ShardPlan.fileName) }
    var list: ImageList { ImageList(path: work.appending(ImageList.fileName)) }
    var shards: FilePath { work.appending("shards") }

    /// Of a plan of its own, so that judges of a plan that was removed are never met.
    func judges(of plan: ShardPlan) -> FilePath { work.appending("judges-\(plan.id.prefix(16))") }
    func judge(_ index: Int, of plan: ShardPlan) -> FilePath {
        judges(of: plan).appending("\(Self.digits(index)).safetensors")
    }
    func calibration(of plan: ShardPlan) -> FilePath { judges(of: plan).appending("calibration.json") }

    func manifest(of shard: Int) -> FilePath { shards.appending("\(Self.digits(shard)).json") }
    func parts(of shard: Int) -> FilePath { shards.appending(Self.digits(shard)) }
    func part(_ part: Int, of shard: Int) -> FilePath {
        parts(of: shard).appending("\(Self.digits(part)).safetensors")
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(5 - text.count, 0)) + text
    }

    /// The plan that is there; nil where there is none.
    func existingPlan() throws(ShardError) -> ShardPlan? {
        guard FileManager.default.fileExists(atPath: plan.string) else { return nil }
        return try ShardPlan(path: plan)
    }

    func makeFolders(for plan: ShardPlan) throws(ShardError) {
        try Self.makeFolder(shards)
        try Self.makeFolder(judges(of: plan))
    }

    static func makeFolder(_ folder: FilePath) throws(ShardError) {
        do {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        } catch {
            throw .system(folder, reason: "cannot be made: \(error)")
        }
    }

    /// Writes the tokens of the line's past, which no worker can compute.
    func write(_ past: BatchTokens, of plan: ShardPlan, channels: Int) throws(ShardError) {
        let first = plan.judges.count - past.readable
        for index in 0..<past.readable {
            let path = judge(first + index, of: plan)
            do {
                try TokenFile(path: path).write(
                    try past.imageTokens(index), key: plan.key, channels: channels, as: .single,
                    origin: TokenOrigin(look: past.looks[index]))
            } catch {
                throw .system(path, reason: "\(error)")
            }
        }
    }

    /// Removes what killed workers left half-written; for when no worker is at work any more.
    func removeLeftovers(of plan: ShardPlan) {
        for folder in [shards, judges(of: plan)] + plan.shards.indices.map({ parts(of: $0) }) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
            for name in names where name.hasSuffix(".tmp") { unlink(folder.appending(name).string) }
        }
    }
}
