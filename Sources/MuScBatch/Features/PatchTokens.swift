import SystemPackage

/// The patch tokens of one image in one layer: in memory, or in a file from which they are read when they are needed.
package struct PatchTokens: Sendable {
    private enum Place: Sendable {
        case memory([Float])
        case spilled(SpillFile, offset: Int64, count: Int)
        case kept(KeptTokens, layer: Int)
    }

    private let place: Place

    /// Tokens in memory, `[grid.count, channels]` row-major.
    package init(_ values: [Float]) { place = .memory(values) }

    init(in file: SpillFile, offset: Int64, count: Int) { place = .spilled(file, offset: offset, count: count) }

    /// - Parameter layer: The layer's position among the feature layers.
    init(_ kept: KeptTokens, layer: Int) { place = .kept(kept, layer: layer) }

    /// The number of values.
    package var count: Int {
        switch place {
        case .memory(let values): values.count
        case .spilled(_, _, let count): count
        case .kept(let kept, _): kept.count
        }
    }

    /// Whether the values were put into a file because they did not fit into memory.
    package var isSpilled: Bool {
        if case .spilled = place { true } else { false }
    }

    /// The values, `[grid.count, channels]` row-major; read anew each time where they are in a file.
    ///
    /// - Throws: ``SpillError`` where the file cannot be read.
    package func values() throws(SpillError) -> [Float] {
        switch place {
        case .memory(let values): values
        case .spilled(let file, let offset, let count): try file.read(count, at: offset)
        case .kept(let kept, let layer): try kept.withValues(of: layer) { Array($0) }
        }
    }

    /// Calls `body` with the values where they lie; the pointer is valid only inside.
    ///
    /// - Throws: ``SpillError`` where the file cannot be read.
    func withValues(_ body: (UnsafeBufferPointer<Float>) -> Void) throws(SpillError) {
        switch place {
        case .memory(let values): values.withUnsafeBufferPointer(body)
        case .spilled(let file, let offset, let count): try file.read(count, at: offset).withUnsafeBufferPointer(body)
        case .kept(let kept, let layer): try kept.withValues(of: layer, body)
        }
    }

    /// What tells these values from others, computed or, where they are kept, read.
    ///
    /// - Throws: ``SpillError`` where the file cannot be read.
    func digest() throws(SpillError) -> ContentDigest {
        if case .kept(let kept, let layer) = place { return kept.digests[layer] }
        var digest = ContentDigest()
        try withValues { digest = ContentDigest(of: $0) }
        return digest
    }
}

extension Sequence<PatchTokens> {
    /// The values of all, in memory.
    ///
    /// - Throws: ``SpillError``.
    func values() throws(SpillError) -> [[Float]] {
        var all: [[Float]] = []
        for tokens in self { all.append(try tokens.values()) }
        return all
    }
}
