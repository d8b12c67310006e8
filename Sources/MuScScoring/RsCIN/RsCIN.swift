import MuScSupport

/// Re-scoring with the constrained image-level neighbourhood (section 3.4 of the paper, equations 5 and 6).
package enum RsCIN {
    /// The precision of W = F·Fᵀ.
    package enum Precision: Sendable {
        /// float32, as for features that the network has just computed.
        case single
        /// Products summed in float32 and rounded to float16, as for the features that the reference publishes in
        /// float16. Many similarities are then equal.
        case half
    }

    /// Re-scores images by the scores of their nearest neighbours in image-feature space.
    ///
    /// Scores are scaled to [0, 1] over the batch. For each window k, the k largest entries of each row of
    /// W = F·Fᵀ are kept (the image itself is among them), divided by their sum and multiplied with the scores;
    /// the windows' results are averaged. Of equal entries, those are kept that the reference keeps.
    ///
    /// - Parameters:
    ///   - scores: One an image, of any scale.
    ///   - features: `[scores.count, featureWidth]` row-major, as the backbone gives them or of unit length.
    ///   - windows: Neighbourhood sizes, the image included: 1,2,3 for MVTec AD and BTAD, 1,8,9 for VisA. Larger
    ///     than the batch counts as the batch.
    ///   - neighbours: Who may be a neighbour of whom.
    ///   - threads: The most threads to use, where there are many images.
    /// - Returns: New scores in [0, 1]; all zero where the scores are all equal.
    package static func rescore(
        _ scores: [Float], features: [Float], windows: [Int], precision: Precision = .single,
        neighbours: Neighbours = .all, threads: Int = 1
    ) -> [Float] {
        let count = scores.count
        guard count > 0, !windows.isEmpty else { return scores }
        let width = features.count / count
        precondition(features.count == count * width && windows.allSatisfy { $0 >= 1 })
        if count > singleRowLimit, precision == .single {
            return rescoreMany(scores, features: features, windows: windows, neighbours: neighbours, threads: threads)
        }
        let scaled = scaledToUnitRange(scores)
        let rows = FeatureRows(features, count: count)
        return concurrentMap(count, threads: threads) { image in
            var similarities = rows.products(with: image)
            if precision == .half { similarities = similarities.map { Float(Float16($0)) } }
            let eligible = neighbours.withhold(&similarities, from: image)
            let sum = windows.reduce(Float(0)) { sum, window in
                sum + weightedMean(of: scaled, similarities: similarities, window: min(window, eligible), image: image)
            }
            return sum / Float(windows.count)
        }
    }

    /// The scores of the window's nearest neighbours, weighted by their similarities.
    private static func weightedMean(
        of scores: [Float], similarities: [Float], window: Int, image: Int
    ) -> Float {
        var weighted = 0.0
        var sum = 0.0
        for neighbour in Introselect.largest(window, of: similarities) {
            weighted += Double(similarities[neighbour]) * Double(scores[neighbour])
            sum += Double(similarities[neighbour])
        }
        return sum == 0 ? scores[image] : Float(weighted / sum)
    }

    /// Features divided by their L2 norms, `[count, width]`; preset `tuned` takes them so for every backbone,
    /// because DINOv2's raw class tokens differ in length and ruin the neighbourhood.
    package static func unitFeatures(_ features: [Float], count: Int) -> [Float] {
        guard count > 0 else { return features }
        let width = features.count / count
        var result = features
        for image in 0..<count {
            let norm = dotProduct(features, image * width, image * width, count: width).squareRoot()
            for channel in 0..<width { result[image * width + channel] /= max(norm, 1e-12) }
        }
        return result
    }

    /// How far images that look alike have like scores: Spearman's correlation of each image's score with the mean
    /// of its two nearest neighbours', −1 to 1; nil for fewer than four images or equal scores.
    /// Past 16,384 images it is that of 4,096 of them.
    ///
    /// - Parameter neighbours: Who may be a neighbour of whom; images that are nobody's neighbours do not count.
    package static func neighbourAgreement(
        _ scores: [Float], features: [Float], neighbours: Neighbours = .all, threads: Int = 1
    ) -> Double? {
        let asked = neighbours.speaking(scores.count)
        guard asked.count >= 4 else { return nil }
        let count = scores.count
        if count > singleRowLimit {
            return agreementOfMany(scores, features: features, neighbours: neighbours, threads: threads)
        }
        let rows = FeatureRows(features, count: count)
        let means = concurrentMap(asked.count, threads: threads) { position -> Float in
            let image = asked[position]
            let products = rows.products(with: image)
            // Of equal ones the first, as elsewhere.
            func nearest(but taken: Int?) -> Int {
                var best: Int?
                for other in 0..<count where other != taken && neighbours.may(other, image) {
                    if best.map({ products[other] > products[$0] }) ?? true { best = other }
                }
                return best ?? image
            }
            let first = nearest(but: nil)
            return (scores[first] + scores[nearest(but: first)]) / 2
        }
        return rankCorrelation(asked.map { scores[$0] }, means)
    }

    /// Which images count as neighbours.
    package struct Neighbours: Sendable {
        /// Images of one part are no neighbours of each other.
        var parts: ImageParts
        /// For each image whether it is a neighbour of others; nil where all are.
        var speaks: [Bool]?

        /// All other images.
        package static let all = Neighbours(parts: .apart)

        package init(parts: ImageParts, speaks: [Bool]? = nil) { (self.parts, self.speaks) = (parts, speaks) }

        /// Whether `other` is a neighbour of `image`.
        func may(_ other: Int, _ image: Int) -> Bool { parts.mayJudge(other, image) && speaks?[other] ?? true }

        /// The images that are neighbours of others, ascending.
        func speaking(_ count: Int) -> [Int] {
            speaks.map { speaks in (0..<count).filter { speaks[$0] } } ?? Array(0..<count)
        }

        /// Puts those that are neither the image itself nor neighbours of it behind all others.
        ///
        /// - Returns: How many are left.
        func withhold(_ similarities: inout [Float], from image: Int) -> Int {
            guard !parts.areApart || speaks != nil else { return similarities.count }
            var left = 0
            for other in similarities.indices {
                if other == image || may(other, image) { left += 1 } else { similarities[other] = -.infinity }
            }
            return left
        }
    }

    /// Scores less their minimum, over their range; zeros where all are equal.
    package static func scaledToUnitRange(_ scores: [Float]) -> [Float] {
        guard let low = scores.min(), let high = scores.max(), high > low else {
            return [Float](repeating: 0, count: scores.count)
        }
        return scores.map { ($0 - low) / (high - low) }
    }

    private static func dotProduct(_ values: [Float], _ first: Int, _ second: Int, count: Int) -> Float {
        var sum: Float = 0
        for index in 0..<count { sum += values[first + index] * values[second + index] }
        return sum
    }
}

/// Features, laid out so that the products of one image with all are summed side by side, each in the order of its
/// channels.
private struct FeatureRows: Sendable {
    private let count, width: Int
    /// `[width, count]` row-major.
    private let byChannel: [Float]

    /// - Parameter features: `[count, width]` row-major.
    init(_ features: [Float], count: Int) {
        self.count = count
        width = features.count / max(count, 1)
        var byChannel = [Float](repeating: 0, count: features.count)
        for image in 0..<count {
            for channel in 0..<width { byChannel[channel * count + image] = features[image * width + channel] }
        }
        self.byChannel = byChannel
    }

    /// The products of an image with each image.
    func products(with image: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { products, written in
            products.initialize(repeating: 0)
            written = count
            byChannel.withUnsafeBufferPointer { byChannel in
                guard let sums = products.baseAddress, let first = byChannel.baseAddress else { return }
                for channel in 0..<width {
                    let row = first + channel * count
                    let own = row[image]
                    for other in 0..<count { sums[other] += own * row[other] }
                }
            }
        }
    }
}
