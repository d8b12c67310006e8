/// The patches of a grid that count: they are judged and they judge, and the others neither.
public struct PatchRegion: Sendable, Hashable {
    public let grid: PatchGrid
    /// Whether each patch belongs, row by row.
    public let contains: [Bool]
    /// The number of patches that belong.
    public let count: Int

    /// - Precondition: `contains.count == grid.count`.
    public init(grid: PatchGrid, contains: [Bool]) {
        precondition(contains.count == grid.count)
        self.grid = grid
        self.contains = contains
        count = contains.count { $0 }
    }

    public subscript(patch: Int) -> Bool { contains[patch] }

    /// Sets to 0 what belongs to patches outside, in maps of the grid one after the other.
    public func clear(outside maps: inout [Float]) {
        let outside = contains.indices.filter { !contains[$0] }
        for first in stride(from: 0, to: maps.count, by: grid.count) {
            for patch in outside { maps[first + patch] = 0 }
        }
    }
}
