import FoundationEssentials
import Glibc
import MuScBackbone
import MuScImages
import MuScScoring
import MuScVerdicts
import SystemPackage

/// The parts of a line that people found good, as judges.
///
/// They take the place of images of the line's past that nobody has checked. So many are kept as the line remembers:
/// of the spot checks, which set the threshold, the latest; of the others the latest and, beyond these, those that
/// differ most from what is there. Their tokens lie with the line's memory, so that photographs may go.
package struct FoundGood: Sendable {
    let network: SizedNetwork
    let cache: TokenCache?
    /// Where tokens are kept; nil for nowhere.
    let memory: LineMemory?

    struct Content: Sendable {
        /// nil where nothing was found good, or nothing of it can be used.
        var judges: OutsideJudges?
        var findings: [Finding] = []
    }

    /// - Parameters:
    ///   - parts: In the order in which they were found good; none of the batch that is to be judged.
    ///   - capacity: The most that are kept.
    /// - Throws: ``ScoringError/cancelled``.
    func content(of parts: [LineVerdicts.Part], capacity: Int, progress: ProgressHandler) throws(ScoringError) -> Content {
        let latest = Array(parts.reversed())
        let checks = latest.filter { $0.verdict.origin.isDrawn }
        let others = latest.filter { !$0.verdict.origin.isDrawn }
        let sample = checks.prefix(max(capacity / 2, capacity - others.count))
        let places = capacity - min(sample.count, capacity)
        let drawn = sample.filter { $0.verdict.origin == .spotCheck } + sample.filter { $0.verdict.origin == .flaggedSpotCheck }
        // Of those beyond the places some that were found of late have a chance to be the most various.
        let wanted = drawn + others.prefix(others.count <= places ? places : 3 * places)
        var found = try tokens(of: wanted, progress: progress)
        let checked = found.parts.count { $0.verdict.origin.isDrawn }
        let unflagged = found.parts.count { $0.verdict.origin == .spotCheck }
        if found.parts.count - checked > places {
            let chosen = Array(0..<checked) + Self.various(found.tokens.imageFeatures, from: checked, count: places)
            found.tokens = found.tokens.selecting(chosen)
        }
        sweep(keeping: Set(parts.suffix(8 * max(capacity, 1)).map(fileName)))
        var content = Content()
        if let first = found.missing.first {
            content.findings.append(.foundGoodMissing(name: first.label, others: found.missing.count - 1))
        }
        if found.tokens.readable > 0 {
            content.judges = OutsideJudges(origin: .foundGood, tokens: found.tokens, sample: checked, unflagged: unflagged)
        }
        return content
    }

    /// The first half of the places go to the first, the others each to the one that is farthest from all that are chosen.
    ///
    /// - Parameters:
    ///   - features: Image features; those before `first` are chosen already.
    /// - Returns: Indices, ascending.
    package static func various(_ features: [[Float]], from first: Int, count: Int) -> [Int] {
        let units = features.map { feature -> [Float] in
            let length = feature.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return length > 0 ? feature.map { $0 / length } : feature
        }
        func closeness(_ a: Int, _ b: Int) -> Float { zip(units[a], units[b]).reduce(0) { $0 + $1.0 * $1.1 } }
        var chosen = Array(features.indices.dropFirst(first).prefix((count + 1) / 2))
        var rest = Array(features.indices.dropFirst(first + chosen.count))
        // How close each is to its nearest of the chosen.
        var nearest = rest.map { candidate in
            (Array(0..<first) + chosen).reduce(-Float.infinity) { max($0, closeness(candidate, $1)) }
        }
        while chosen.count < count, let place = nearest.indices.min(by: { nearest[$0] < nearest[$1] }) {
            let next = rest.remove(at: place)
            nearest.remove(at: place)
            chosen.append(next)
            for index in rest.indices { nearest[index] = max(nearest[index], closeness(rest[index], next)) }
        }
        return chosen.sorted()
    }

    // MARK: Tokens

    private var folder: FilePath? { memory?.place.appending("good") }

    private func fileName(_ part: LineVerdicts.Part) -> String {
        part.contentKey.replacing("#", with: "-") + ".safetensors"
    }

    /// The tokens of parts in this order: those that are kept, and computed from the photographs what is not there yet.
    private func tokens(
        of parts: [LineVerdicts.Part], progress: ProgressHandler
    ) throws(ScoringError) -> (tokens: BatchTokens, parts: [LineVerdicts.Part], missing: [LineVerdicts.Part]) {
        var known: [Int: (tokens: ImageTokens, look: ImageLook?)] = [:]
        for (index, part) in parts.enumerated() {
            guard let folder, let memory else { continue }
            let file = TokenFile(path: folder.appending(fileName(part)))
            known[index] = (try? file.read(key: memory.key, patches: network.grid.count)).map { ($0.tokens, $0.origin.look) }
        }
        let unknown = parts.indices.filter { known[$0] == nil && access(parts[$0].path.string, R_OK) == 0 }
        let files = unknown.map { index -> BatchFile in
            var file = BatchFile(path: parts[index].path, name: parts[index].label)
            file.page = Int(parts[index].verdict.fileAndPage.page.dropFirst()).map { $0 - 1 }
            return file
        }
        let computed = try FeatureExtraction(network: network, cache: cache).tokens(of: files, progress: progress)
        for (index, image) in zip(unknown, computed.images) {
            guard let place = image.index else { continue }
            do throws(SpillError) {
                let look = computed.looks[place]
                known[index] = (kept(try computed.imageTokens(place), look, of: parts[index]), look)
            } catch {
                throw .spill(error)
            }
        }
        var tokens = BatchTokens(images: [], layers: network.settings.featureLayers.map { _ in [] }, imageFeatures: [])
        for (index, part) in parts.enumerated() {
            guard let found = known[index] else { continue }
            tokens.append(found.tokens, of: ScoredImage(name: part.label, path: part.path), look: found.look)
        }
        return (
            tokens, parts.indices.filter { known[$0] != nil }.map { parts[$0] }, parts.indices.filter { known[$0] == nil }.map { parts[$0] }
        )
    }

    /// Keeps tokens, and gives them as they are read again, so that the first batch is judged as the next ones are.
    private func kept(_ tokens: ImageTokens, _ look: ImageLook?, of part: LineVerdicts.Part) -> ImageTokens {
        guard let folder, let memory else { return tokens }
        try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let file = TokenFile(path: folder.appending(fileName(part)))
        // They can be made again from the photograph as long as that is there; what is lost later is told of.
        let channels = network.settings.backbone.width
        guard (try? file.write(tokens, key: memory.key, channels: channels, as: .half, origin: TokenOrigin(look: look))) != nil
        else { return tokens }
        return (try? file.read(key: memory.key, patches: network.grid.count))?.tokens ?? tokens
    }

    /// Removes tokens of parts that are no longer found good, or beyond what is ever chosen.
    private func sweep(keeping names: Set<String>) {
        guard let folder else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? [] where !names.contains(name) {
            unlink(folder.appending(name).string)
        }
    }
}
