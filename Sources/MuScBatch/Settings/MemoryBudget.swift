import FoundationEssentials
import Glibc
import MuScBackbone
import MuScImages
import MuScScoring
import SystemPackage

/// How a batch's memory is shared out.
struct MemoryBudget: Sendable, Hashable {
    /// Bytes of tokens that may be in memory; the rest goes to a file.
    var tokens: Int
    /// Bytes that mutual scoring of one layer takes.
    var scoring: Int
}

extension WorkEstimate {
    /// Bytes that mutual scoring takes at once for so many images.
    ///
    /// One layer's tokens, standardised and aggregated in fp32, with precision fast as 8-bit integers too, the distances
    /// that are held at once, and a tenth for what else there is.
    package func scoringBytes(images: Int) -> Int {
        let layer = images * grid.count * settings.backbone.width * MemoryLayout<Float>.stride
        let copies = 2 * layer + (settings.precision.isFast ? layer / 4 : 0)
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

    package init(images: Int, needed: Int, available: Int, isConfigured: Bool) {
        self.images = images
        self.needed = needed
        self.available = available
        self.isConfigured = isConfigured
    }

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
