/// Why a backbone cannot be used as asked.
public enum BackboneError: Error, Sendable, CustomStringConvertible {
    case imageSize(Int, backbone: BackboneDescription)
    case featureLayer(Int, backbone: BackboneDescription)
    case noFeatureLayers
    case invalidDescription(name: String, fault: String)
    case weights(WeightsError)

    public var description: String {
        switch self {
        case .imageSize(let size, let backbone):
            let patch = backbone.patch
            let below = size / patch * patch
            let nearest = below == 0 ? "\(patch)" : "\(below) and \(below + patch)"
            return "image size \(size) is not a multiple of \(backbone.name)'s patch of \(patch) pixels: "
                + "the nearest that fit are \(nearest)"
        case .featureLayer(let layer, let backbone):
            return "feature layer \(layer) does not exist in \(backbone.name): choose from 0 to \(backbone.depth - 1)"
        case .noFeatureLayers:
            return "no feature layers were given: name at least one, such as 2,5,8,11"
        case .invalidDescription(let name, let fault):
            return "the description of backbone \(name) cannot be used: \(fault)"
        case .weights(let error):
            return "\(error)"
        }
    }
}

extension BackboneDescription {
    /// Checks that the numbers fit each other, as a description from a file may be wrong.
    ///
    /// - Throws: ``BackboneError/invalidDescription(name:fault:)``.
    public func validate() throws(BackboneError) {
        func refuse(_ fault: String) -> BackboneError { .invalidDescription(name: name, fault: fault) }
        let sizes = [
            ("patch", patch, 256), ("width", width, 16384), ("depth", depth, 256), ("heads", heads, 256),
            ("mlp_width", mlpWidth, 65536), ("native_size", nativeSize, 16384), ("feature_width", featureWidth, 16384),
        ]
        for (field, value, most) in sizes where value < 1 || value > most {
            throw refuse("\(field) is \(value), not between 1 and \(most)")
        }
        guard (0...64).contains(registers) else { throw refuse("registers is \(registers), not between 0 and 64") }
        guard width % heads == 0 else { throw refuse("width \(width) is not a multiple of heads \(heads)") }
        if rotatesPositions {
            guard headWidth % 4 == 0 else {
                throw refuse("heads are \(headWidth) channels wide, which is not a multiple of 4 as RoPE needs")
            }
            guard ropeBase > 1, ropeBase.isFinite else { throw refuse("rope_base is \(ropeBase), not above 1") }
        }
        guard nativeSize % patch == 0 else {
            throw refuse("native_size \(nativeSize) is not a multiple of patch \(patch)")
        }
        guard projectsImageFeature || featureWidth == width else {
            throw refuse("feature_width \(featureWidth) differs from width \(width), but only CLIP projects")
        }
    }
}
