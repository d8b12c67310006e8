import FoundationEssentials
import MuScImages
import MuScScoring
import MuScSupport
import MuScTensors
import SystemPackage

/// The results of a run of a shard's images, in a safetensors file with a checksum of all that is in it.
struct ShardPart: Sendable {
    /// The ``ShardPlan/id`` under which it was made.
    var plan: String
    var shard, part: Int
    var block: ScoredBlock

    /// SHA-256 over the content.
    private func sum(grid: PatchGrid, errors: String, frames: String?) -> String {
        var hash = SHA256()
        if let frames { hash.update(data: Data(frames.utf8)) }
        hash.update(data: Data("\(plan) \(shard) \(part) \(grid.width) \(grid.height) \(errors)\0".utf8))
        let sizes = block.images.flatMap { [$0.index ?? -1, $0.size?.width ?? 0, $0.size?.height ?? 0] }
        sizes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        block.maps.withUnsafeBytes { hash.update(bufferPointer: $0) }
        block.features.withUnsafeBytes { hash.update(bufferPointer: $0) }
        // Parts of earlier versions have none.
        if !block.evidence.isEmpty { hash.update(data: Data(evidence().utf8)) }
        parts().withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.finalize().hexadecimal
    }

    /// `[readable, 3]`: the number of a judge's part or −1, whether it is no twin, and why it is blank, from 1, or 0.
    private func parts() -> [Int] {
        block.parts.flatMap { part in
            let blank = part.blank.flatMap { BlankReason.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
            return [part.number ?? -1, part.isFirst ? 1 : 0, blank]
        }
    }

    private func errors() -> String {
        let reasons = block.images.map { $0.error ?? "" }
        return (try? JSONEncoder().encode(reasons)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    private func evidence() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(block.evidence)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    /// Where parts lie, one entry an image; nil where photographs are compared as they were taken.
    private func frames() -> String? {
        guard block.images.contains(where: { $0.frame != nil }) else { return nil }
        return (try? JSONEncoder().encode(block.images.map(\.frame))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes the part.
    ///
    /// - Returns: The checksum.
    func write(to path: FilePath, grid: PatchGrid, featureWidth: Int) throws(ShardError) -> String {
        let (errors, frames) = (errors(), frames())
        let sum = sum(grid: grid, errors: errors, frames: frames)
        let readable = block.readable
        var file = SafetensorsWriter(metadata: [
            "plan": plan, "shard": "\(shard)", "part": "\(part)", "errors": errors, "sha256": sum, "evidence": evidence(),
            "feature_seconds": "\(block.featureSeconds)", "scoring_seconds": "\(block.scoringSeconds)",
        ])
        file.metadata["frames"] = frames
        file.add("patch_map", block.maps, shape: [readable, grid.height, grid.width])
        file.add("image_feature", block.features, shape: [readable, featureWidth])
        file.add("part", parts(), shape: [readable, 3])
        file.add(
            "image_index", block.images.map { $0.index ?? -1 }, shape: [block.images.count])
        file.add(
            "image_size", block.images.flatMap { [$0.size?.width ?? 0, $0.size?.height ?? 0] },
            shape: [block.images.count, 2])
        do throws(TensorFileError) {
            try file.write(to: path.string)
        } catch {
            throw .system(path, reason: "\(error)")
        }
        return sum
    }

    /// Reads a part, and checks that it is whole and of this plan.
    ///
    /// - Parameter files: The images that it is of.
    /// - Throws: ``ShardError``: `damaged` or `otherPlan`.
    static func read(
        _ path: FilePath, plan: String, shard: Int, part: Int, files: ArraySlice<BatchFile>, grid: PatchGrid,
        featureWidth: Int
    ) throws(ShardError) -> (part: ShardPart, sha256: String) {
        let archive: TensorArchive
        do throws(TensorFileError) {
            archive = try TensorArchive(path: path.string)
        } catch {
            throw .damaged(shard: shard, path, reason: "\(error.fault.reason)")
        }
        guard archive.metadata["plan"] == plan else { throw .otherPlan(shard: shard, path) }
        func tensor(_ name: String, _ shape: [Int]) throws(ShardError) -> StoredTensor {
            guard let tensor = archive[name], tensor.shape == shape else {
                throw .damaged(shard: shard, path, reason: "its \(name) is missing or of another shape")
            }
            return tensor
        }
        let indices = try tensor("image_index", [files.count]).integers()
        let sizes = try tensor("image_size", [files.count, 2]).integers()
        let readable = indices.count { $0 >= 0 }
        let parts = try tensor("part", [readable, 3]).integers()
        let errors = archive.metadata["errors"] ?? ""
        let reasons = (try? JSONDecoder().decode([String].self, from: Data(errors.utf8))) ?? []
        guard reasons.count == files.count else {
            throw .damaged(shard: shard, path, reason: "its list of unreadable images is missing")
        }
        func seconds(_ name: String) -> Double { archive.metadata[name].flatMap { Double($0) } ?? 0 }
        var block = ScoredBlock(
            readable: readable, maps: try tensor("patch_map", [readable, grid.height, grid.width]).floats(),
            features: try tensor("image_feature", [readable, featureWidth]).floats(),
            parts: (0..<readable).map { index in
                let (number, isFirst, blank) = (parts[3 * index], parts[3 * index + 1], parts[3 * index + 2])
                return ScoredBlock.Part(
                    number: number >= 0 ? number : nil, isFirst: isFirst != 0,
                    blank: BlankReason.allCases.indices.contains(blank - 1) ? BlankReason.allCases[blank - 1] : nil)
            },
            featureSeconds: seconds("feature_seconds"), scoringSeconds: seconds("scoring_seconds"))
        let evidence = archive.metadata["evidence"].flatMap { try? JSONDecoder().decode([PeakEvidence].self, from: Data($0.utf8)) }
        block.evidence = evidence ?? []
        block.images = files.enumerated().map { offset, file in
            let isReadable = indices[offset] >= 0
            return ScoredImage(
                name: file.name, path: file.path,
                size: isReadable ? ImageSize(width: sizes[2 * offset], height: sizes[2 * offset + 1]) : nil,
                index: isReadable ? indices[offset] : nil, error: isReadable ? nil : reasons[offset])
        }
        let frames = archive.metadata["frames"]
        if let frames, let places = try? JSONDecoder().decode([PartFrame?].self, from: Data(frames.utf8)),
            places.count == block.images.count
        {
            for index in places.indices { block.images[index].frame = places[index] }
        }
        let result = ShardPart(plan: plan, shard: shard, part: part, block: block)
        let sum = result.sum(grid: grid, errors: errors, frames: frames)
        guard archive.metadata["sha256"] == sum else {
            throw .damaged(shard: shard, path, reason: "its checksum differs")
        }
        return (result, sum)
    }
}

extension TensorFileError.Fault {
    /// The reason without the file's name.
    var reason: String {
        switch self {
        case .system(let text), .unknownFormat(let text), .unsupported(let text), .refused(let text): text
        case .truncated(let text): "the file is cut short: \(text)"
        case .malformed(let text): text
        case .missingTensor(let name): "there is no tensor \(name) in it"
        }
    }
}

/// What says that a shard is done: the parts that it consists of.
struct ShardManifest: Sendable, Hashable, Codable {
    static let currentFormat = 1

    var format = ShardManifest.currentFormat
    var plan: String
    var shard: Int
    var images, unreadable: Int
    /// SHA-256 of each part's content.
    var parts: [String]
    /// Wall-clock seconds of the worker's own, judges and waiting included.
    var seconds: Double

    /// Reads the manifest of a shard; nil where it is not done.
    ///
    /// - Throws: ``ShardError``: `damaged` or `otherPlan`.
    static func read(_ path: FilePath, shard: Int, plan: String) throws(ShardError) -> ShardManifest? {
        guard let data = FileManager.default.contents(atPath: path.string) else { return nil }
        guard let manifest = try? JSONDecoder().decode(ShardManifest.self, from: data) else {
            throw .damaged(shard: shard, path, reason: "it is cut short, or of another version")
        }
        guard manifest.plan == plan, manifest.shard == shard else { throw .otherPlan(shard: shard, path) }
        return manifest
    }

    func write(to path: FilePath) throws(ShardError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(self) else { throw .system(path, reason: "cannot be encoded") }
        try [UInt8](data).writeWhole(to: path)
    }
}
