import MuScSupport

/// For each image the images of the batch that look most like it, by the cosine of their image features.
///
/// The page compares an image with the nearest ones that are not flagged, and the threshold may be moved there; so
/// each list holds the nearest of all, and the nearest of the lower half of the scores, which stay unflagged longest.
package enum NearestNormals {
    /// - Parameters:
    ///   - features: `[S, width]` row-major.
    ///   - scores: S of them.
    /// - Returns: For each image up to `count` others of any score and up to 4 of the lower half, nearest first.
    package static func lists(features: [Float], width: Int, scores: [Float], count: Int = 8, threads: Int) -> [[Int]] {
        let images = scores.count
        guard images > 0, width > 0, features.count == images * width else { return Array(repeating: [], count: images) }
        let median = scores.sorted()[(images - 1) / 2]
        let results = SharedResults<[Int]>(repeating: [], count: images)
        let features = unit(features, width: width)
        concurrentLoop(images, threads: threads) { image in
            var nearest = Shortlist(limit: count)
            var normal = Shortlist(limit: 4)
            for other in 0..<images where other != image {
                let cosine = dot(features, image * width, other * width, width)
                nearest.offer(other, cosine)
                if scores[other] <= median { normal.offer(other, cosine) }
            }
            results[image] = nearest.images + normal.images.filter { !nearest.images.contains($0) }
        }
        return results.values
    }

    /// - Parameter candidates: The images that may be named.
    /// - Returns: For each image up to `count` of the candidates, nearest first.
    static func lists(features: [Float], width: Int, among candidates: [Int], count: Int = 4, threads: Int) -> [[Int]] {
        guard width > 0 else { return [] }
        let images = features.count / width
        let results = SharedResults<[Int]>(repeating: [], count: images)
        let features = unit(features, width: width)
        concurrentLoop(images, threads: threads) { image in
            var nearest = Shortlist(limit: count)
            for other in candidates where other != image {
                nearest.offer(other, dot(features, image * width, other * width, width))
            }
            results[image] = nearest.images
        }
        return results.values
    }

    private static func unit(_ features: [Float], width: Int) -> [Float] {
        var unit = features
        for image in 0..<features.count / width {
            var sum: Float = 0
            for i in image * width..<(image + 1) * width { sum += unit[i] * unit[i] }
            let scale = sum > 0 && sum.isFinite ? 1 / sum.squareRoot() : 0
            for i in image * width..<(image + 1) * width { unit[i] *= scale }
        }
        return unit
    }

    /// The few largest of the values offered, largest first; of equal ones the earlier.
    private struct Shortlist {
        let limit: Int
        private(set) var images: [Int] = []
        private var values: [Float] = []

        init(limit: Int) { self.limit = limit }

        mutating func offer(_ image: Int, _ value: Float) {
            if values.count == limit, let last = values.last, value <= last { return }
            let place = values.firstIndex { $0 < value } ?? values.count
            values.insert(value, at: place)
            images.insert(image, at: place)
            if values.count > limit {
                values.removeLast()
                images.removeLast()
            }
        }
    }

    private static func dot(_ values: [Float], _ a: Int, _ b: Int, _ width: Int) -> Float {
        precondition(a + width <= values.count && b + width <= values.count)
        var i = 0
        var sum = values.withUnsafeBytes { bytes in
            var sums = SIMD8<Float>.zero
            while i + 8 <= width {
                let x = bytes.loadUnaligned(fromByteOffset: 4 * (a + i), as: SIMD8<Float>.self)
                let y = bytes.loadUnaligned(fromByteOffset: 4 * (b + i), as: SIMD8<Float>.self)
                sums += x * y
                i += 8
            }
            return sums.sum()
        }
        while i < width {
            sum += values[a + i] * values[b + i]
            i += 1
        }
        return sum
    }
}
