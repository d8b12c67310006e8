import Goldens
import MuScBackbone
import MuScImages
import MuScTensors
import Testing

/// What stands for an image as a whole.
@Suite struct ImageFeatureTests {
    private func network(
        _ layers: [Int], _ imageFeature: VisionTransformer.ImageFeature, width: Int = 6, height: Int = 4
    ) throws -> VisionTransformer {
        let description = try BackboneDescription(golden: Goldens.archive("dinov2_native.expected.safetensors"), name: "tiny")
        return try VisionTransformer(
            description: description,
            weights: BackboneWeights(
                archive: Goldens.archive("dinov2_native.weights.facebook.safetensors"), for: description),
            imageWidth: width * description.patch, imageHeight: height * description.patch, featureLayers: layers,
            imageFeature: imageFeature)
    }

    private func picture(_ width: Int, _ height: Int) -> RGBImage {
        RGBImage(
            width: width, height: height,
            pixels: (0..<width * height * 3).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
    }

    private func mean(_ tokens: [Float], width: Int) -> [Float] {
        (0..<width).map { channel in
            let values = stride(from: channel, to: tokens.count, by: width).map { Double(tokens[$0]) }
            return Float(values.reduce(0, +) / Double(values.count))
        }
    }

    @Test("Patch tokens do not depend on what the image feature is, to the bit; the mean is that of the deepest feature layer")
    func meanOfTokens() throws {
        // In the order in which a user may write layers.
        for layers in [[0, 1], [1, 0]] {
            let (token, mean) = (try network(layers, .classToken), try network(layers, .tokenMean))
            let image = NormalizedImage(picture(token.imageWidth, token.imageHeight), for: .dinov2)
            let (expected, found) = (token.tokens(of: image), mean.tokens(of: image, threads: 2))
            #expect(found.layers == expected.layers)
            #expect(found.imageFeature.count == mean.featureWidth && mean.featureWidth == mean.description.width)
            let deepest = layers[0] == 1 ? 0 : 1
            #expect(found.imageFeature == self.mean(found.layers[deepest], width: mean.description.width))
            #expect(found.imageFeature != expected.imageFeature)
        }
    }

    @Test("Of an image in tiles the mean is that of its whole grid")
    func meanOfTiles() throws {
        let plan = TilePlan(gridWidth: 13, gridHeight: 9, longest: 8)
        let model = try network([0, 2], .tokenMean, width: plan.tileWidth, height: plan.tileHeight)
        let patch = model.description.patch
        let whole = model.tokens(of: picture(13 * patch, 9 * patch), plan: plan)
        #expect(whole.imageFeature == mean(whole.layers[1], width: model.description.width))
    }
}
