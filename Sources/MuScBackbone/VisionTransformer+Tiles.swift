import MuScImages

extension VisionTransformer {
    /// Runs an image of any size through the network, tile by tile.
    ///
    /// The tiles' patch tokens are put together into one grid. Image features are averaged over the tiles, as the
    /// backbone gives them; where it gives unit vectors (CLIP), the mean is brought to unit length again. Where they are the
    /// mean of patch tokens, it is that of the whole grid.
    ///
    /// - Parameters:
    ///   - image: `gridWidth · patch × gridHeight · patch` pixels of the plan's grid.
    ///   - plan: Its tiles are of this network's size.
    ///   - threads: The most threads that share the image's products.
    /// - Returns: As ``tokens(of:needsImageFeature:threads:)``, over the whole grid.
    package func tokens(of image: RGBImage, plan: TilePlan, threads: Int = 1) -> ImageTokens {
        let patch = description.patch
        precondition(image.width == plan.gridWidth * patch && image.height == plan.gridHeight * patch)
        precondition(plan.tileWidth == gridWidth && plan.tileHeight == gridHeight)
        if plan.count == 1 { return tokens(of: NormalizedImage(image, for: description.family), threads: threads) }
        let width = description.width
        let size = plan.gridWidth * plan.gridHeight * width
        var whole = ImageTokens(
            layers: featureLayers.map { _ in [Float](repeating: 0, count: size) },
            imageFeature: [Float](repeating: 0, count: featureWidth))
        for row in plan.rowTiles {
            for column in plan.columnTiles {
                let pixels = NormalizedImage(
                    image, x: column.origin * patch, y: row.origin * patch, width: imageWidth, height: imageHeight,
                    for: description.family)
                let tile = tokens(of: pixels, threads: threads)
                for (layer, values) in tile.layers.enumerated() {
                    for y in row.kept {
                        let source = ((y - row.origin) * gridWidth + column.kept.lowerBound - column.origin) * width
                        let target = (y * plan.gridWidth + column.kept.lowerBound) * width
                        let count = column.kept.count * width
                        whole.layers[layer].replaceSubrange(target..<target + count, with: values[source..<source + count])
                    }
                }
                for index in whole.imageFeature.indices {
                    whole.imageFeature[index] += tile.imageFeature[index] / Float(plan.count)
                }
            }
        }
        if imageFeature == .tokenMean {
            let deepest = featureLayers.indices.max { featureLayers[$0] < featureLayers[$1] }
            whole.imageFeature = ImageTokens.mean(deepest.map { whole.layers[$0] } ?? [], width: width)
        } else if description.projectsImageFeature {
            let length = whole.imageFeature.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for index in whole.imageFeature.indices { whole.imageFeature[index] /= max(length, 1e-12) }
        }
        return whole
    }
}
