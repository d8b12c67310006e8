/// How a grid of patches is cut into tiles that the network sees one at a time, and put together again.
///
/// All tiles have the same size, so that one position embedding serves them all. Neighbours overlap by at least twice
/// the margin: what a tile says of the patches along an inner edge, where it sees but one side of their surroundings,
/// is thrown away, and the cut lies in the middle of the overlap. At the grid's own edges nothing is thrown away.
package struct TilePlan: Sendable, Hashable {
    /// Patches along an inner edge that are computed for context alone.
    package static let margin = 2
    /// The smallest tile, in patches a side, that may be asked for: half of it remains between two margins.
    package static let shortestTile = 4 * margin

    /// Patches of the whole.
    package let gridWidth, gridHeight: Int
    /// Patches of every tile, margins included.
    package let tileWidth, tileHeight: Int
    /// The tiles of a row, from the left, and of a column, from the top.
    package let columnTiles, rowTiles: [Span]

    /// What a tile covers of one side of the grid, and what of it is kept.
    package struct Span: Sendable, Hashable {
        /// The first patch.
        package var origin: Int
        /// The patches of the grid that this tile answers for.
        package var kept: Range<Int>
    }

    /// The plan of as few tiles as possible, none larger than need be.
    ///
    /// - Parameters:
    ///   - gridWidth, gridHeight: Patches of the whole, at least 1.
    ///   - longest: The most patches a side of a tile, at least ``shortestTile``; nil for one tile whatever its size.
    package init(gridWidth: Int, gridHeight: Int, longest: Int?) {
        self.gridWidth = gridWidth
        self.gridHeight = gridHeight
        (tileWidth, columnTiles) = Self.spans(of: gridWidth, longest: longest)
        (tileHeight, rowTiles) = Self.spans(of: gridHeight, longest: longest)
    }

    /// The number of tiles.
    package var count: Int { columnTiles.count * rowTiles.count }

    /// Patches that the network computes, of which those of the margins are thrown away.
    package var computedPatches: Int { count * tileWidth * tileHeight }

    /// Columns before which a new tile begins.
    package var columnSeams: [Int] { columnTiles.dropFirst().map(\.kept.lowerBound) }
    /// Rows before which a new tile begins.
    package var rowSeams: [Int] { rowTiles.dropFirst().map(\.kept.lowerBound) }

    /// Cuts one side of `length` patches.
    private static func spans(of length: Int, longest: Int?) -> (size: Int, spans: [Span]) {
        guard let longest, length > longest else { return (length, [Span(origin: 0, kept: 0..<length)]) }
        // Of n tiles of size s, n · s − (n − 1) · overlap patches are kept.
        let overlap = 2 * margin
        let fresh = max(longest, shortestTile) - overlap
        let count = (length - overlap + fresh - 1) / fresh
        let size = (length + overlap * (count - 1) + count - 1) / count
        let gaps = max(count - 1, 1)
        let origins: [Int] = (0..<count).map { (2 * $0 * (length - size) + gaps) / (2 * gaps) }
        let cuts: [Int] = [0] + zip(origins, origins.dropFirst()).map { ($0 + size + $1) / 2 } + [length]
        return (size, origins.indices.map { Span(origin: origins[$0], kept: cuts[$0]..<cuts[$0 + 1]) })
    }
}
