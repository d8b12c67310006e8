import CKernels
import Synchronization

/// A vision transformer with its weights, ready to turn images of one size into patch tokens.
///
/// The value is immutable; `tokens(of:)` may be called from any number of threads at once and computes on the
/// calling thread alone, unless it is given more.
package struct VisionTransformer: Sendable {
    package let description: BackboneDescription
    /// Pixels of the images that it takes.
    package let imageWidth, imageHeight: Int
    /// Blocks, counted from 0, whose tokens are returned.
    package let featureLayers: [Int]
    package let activation: BackboneDescription.Activation
    /// How products are computed; ``Precision/fast`` only where the processor has the instructions.
    package let precision: Precision
    /// What is given as image feature.
    package let imageFeature: ImageFeature
    let weights: TransformerWeights
    /// The activation that was asked for; nil where the reference's rule decides for each size.
    private let fixedActivation: BackboneDescription.Activation?
    /// The instruction set of the kernels, asked of the processor once.
    let isa: musc_isa
    private let workspaces = WorkspacePool()

    /// How the products of the network are computed.
    package enum Precision: String, Sendable, Hashable, CaseIterable {
        /// In fp32.
        case exact
        /// Factors in bfloat16, sums in fp32; everything between products as well but the residual stream.
        ///
        /// Where the processor has no products of bfloat16 (on x86-64, AVX-512 BF16), this is the same as ``exact``.
        case fast
        /// As ``fast``, with products of 8-bit integers for queries, keys and values, the attention's projection and the
        /// first layer of the MLP: one scale a token and one a row of weights, both exact sums.
        ///
        /// Where the processor has no such products (on x86-64, VNNI), this is the same as ``fast``.
        case fastest
    }

    /// What a processor makes of a wish.
    private static func precision(_ wanted: Precision, _ isa: musc_isa) -> Precision {
        switch wanted {
        case .fastest where musc_int8_is_fast(isa): .fastest
        case .fastest, .fast: musc_bf16_is_fast(isa) ? .fast : .exact
        case .exact: .exact
        }
    }

    /// How numbers are kept between products.
    private static func numbers(_ precision: Precision, _ isa: musc_isa) -> musc_precision {
        precision != .exact && musc_bf16_is_fast(isa) ? MUSC_BF16 : MUSC_F32
    }

    /// What stands for an image as a whole.
    package enum ImageFeature: String, Sendable, Hashable, CaseIterable {
        /// The class token after the last block, as the family has it (``BackboneDescription/Family``).
        case classToken = "class_token"
        /// The mean of the deepest feature layer's patch tokens. The blocks after that layer are then not needed.
        case tokenMean = "token_mean"
    }

    /// Values of an image feature.
    package var featureWidth: Int { imageFeature == .classToken ? description.featureWidth : description.width }

    /// How numbers are kept between products.
    var kernelPrecision: musc_precision { Self.numbers(precision, isa) }

    /// Patches in a row.
    package var gridWidth: Int { imageWidth / description.patch }
    /// Rows of patches.
    package var gridHeight: Int { imageHeight / description.patch }

    /// Reads the weights and resamples the position embedding to the images' grid.
    ///
    /// - Parameters:
    ///   - imageWidth, imageHeight: Pixels; multiples of the patch. For DINOv3 any from one patch on: as in its own code,
    ///     what is left over at the right and below is not looked at.
    ///   - featureLayers: Blocks to take tokens from, counted from 0, in the order in which they are returned.
    ///   - activation: nil for the reference's rule, which depends on the image size.
    ///   - threads: The most threads by which weights are laid out.
    /// - Throws: ``BackboneError`` for a size or a layer that does not fit, ``WeightsError`` wrapped in it for weights
    ///   that are not this backbone's.
    package init(
        description: BackboneDescription, weights: BackboneWeights, imageWidth: Int, imageHeight: Int,
        featureLayers: [Int]? = nil, activation: BackboneDescription.Activation? = nil,
        precision: Precision = .exact, imageFeature: ImageFeature = .classToken, threads: Int = 1
    ) throws(BackboneError) {
        try description.validate()
        try Self.check(imageWidth, imageHeight, description)
        let layers = featureLayers ?? description.featureLayers
        guard !layers.isEmpty else { throw .noFeatureLayers }
        for layer in layers where layer < 0 || layer >= description.depth {
            throw .featureLayer(layer, backbone: description)
        }
        self.description = description
        self.imageWidth = imageWidth
        self.imageHeight = imageHeight
        self.featureLayers = layers
        isa = musc_isa_best()
        self.precision = Self.precision(precision, isa)
        self.imageFeature = imageFeature
        fixedActivation = activation
        self.activation = activation ?? description.activation(atWidth: imageWidth, height: imageHeight)
        do {
            self.weights = try TransformerWeights(
                weights, description: description, gridWidth: imageWidth / description.patch,
                gridHeight: imageHeight / description.patch,
                precision: TransformerWeights.Precision(
                    numbers: Self.numbers(self.precision, isa), usesInt8: self.precision == .fastest),
                blockCount: imageFeature == .classToken ? description.depth : (layers.max() ?? 0) + 1, threads: threads)
        } catch {
            throw .weights(error)
        }
    }

    /// The same network for images of another size; the two share all weights but the position embedding.
    ///
    /// - Throws: ``BackboneError`` for a size that does not fit.
    package func resized(imageWidth: Int, imageHeight: Int) throws(BackboneError) -> VisionTransformer {
        if imageWidth == self.imageWidth, imageHeight == self.imageHeight { return self }
        try Self.check(imageWidth, imageHeight, description)
        return VisionTransformer(self, imageWidth: imageWidth, imageHeight: imageHeight)
    }

    private init(_ other: VisionTransformer, imageWidth: Int, imageHeight: Int) {
        description = other.description
        self.imageWidth = imageWidth
        self.imageHeight = imageHeight
        featureLayers = other.featureLayers
        isa = other.isa
        precision = other.precision
        imageFeature = other.imageFeature
        fixedActivation = other.fixedActivation
        activation = fixedActivation ?? description.activation(atWidth: imageWidth, height: imageHeight)
        weights = other.weights.resized(
            description, gridWidth: imageWidth / description.patch, gridHeight: imageHeight / description.patch)
    }

    private static func check(
        _ width: Int, _ height: Int, _ description: BackboneDescription
    ) throws(BackboneError) {
        for side in [width, height]
        where side < description.patch || !description.cutsImagesToPatches && side % description.patch != 0 {
            throw .imageSize(side, backbone: description)
        }
    }

    /// Runs one image through the network.
    ///
    /// - Parameters:
    ///   - image: Normalised pixels of `imageWidth × imageHeight`.
    ///   - needsImageFeature: False to stop after the last feature layer where the image feature is not wanted.
    ///   - threads: The most threads that share the image's products, for when there are few images; the tokens are the
    ///     same for any number.
    /// - Returns: The patch tokens of the feature layers and the image feature.
    package func tokens(of image: NormalizedImage, needsImageFeature: Bool = true, threads: Int = 1) -> ImageTokens {
        precondition(image.width == imageWidth && image.height == imageHeight)
        let workspace = workspaces.take() ?? Workspace(for: self)
        defer { workspaces.give(workspace) }
        return ForwardPass(model: self, workspace: workspace, threads: threads).run(image, needsImageFeature: needsImageFeature)
    }
}

/// What the network says of one image.
package struct ImageTokens: Sendable {
    /// One entry a feature layer: patch tokens `[gridHeight · gridWidth, width]` row-major, without class and
    /// register tokens.
    package var layers: [[Float]]
    /// The image feature, ``VisionTransformer/featureWidth`` values; empty where it was not asked for.
    package var imageFeature: [Float]

    /// Whether all values are numbers and none is infinite, as damaged weights make them.
    package var isFinite: Bool { (layers + [imageFeature]).allSatisfy { $0.allSatisfy(\.isFinite) } }

    /// The mean of tokens, `[count, width]` row-major.
    static func mean(_ tokens: [Float], width: Int) -> [Float] {
        var sums = [Double](repeating: 0, count: width)
        for start in stride(from: 0, to: tokens.count, by: width) {
            for channel in 0..<width { sums[channel] += Double(tokens[start + channel]) }
        }
        let count = Double(max(tokens.count / width, 1))
        return sums.map { Float($0 / count) }
    }

    package init(layers: [[Float]], imageFeature: [Float]) {
        self.layers = layers
        self.imageFeature = imageFeature
    }
}

/// Workspaces that wait for their next image, so that buffers are not allocated for each.
private final class WorkspacePool: Sendable {
    private let idle = Mutex<[Workspace]>([])

    func take() -> Workspace? { idle.withLock { $0.popLast() } }
    func give(_ workspace: Workspace) { idle.withLock { $0.append(workspace) } }
}
