import FoundationEssentials
import Glibc
import MuScBackbone
import MuScScoring
import SystemPackage

/// How a batch's memory is shared out.
struct MemoryBudget: Sendable, Hashable {
    /// Bytes of tokens that may be in memory; the rest goes to a file.
    var tokens: Int
    /// Bytes that mutual scoring of one layer takes.
    var scoring: Int
}

extension BatchScorer {
    /// Bytes that mutual scoring takes at once for so many images.
    ///
    /// One layer's tokens, standardised and aggregated in fp32, with precision fast as 8-bit integers too, the distances
    /// that are held at once, and a tenth for what else there is.
    package func scoringBytes(images: Int) -> Int {
        let layer = images * grid.count * settings.backbone.width * MemoryLayout<Float>.stride
        let copies = 2 * layer + (settings.precision == .fast ? layer / 4 : 0)
        let distances = min(images * images * grid.count * 4, MutualScoring.distanceLimit)
        return (copies + distances) * 11 / 10
    }

    /// Bytes of one image's tokens in all layers.
    package var tokenBytesOfImage: Int {
        settings.featureLayers.count * grid.count * settings.backbone.width * MemoryLayout<Float>.stride
    }

    /// Shares out the memory that the settings allow, or half of what is free.
    ///
    /// - Throws: ``ScoringError/memory(_:)`` where mutual scoring of one layer would take more than there is.
    func memoryBudget(images: Int) throws(ScoringError) -> MemoryBudget {
        let scoring = scoringBytes(images: images)
        let free = SystemMemory.available
        if let most = settings.memory ?? free, scoring > most {
            throw .memory(MemoryShortage(images: images, needed: scoring, available: most, isConfigured: settings.memory != nil))
        }
        let allowed = settings.memory ?? free.map { max($0 / 2, scoring) }
        return MemoryBudget(tokens: allowed.map { $0 - scoring } ?? .max, scoring: scoring)
    }

    /// Where tokens go that do not fit into memory: beside the cache, which is on a disk where `/tmp` may be in memory.
    static var spillFolder: FilePath {
        guard let folder = TokenCache.standardFolder?.removingLastComponent() else { return "/var/tmp" }
        try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        return access(folder.string, W_OK) == 0 ? folder : "/var/tmp"
    }
}

/// A batch whose mutual scoring takes more memory than there is.
public struct MemoryShortage: Sendable, Hashable, CustomStringConvertible {
    public var images: Int
    /// Bytes.
    public var needed, available: Int
    /// Whether the bound is the configuration's.
    public var isConfigured: Bool

    public var description: String {
        let bound = isConfigured ? "scoring.memory allows \(Self.size(available))" : "\(Self.size(available)) are free"
        return "mutual scoring of \(images) images takes \(Self.size(needed)) of memory, and \(bound): take a smaller "
            + "image size, split the folder, or give it more memory"
    }

    private static func size(_ bytes: Int) -> String {
        let tenths = bytes / 100_000_000
        return "\(tenths / 10).\(tenths % 10) GB"
    }
}

/// What the system leaves this process.
public enum SystemMemory {
    /// Bytes that this process can still take: what the kernel counts as available, and what limits of its control
    /// groups and of its address space (`ulimit -v`) leave; nil where the system does not say.
    public static var available: Int? {
        guard let table = text("/proc/meminfo"), let free = kilobytes("MemAvailable:", in: table) else { return nil }
        var bytes = free
        for group in controlGroups {
            guard let limit = number("\(group)/memory.max") else { continue }
            // What the group holds of files can be given back.
            let cached = text("\(group)/memory.stat").flatMap { value("file", in: $0) } ?? 0
            bytes = min(bytes, limit - (number("\(group)/memory.current") ?? 0) + cached)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max),
            let used = text("/proc/self/status").flatMap({ kilobytes("VmSize:", in: $0) })
        {
            bytes = min(bytes, Int(limit.rlim_cur) - used)
        }
        return max(bytes, 0)
    }

    /// The folders of this process's control group and of those above it (version 2).
    private static var controlGroups: [String] {
        guard let line = text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return ["/sys/fs/cgroup"] }
        var path = FilePath("/sys/fs/cgroup").pushing(FilePath(String(line.dropFirst(4))))
        var groups: [String] = []
        while path.components.count >= 3 {
            groups.append(path.string)
            path.removeLastComponent()
        }
        return groups
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(_ path: String) -> Int? {
        text(path).flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
    }

    private static func value(_ name: String, in table: String) -> Int? {
        table.split(separator: "\n").lazy.map { $0.split(separator: " ") }.first { $0.first.map { $0 == name } ?? false }
            .flatMap { $0.dropFirst().first }.flatMap { Int($0) }
    }

    private static func kilobytes(_ name: String, in table: String) -> Int? {
        value(name, in: table.replacing("\t", with: " ")).map { $0 << 10 }
    }
}
