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
            // Registers: the position embedding is resampled with anti-aliasing.
            ("dinov2_reg_native", "facebook.pth"), ("dinov2_reg_larger", "facebook.safetensors"),
            ("dinov2_reg_smaller", "facebook.safetensors"), ("dinov2_reg_wide", "facebook.safetensors"),
            ("dinov3_native", "facebook.safetensors"), ("dinov3_native", "facebook.pth"),
            ("dinov3_native", "hf.safetensors"), ("dinov3_native", "timm.safetensors"),
            ("dinov3_wide", "facebook.safetensors"), ("dinov3_wide", "facebook.pth"),
            ("dinov3_wide", "hf.safetensors"), ("dinov3_wide", "timm.safetensors"),
            ("dinov3_swiglu", "facebook.safetensors"), ("dinov3_swiglu", "facebook.pth"),
            ("dinov3_swiglu", "hf.safetensors"), ("dinov3_swiglu", "timm.safetensors"),
            // As published: periods in bfloat16, a LayerNorm that is for training only.
            ("dinov3_quirks", "facebook.pth"),
        ])
    func forwardPass(golden: String, file: String) throws {
        let expected = try Goldens.archive("\(golden).expected.safetensors")
        let description = try BackboneDescription(golden: expected, name: golden)
        let weights = try BackboneWeights(archive: Goldens.archive("\(golden).weights.\(file)"), for: description)
        let input = try #require(expected["input"])
        let (count, height, width) = (input.shape[0], input.shape[2], input.shape[3])
        let layers = expected.names.filter { $0.hasPrefix("tokens.") }.compactMap { Int($0.dropFirst(7)) }
        let model = try VisionTransformer(
            description: description, weights: weights, imageWidth: width, imageHeight: height, featureLayers: layers,
            activation: description.activation)
        let tolerance: Float = file.contains("fp16") ? 5e-3 : golden.hasPrefix("dinov3") ? 1e-4 : 2e-4
        let pixels = input.floats()
        for image in 0..<count {
            let area = 3 * width * height
            let tokens = model.tokens(
                of: NormalizedImage(width: width, height: height, values: Array(pixels[image * area..<(image + 1) * area])))
            for (index, layer) in layers.enumerated() {
                let tensor = try #require(expected["tokens.\(layer)"])
                // Some goldens keep the class token in front.
                let (rows, channels) = (tensor.shape[1], tensor.shape[2])
                let skipped = rows - model.gridWidth * model.gridHeight
                let all = tensor.floats()
                let wanted = all[(image * rows + skipped) * channels..<(image + 1) * rows * channels]
                #expect(Goldens.maximumDifference(tokens.layers[index], wanted) <= tolerance)
            }
            let feature = try #require(expected["image_feature"])
            let channels = feature.shape[1]
            let wanted = feature.floats()[image * channels..<(image + 1) * channels]
            #expect(Goldens.maximumDifference(tokens.imageFeature, wanted) <= tolerance)
        }
    }

    @Test(
        "Where the last block's patches are not wanted, the image feature is the same to the bit",
        arguments: [
            ("dinov2_native", "facebook"), ("dino_resized", "facebook"), ("clip_quickgelu_resized", "open_clip"),
            ("dinov3_native", "facebook"), ("dinov3_swiglu", "facebook"),
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

    /// A golden's network and its first image.
    private func network(
        _ golden: String, _ file: String, width: Int? = nil, height: Int? = nil,
        precision: VisionTransformer.Precision = .exact
    ) throws -> (model: VisionTransformer, pixels: [Float], side: (width: Int, height: Int)) {
        let expected = try Goldens.archive("\(golden).expected.safetensors")
        let description = try BackboneDescription(golden: expected, name: golden)
        let input = try #require(expected["input"])
        let (ownHeight, ownWidth) = (input.shape[2], input.shape[3])
        let model = try VisionTransformer(
            description: description,
            weights: BackboneWeights(archive: Goldens.archive("\(golden).weights.\(file)"), for: description),
            imageWidth: width ?? ownWidth, imageHeight: height ?? ownHeight, featureLayers: [0, 1, 2, 3],
            precision: precision)
        return (model, Array(input.floats()[..<(3 * ownWidth * ownHeight)]), (ownWidth, ownHeight))
    }

    @Test("DINOv3 does not look at what a patch does not fill at the right and below")
    func leftOver() throws {
        let (model, pixels, side) = try network("dinov3_wide", "facebook.safetensors")
        let patch = model.description.patch
        let (width, height) = (side.width + patch - 1, side.height + 3)
        var padded = [Float](repeating: 7, count: 3 * width * height)
        for row in 0..<3 * side.height {
            let (channel, y) = (row / side.height, row % side.height)
            let target = (channel * height + y) * width
            padded.replaceSubrange(target..<target + side.width, with: pixels[row * side.width..<(row + 1) * side.width])
        }
        let larger = try model.resized(imageWidth: width, imageHeight: height)
        #expect(larger.gridWidth == model.gridWidth && larger.gridHeight == model.gridHeight)
        let expected = model.tokens(of: NormalizedImage(width: side.width, height: side.height, values: pixels))
        let tokens = larger.tokens(of: NormalizedImage(width: width, height: height, values: padded))
        #expect(tokens.layers == expected.layers && tokens.imageFeature == expected.imageFeature)
        #expect(throws: BackboneError.self) { _ = try model.resized(imageWidth: patch - 1, imageHeight: height) }
    }

    @Test(
        "With products of bfloat16 and of integers tokens stay near those of fp32, and no number of threads changes them",
        arguments: [
            ("dinov2_native", "facebook.safetensors"), ("dino_native_p8", "hf.safetensors"),
            ("clip_gelu_native", "open_clip.safetensors"), ("dinov3_native", "facebook.safetensors"),
            ("dinov3_swiglu", "hf.safetensors"), ("dinov3_wide", "timm.safetensors"),
        ], [VisionTransformer.Precision.fast, .fastest])
    func fast(golden: (name: String, file: String), precision: VisionTransformer.Precision) throws {
        let (exact, pixels, side) = try network(golden.name, golden.file)
        let fast = try network(golden.name, golden.file, precision: precision).model
        let image = NormalizedImage(width: side.width, height: side.height, values: pixels)
        let (expected, found) = (exact.tokens(of: image), fast.tokens(of: image))
        for (a, b) in zip(expected.layers, found.layers) {
            let error = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let size = a.reduce(0) { $0 + $1 * $1 }
            #expect((error / size).squareRoot() < 0.02)
        }
        #expect(fast.tokens(of: image, threads: 3).layers == found.layers)
    }
}
