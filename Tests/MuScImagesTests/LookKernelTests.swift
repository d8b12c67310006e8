import CImageCodecs
import MuScSupport
import Testing

/// The kernels that lay looks over each other compute what their descriptions say, at every size of a look's details.
@Suite struct LookKernelTests {
    private static let sides = [24, 48, 96, 192]

    private static func image(_ side: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<side * side).map { _ in Float.random(in: -20...20, using: &generator) }
    }

    @Test("Smoothing is a weighted sum along columns and rows, the rim going on", arguments: sides)
    func smoothed(_ side: Int) {
        let image = Self.image(side, seed: 1)
        let kernel: [Float] = [0.1, 0.2, 0.4, 0.25, 0.05]
        var (scratch, found) = (image, image)
        musc_look_smoothed(image, Int32(side), kernel, 5, &scratch, &found)
        func at(_ y: Int, _ x: Int) -> Double { Double(image[min(max(y, 0), side - 1) * side + min(max(x, 0), side - 1)]) }
        for y in 0..<side {
            for x in 0..<side {
                var sum = 0.0
                for (i, a) in kernel.enumerated() {
                    for (j, b) in kernel.enumerated() { sum += Double(a) * Double(b) * at(y + i - 2, x + j - 2) }
                }
                #expect(abs(Double(found[y * side + x]) - sum) < 1e-4)
            }
        }
    }

    @Test("A map without change gives the image, and one of whole pixels moves it", arguments: sides)
    func warped(_ side: Int) {
        let image = Self.image(side, seed: 2)
        var found = image
        musc_look_warped(image, Int32(side), [0, 0, 0, 0, 0, 0], &found)
        // At the far rim the value comes from the pair before it, rounded once more.
        let moved = zip(found, image).map { abs($0 - $1) }.max() ?? .infinity
        #expect(moved < 1e-5)
        musc_look_warped(image, Int32(side), [2 / Double(side), -1 / Double(side), 0, 0, 0, 0], &found)
        for y in 0..<side {
            for x in 0..<side {
                let wanted = image[min(y + 2, side - 1) * side + max(x - 1, 0)]
                #expect(abs(found[y * side + x] - wanted) < 1e-3)
            }
        }
        // Twice as far apart downwards, from the middle.
        musc_look_warped(image, Int32(side), [0, 0, 1, 0, 0, 0], &found)
        let middle = side / 2
        let between = (image[(middle + 1) * side + 5] + image[middle * side + 5]) / 2
        #expect(abs(found[middle * side + 5] - between) < 1e-3)
    }

    @Test("Sums are those of all places within the margin", arguments: sides)
    func sums(_ side: Int) {
        let (a, b) = (Self.image(side, seed: 3), Self.image(side, seed: 4))
        let margin = max(side / 16, 2)
        var (down, right) = (a, a)
        var squares = [Double](repeating: 0, count: 18)
        musc_look_slopes(a, Int32(side), Int32(margin), &down, &right, &squares)
        var products = [Double](repeating: 0, count: 6)
        musc_look_products(a, b, down, right, Int32(side), Int32(margin), 0.75, &products)
        var (both, own): (Float, Float) = (0, 0)
        musc_look_strengths(a, b, Int32(side), Int32(margin), &both, &own)
        var (wantedSquares, wantedProducts) = ([Double](repeating: 0, count: 18), [Double](repeating: 0, count: 6))
        var (wantedBoth, wantedOwn) = (0.0, 0.0)
        for y in margin..<side - margin {
            for x in margin..<side - margin {
                let (p, q) = (Double(a[y * side + x]), Double(b[y * side + x]))
                let d = Double(a[(y + 1) * side + x] - a[(y - 1) * side + x]) * Double(side) / 2
                let r = Double(a[y * side + x + 1] - a[y * side + x - 1]) * Double(side) / 2
                let v = (Double(y) - Double(side - 1) / 2) / Double(side), u = (Double(x) - Double(side - 1) / 2) / Double(side)
                for (i, square) in [d * d, d * r, r * r].enumerated() {
                    for (j, factor) in [1, v, u, v * v, v * u, u * u].enumerated() { wantedSquares[6 * i + j] += square * factor }
                }
                for (i, slope) in [d, r, v * d, u * d, v * r, u * r].enumerated() { wantedProducts[i] += (0.75 * q - p) * slope }
                wantedBoth += p * q
                wantedOwn += q * q
            }
        }
        let scale = wantedSquares[0]
        for (found, wanted) in zip(squares, wantedSquares) { #expect(abs(found - wanted) < 1e-5 * scale) }
        for (found, wanted) in zip(products, wantedProducts) { #expect(abs(found - wanted) < 1e-5 * (scale * wantedOwn).squareRoot()) }
        #expect(abs(Double(both) - wantedBoth) < 1e-5 * wantedOwn)
        #expect(abs(Double(own) - wantedOwn) < 1e-5 * wantedOwn)
    }

    @Test("A square's sums and a product end where they should", arguments: [1, 7, 8, 12, 24])
    func square(_ side: Int) {
        let (a, b) = (Self.image(48, seed: 5), Self.image(48, seed: 6))
        var found = [Float](repeating: 0, count: 5)
        musc_look_square(a, b, 48, 3, 5, Int32(side), &found)
        var wanted = [Double](repeating: 0, count: 5)
        for y in 3..<3 + side {
            for x in 5..<5 + side {
                let (p, q) = (Double(a[y * 48 + x]), Double(b[y * 48 + x]))
                for (i, value) in [p, q, p * p, q * q, p * q].enumerated() { wanted[i] += value }
            }
        }
        for (found, wanted) in zip(found, wanted) { #expect(abs(Double(found) - wanted) < 0.01 * Double(side * side)) }
        let count = side * 3 - 1
        let sum = (0..<count).reduce(0.0) { $0 + Double(a[$1]) * Double(b[$1]) }
        #expect(abs(Double(musc_look_product(a, b, Int32(count))) - sum) < 1e-3 * Double(count))
    }
}
