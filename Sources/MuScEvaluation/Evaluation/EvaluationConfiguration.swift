import MuScBatch

extension Evaluation {
    /// Everything about a scorer that decides its scores, under the names of the configuration: what results belong to.
    ///
    /// The number of threads is left out, as it changes no result.
    ///
    /// - Parameter weightsSHA256: The digest of the weights' file.
    package static func configuration(of scorer: BatchScorer, weightsSHA256: String) -> [String: String] {
        let settings = scorer.settings
        func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }
        return [
            "model.backbone": settings.backbone.name,
            "model.weights_sha256": weightsSHA256,
            "model.image_size": "\(settings.imageSize)",
            "model.feature_layers": list(settings.featureLayers),
            "model.activation": scorer.model.activation.rawValue,
            "scoring.preset": settings.preset.rawValue,
            "scoring.r_list": list(settings.degrees),
            "scoring.interval": "\(settings.interval.lower),\(settings.interval.upper)",
            "scoring.least_judges": "\(settings.minimumJudges)",
            "scoring.window": settings.window.patches(on: scorer.grid).map(String.init) ?? "none",
            "scoring.judges": "\(settings.judges)",
            "scoring.rscin": settings.rscin.rawValue,
            "scoring.rscin_windows": list(settings.rscinWindows),
            "scoring.rscin_features": settings.unitImageFeatures ? "unit length" : "as the backbone gives them",
            "scoring.subsets": "\(settings.subsets)",
        ]
    }
}
