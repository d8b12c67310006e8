import SystemPackage

/// The patch tokens of one image in one layer: in memory, or in a file from which they are read when they are needed.
public struct PatchTokens: Sendable {
    private enum Place: Sendable {
        case memory([Float])
        case file(SpillFile, offset: Int64, count: Int)
    }

    private let place: Place

    /// Tokens in memory, `[grid.count, channels]` row-major.
    public init(_ values: [Float]) { place = .memory(values) }

    init(in file: SpillFile, offset: Int64, count: Int) { place = .file(file, offset: offset, count: count) }

    /// The number of values.
    public var count: Int {
        switch place {
        case .memory(let values): values.count
        case .file(_, _, let count): count
        }
    }

    /// Whether the values are in memory.
    public var isInMemory: Bool {
        if case .memory = place { true } else { false }
    }

    /// The values, `[grid.count, channels]` row-major; read anew each time where they are in a file.
    ///
    /// - Throws: ``SpillError`` where the file cannot be read.
    public func values() throws(SpillError) -> [Float] {
        switch place {
        case .memory(let values): values
        case .file(let file, let offset, let count): try file.read(count, at: offset)
        }
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
