import Goldens
import MuScBackbone
import MuScTensors
import Testing

/// Tiny random transformers of each family against the reference's tokens and image features.
@Suite struct ForwardGoldenTests {
    @Test(
        "Tokens and image features are the reference's, whatever the file's format and naming",
        arguments: [
            ("dinov2_native", "facebook.safetensors"), ("dinov2_native", "facebook.pth"),
            ("dinov2_native", "hf.safetensors"),
            ("dinov2_resized", "facebook.safetensors"), ("dinov2_resized", "facebook.pth"),
            ("dinov2_resized", "hf.safetensors"),
            ("dino_native_p8", "facebook.safetensors"), ("dino_native_p8", "facebook.pth"),
            ("dino_native_p8", "hf.safetensors"),
            ("dino_resized", "facebook.safetensors"), ("dino_resized", "facebook.pth"),
            ("dino_resized", "hf.safetensors"),
            ("clip_gelu_native", "open_clip.safetensors"), ("clip_gelu_native", "open_clip.pth"),
            ("clip_gelu_native", "open_clip.fp16.pth"), ("clip_gelu_native", "hf.safetensors"),
            ("clip_gelu_native", "timm.safetensors"),
            ("clip_quickgelu_resized", "open_clip.safetensors"), ("clip_quickgelu_resized", "open_clip.pth"),
            ("clip_quickgelu_resized", "open_clip.fp16.pth"), ("clip_quickgelu_resized", "hf.safetensors"),
            ("clip_quickgelu_resized", "timm.safetensors"),
        ])
    func forwardPass(golden: String, file: String) throws {
        let expected = try Goldens.archive("\(golden).expected.safetensors")
        let description = try BackboneDescription(golden: expected, name: golden)
        let weights = try BackboneWeights(archive: Goldens.archive("\(golden).weights.\(file)"), for: description)
        let input = try #require(expected["input"])
        let (count, side) = (input.shape[0], input.shape[2])
        let layers = expected.names.filter { $0.hasPrefix("tokens.") }.compactMap { Int($0.dropFirst(7)) }
        let model = try VisionTransformer(
            description: description, weights: weights, imageWidth: side, imageHeight: side, featureLayers: layers,
            activation: description.activation)
        let tolerance: Float = file.contains("fp16") ? 5e-3 : 2e-4
        let pixels = input.floats()
        for image in 0..<count {
            let area = 3 * side * side
            let tokens = model.tokens(
                of: NormalizedImage(width: side, height: side, values: Array(pixels[image * area..<(image + 1) * area])))
            for (index, layer) in layers.enumerated() {
                let tensor = try #require(expected["tokens.\(layer)"])
                // Some goldens keep the class token in front.
                let (rows, width) = (tensor.shape[1], tensor.shape[2])
                let skipped = rows - model.gridWidth * model.gridHeight
                let all = tensor.floats()
                let wanted = all[(image * rows + skipped) * width..<(image + 1) * rows * width]
                #expect(Goldens.maximumDifference(tokens.layers[index], wanted) <= tolerance)
            }
            let feature = try #require(expected["image_feature"])
            let width = feature.shape[1]
            let wanted = feature.floats()[image * width..<(image + 1) * width]
            #expect(Goldens.maximumDifference(tokens.imageFeature, wanted) <= tolerance)
        }
    }

    @Test(
        "Where the last block's patches are not wanted, the image feature is the same to the bit",
        arguments: [
            ("dinov2_native", "facebook"), ("dino_resized", "facebook"), ("clip_quickgelu_resized", "open_clip"),
        ], VisionTransformer.Precision.allCases)
    func imageFeatureAlone(golden: (name: String, file: String), precision: VisionTransformer.Precision) throws {
        let expected = try Goldens.archive("\(golden.name).expected.safetensors")
        let description = try BackboneDescription(golden: expected, name: golden.name)
        let weights = try BackboneWeights(
            archive: Goldens.archive("\(golden.name).weights.\(golden.file).safetensors"), for: description)
        let input = try #require(expected["input"])
        let side = input.shape[2]
        let image = NormalizedImage(width: side, height: side, values: Array(input.floats()[..<(3 * side * side)]))
        func tokens(_ layers: [Int], threads: Int) throws -> ImageTokens {
            try VisionTransformer(
                description: description, weights: weights, imageWidth: side, imageHeight: side, featureLayers: layers,
                precision: precision
            ).tokens(of: image, threads: threads)
        }
        let whole = try tokens([0, description.depth - 1], threads: 1)
        for threads in [1, 2] {
            let short = try tokens([0], threads: threads)
            #expect(short.imageFeature == whole.imageFeature)
            #expect(short.layers == [whole.layers[0]])
        }
    }
}
