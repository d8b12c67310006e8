import MuScSupport

extension RsCIN {
    /// Past so many images similarities are computed as matrix products, several rows at once, and only the nearest are
    /// kept: the same neighbours but for similarities that are equal to the last digits.
    static let singleRowLimit = 1000
    /// Past so many images the agreement of neighbours is measured on a sample.
    static let sampleLimit = 16_384
    /// Images of that sample: enough that the rank correlation is uncertain by 0.02 at most.
    static let sampleCount = 4096

    /// The images whose agreement with their neighbours is asked for: all, or every so many-th.
    static func sample(of count: Int) -> [Int] {
        guard count > sampleLimit else { return Array(0..<count) }
        return (0..<sampleCount).map { $0 * count / sampleCount }
    }

    /// As ``rescore(_:features:windows:precision:neighbours:threads:)`` in single precision, for many images.
    static func rescoreMany(
        _ scores: [Float], features: [Float], windows: [Int], neighbours: Neighbours = .all, threads: Int
    ) -> [Float] {
        let scaled = scaledToUnitRange(scores)
        let most = min(windows.max() ?? 1, scores.count)
        let nearest = nearest(
            most, of: Array(scores.indices), features: features, count: scores.count, neighbours: neighbours,
            threads: threads)
        return nearest.enumerated().map { image, neighbours in
            let sum = windows.reduce(Float(0)) { sum, window in
                var (weighted, total) = (0.0, 0.0)
                for neighbour in neighbours.prefix(window) {
                    weighted += Double(neighbour.similarity) * Double(scaled[neighbour.image])
                    total += Double(neighbour.similarity)
                }
                return sum + (total == 0 ? scaled[image] : Float(weighted / total))
            }
            return sum / Float(windows.count)
        }
    }

    /// As ``neighbourAgreement(_:features:neighbours:threads:)``, for many images.
    static func agreementOfMany(
        _ scores: [Float], features: [Float], neighbours: Neighbours = .all, threads: Int
    ) -> Double? {
        let speaking = neighbours.speaking(scores.count)
        let asked = sample(of: speaking.count).map { speaking[$0] }
        let nearest = nearest(
            3, of: asked, features: features, count: scores.count, neighbours: neighbours, threads: threads)
        let means = zip(asked, nearest).map { image, neighbours -> Float in
            let others = neighbours.filter { $0.image != image }.prefix(2)
            return others.reduce(Float(0)) { $0 + scores[$1.image] } / Float(others.count)
        }
        return rankCorrelation(asked.map { scores[$0] }, means)
    }

    /// An image with its similarity to another.
    struct Neighbour: Sendable {
        var image: Int
        var similarity: Float
    }

    /// The images most similar to each of `asked`, itself among them, most similar first; of equal ones the earlier.
    ///
    /// - Complexity: One product of `width` numbers for each of `asked` and each image; the memory of 64 rows a thread.
    static func nearest(
        _ most: Int, of asked: [Int], features: [Float], count: Int, neighbours: Neighbours = .all, threads: Int
    ) -> [[Neighbour]] {
        let width = features.count / max(count, 1)
        let (rowBlock, columnBlock) = (64, 4096)
        let blocks = (asked.count + rowBlock - 1) / rowBlock
        return concurrentMap(blocks, threads: threads) { block -> [[Neighbour]] in
            let images = Array(asked[block * rowBlock..<min((block + 1) * rowBlock, asked.count)])
            let rows = images.flatMap { features[$0 * width..<($0 + 1) * width] }
            var lists = [[Neighbour]](repeating: [], count: images.count)
            var products = [Float](repeating: 0, count: images.count * columnBlock)
            for first in stride(from: 0, to: count, by: columnBlock) {
                let columns = min(columnBlock, count - first)
                features.withUnsafeBufferPointer { features in
                    rows.withUnsafeBufferPointer { rows in
                        products.withUnsafeMutableBufferPointer { products in
                            guard let a = rows.baseAddress, let b = features.baseAddress, let c = products.baseAddress
                            else { return }
                            OpenBLAS.product(
                                rows: images.count, columns: columns, depth: width, a: a, strideA: width,
                                b: b + first * width, strideB: width, transposesB: true, c: c, strideC: columnBlock)
                        }
                    }
                }
                for row in lists.indices {
                    for column in 0..<columns
                    where images[row] == first + column || neighbours.may(first + column, images[row]) {
                        offer(
                            Neighbour(image: first + column, similarity: products[row * columnBlock + column]),
                            to: &lists[row], most: most)
                    }
                }
            }
            return lists
        }.flatMap { $0 }
    }

    private static func offer(_ candidate: Neighbour, to list: inout [Neighbour], most: Int) {
        if list.count == most, let last = list.last, candidate.similarity <= last.similarity { return }
        var place = list.count
        while place > 0, list[place - 1].similarity < candidate.similarity { place -= 1 }
        list.insert(candidate, at: place)
        if list.count > most { list.removeLast() }
    }
}
