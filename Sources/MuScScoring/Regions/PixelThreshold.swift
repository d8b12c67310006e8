/// The level of the maps at and above which a pixel belongs to a region, and where it comes from.
package struct PixelThreshold: Sendable, Hashable, Codable {
    /// A distance, 0 to 2; infinite where nothing can be told.
    package var value: Float
    /// One sentence for the person who reads the report.
    package var explanation: String

    package init(value: Float, explanation: String) {
        self.value = value
        self.explanation = explanation
    }

    /// The pixel threshold that goes with an image threshold.
    ///
    /// An image's score by MSM is its map's highest. So a level that the maps of known good images reach on so many images
    /// at most is the image threshold itself, and a good part has, at that rate, no region at all. Where the batch alone
    /// sets the threshold, its rule is applied to the maps' highest scores, from which RsCIN may have moved the images'.
    ///
    /// - Parameters:
    ///   - image: The threshold of the images.
    ///   - maxima: The highest score of each image's map.
    ///   - isMoved: Whether RsCIN decided the images' scores.
    package init(image: Threshold, maxima: [Float], isMoved: Bool) {
        switch image.rule {
        case .fixed:
            self.init(value: image.value, explanation: "A region is what reaches the fixed threshold on the map.")
        case .conformal, .logNormal:
            self.init(
                value: image.value,
                explanation:
                    "A region is what reaches the level that maps of known good images reach as rarely as their scores reach the threshold, so that a good part has, at that rate, no region."
            )
        case .batch:
            let value = isMoved ? BatchThreshold.threshold(for: maxima).value : image.value
            self.init(
                value: value,
                explanation:
                    "A region is what reaches, on the map, the threshold that the batch's rule gives for the maps' highest scores. This promises no rate of false alarms: known good images do."
            )
        }
    }
}
