import MuScBackbone
import MuScImages
import MuScSupport
import SystemPackage

extension ImageFeatures {
    /// Computes the image features of photographs with a backbone: CLIP's projected class token of unit length, DINO's
    /// and DINOv2's class token after the last LayerNorm, as it is.
    ///
    /// - Parameters:
    ///   - images: The photographs; their names become ``names``.
    ///   - model: The network, for images of one size.
    ///   - family: The network's family, which decides how images are resized and normalised.
    ///   - threads: The most threads to use.
    ///   - progress: Told of each image when it is done, from any thread.
    /// - Throws: ``ImageError`` for the first photograph that cannot be read.
    package init(
        of images: [(name: String, path: FilePath)], model: VisionTransformer, family: BackboneDescription.Family,
        threads: Int, progress: @Sendable () -> Void = {}
    ) throws(ImageError) {
        let computed = concurrentMap(images.count, threads: threads) { index -> Result<[Float], ImageError> in
            defer { progress() }
            do throws(ImageError) {
                let photograph = try RGBImage(contentsOf: images[index].path)
                let resized = photograph.resized(
                    width: model.imageWidth, height: model.imageHeight, filter: family.resampling)
                return .success(model.tokens(of: NormalizedImage(resized, for: family)).imageFeature)
            } catch {
                return .failure(error)
            }
        }
        var values: [Float] = []
        for feature in computed { values += try feature.get() }
        self.init(names: images.map(\.name), values: values, width: max(values.count / max(images.count, 1), 1))
    }
}
