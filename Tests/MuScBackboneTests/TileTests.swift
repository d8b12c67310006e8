import Goldens
import MuScBackbone
import MuScImages
import MuScTensors
import ScratchFolders
import Testing

@Suite("Tiles")
struct TileTests {
    @Test(
        "Every patch belongs to one tile, at least the margin away from an inner edge, and no tile is too large",
        arguments: [1, 5, 16, 17, 24, 25, 37, 48, 71, 72, 96, 129, 571], [8, 16, 20, 24, 37])
    func cover(length: Int, longest: Int) {
        let plan = TilePlan(gridWidth: length, gridHeight: 3, longest: longest)
        #expect(plan.tileWidth <= max(longest, TilePlan.shortestTile) && plan.tileWidth <= length && plan.tileHeight == 3)
        let seams = plan.columnSeams
        #expect(plan.count == seams.count + 1 && plan.rowSeams.isEmpty)
        let tiles = plan.columnTiles
        #expect(tiles.first?.origin == 0 && tiles.last.map { $0.origin + plan.tileWidth } == length)
        #expect(tiles.flatMap { Array($0.kept) } == Array(0..<length))
        for (index, tile) in tiles.enumerated() {
            if index > 0 { #expect(tile.kept.lowerBound - tile.origin >= TilePlan.margin) }
            if index + 1 < tiles.count { #expect(tile.origin + plan.tileWidth - tile.kept.upperBound >= TilePlan.margin) }
        }
    }

    @Test("A grid that fits is one tile, and so is any grid without a limit")
    func whole() {
        #expect(TilePlan(gridWidth: 24, gridHeight: 24, longest: 24).count == 1)
        #expect(TilePlan(gridWidth: 300, gridHeight: 9, longest: nil).count == 1)
    }

    @Test("A larger grid takes as few tiles as possible, and no more than it needs of each")
    func economy() {
        let plan = TilePlan(gridWidth: 72, gridHeight: 48, longest: 24)
        #expect(plan.count == 4 * 3 && plan.tileWidth == 21 && plan.tileHeight == 19)
        #expect(plan.computedPatches == 12 * 21 * 19)
    }

    /// The tiny DINOv2 of the goldens.
    private func network(_ width: Int, _ height: Int) throws -> VisionTransformer {
        let archive = try Goldens.archive("dinov2_native.weights.facebook.safetensors")
        let description = try BackboneDescription(
            golden: Goldens.archive("dinov2_native.expected.safetensors"), name: "tiny")
        return try VisionTransformer(
            description: description, weights: BackboneWeights(archive: archive, for: description), imageWidth: width,
            imageHeight: height)
    }

    private func image(_ width: Int, _ height: Int) -> RGBImage {
        RGBImage(
            width: width, height: height,
            pixels: (0..<width * height * 3).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
    }

    @Test("Tokens of a tile stand in the grid where the tile keeps them, as the network gives them for its pixels")
    func stitched() throws {
        let patch = try network(14 * 8, 14 * 8).description.patch
        let plan = TilePlan(gridWidth: 13, gridHeight: 9, longest: 8)
        #expect(plan.count == 6)
        let model = try network(plan.tileWidth * patch, plan.tileHeight * patch)
        let picture = image(13 * patch, 9 * patch)
        let whole = model.tokens(of: picture, plan: plan)
        let width = model.description.width
        #expect(whole.layers.allSatisfy { $0.count == 13 * 9 * width })
        var features = [Float](repeating: 0, count: model.description.featureWidth)
        for row in plan.rowTiles {
            for column in plan.columnTiles {
                let tile = model.tokens(
                    of: NormalizedImage(
                        picture, x: column.origin * patch, y: row.origin * patch, width: model.imageWidth,
                        height: model.imageHeight, for: .dinov2))
                for index in features.indices { features[index] += tile.imageFeature[index] / 6 }
                for (layer, values) in tile.layers.enumerated() {
                    for y in row.kept {
                        for x in column.kept {
                            let source = ((y - row.origin) * plan.tileWidth + x - column.origin) * width
                            let target = (y * 13 + x) * width
                            #expect(whole.layers[layer][target..<target + width] == values[source..<source + width])
                        }
                    }
                }
            }
        }
        #expect(Goldens.maximumDifference(whole.imageFeature, features) < 1e-6)
    }

    @Test("A photograph of 1008 × 672 pixels goes through DINOv3 ViT-S/16 whole and in tiles")
    func dinov3() throws {
        let description = try #require(BackboneCatalogue.description(named: "dinov3_vits16"))
        let scratch = try ScratchFolder()
        try BackboneWeights.writeRandom(for: description, to: scratch.path("w.safetensors"))
        let weights = try BackboneWeights(path: scratch.path("w.safetensors"), for: description)
        let picture = image(1008, 672)
        let whole = try VisionTransformer(
            description: description, weights: weights, imageWidth: 1008, imageHeight: 672, threads: 2)
        #expect(whole.gridWidth == 63 && whole.gridHeight == 42)
        for longest in [63, 24] {
            let plan = TilePlan(gridWidth: 63, gridHeight: 42, longest: longest)
            #expect(plan.count == (longest == 63 ? 1 : 6))
            let model = try whole.resized(imageWidth: 16 * plan.tileWidth, imageHeight: 16 * plan.tileHeight)
            let tokens = model.tokens(of: picture, plan: plan, threads: 2)
            #expect(tokens.layers.allSatisfy { $0.count == 63 * 42 * 384 && $0.allSatisfy(\.isFinite) })
            #expect(tokens.imageFeature.count == 384)
        }
    }

    @Test("A network for another size is the same as one made for it, and shares its weights")
    func resized() throws {
        let small = try network(14 * 6, 14 * 6)
        let wide = try small.resized(imageWidth: 14 * 9, imageHeight: 14 * 4)
        let made = try network(14 * 9, 14 * 4)
        let picture = NormalizedImage(image(14 * 9, 14 * 4), for: .dinov2)
        #expect(wide.tokens(of: picture).layers == made.tokens(of: picture).layers)
        let error = #expect(throws: BackboneError.self) { _ = try small.resized(imageWidth: 100, imageHeight: 84) }
        #expect(error?.description.contains("98 and 112") == true)
    }
}
