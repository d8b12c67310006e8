import MuScSupport

/// Finds photographs of a part that was photographed before, from the same place.
///
/// Two photographs are twins where they agree square by square once they are laid over each other, up to what noise,
/// compression and light change. What that means is taken from the batch itself: where its parts agree as well as twins
/// would, as prints do, nothing is guessed.
package struct TwinSearch: Sendable {
    /// The number of images of a batch that say how different its parts are.
    package static let sampleCount = 8

    /// What twins may differ by in any square, in grey levels; where details are strong, correlation alone may tell.
    private static let mostDifference: Float = 1.2
    /// What twins correlate at least in every square, and what is enough whatever they differ by.
    private static let leastCorrelation: Float = 0.45, enoughCorrelation: Float = 0.97
    /// What twins may differ by at most as a share of what is usual between parts.
    private static let usualShare: Float = 0.5
    /// Looks of which the outlines correlate less are not compared.
    private static let leastOutline: Float = 0.8
    /// With so many of the most similar photographs one is compared.
    private static let candidates = 2

    /// What two parts of the batch differ by in the square that differs most; infinite where they cannot even be laid over
    /// each other.
    package var usual: Float
    /// The photographs that others may be twins of, with the numbers that they were given.
    private var known: [(number: Int, details: LookDetails, outline: [Float])] = []

    private let threads: Int

    /// - Parameters:
    ///   - usual: See ``usual``; 0 finds no twins.
    ///   - threads: The most threads to use.
    package init(usual: Float = 0, threads: Int = 1) { (self.usual, self.threads) = (usual, threads) }

    /// What two parts of a batch usually differ by; see ``usual``. 0 for fewer than two images.
    ///
    /// - Parameters:
    ///   - sample: Looks of some images, of which most show different parts.
    ///   - threads: The most threads to use.
    package static func usualDifference(_ sample: [ImageLook], threads: Int = 1) -> Float {
        let details = concurrentMap(sample.count, threads: threads) { LookDetails(sample[$0]) }
        let pairs = sample.indices.flatMap { first in (0..<first).map { (first, $0) } }
        let differences = concurrentMap(pairs.count, threads: threads) { index in
            LookAlignment.agreement(details[pairs[index].0], details[pairs[index].1])?.difference ?? .infinity
        }.sorted()
        // Twins among the sample are few pairs of it.
        return differences.isEmpty ? 0 : differences[min(differences.count * 3 / 4, differences.count - 1)]
    }

    /// Adds a photograph that others may be twins of.
    package mutating func add(_ look: ImageLook, as number: Int) {
        let details = LookDetails(look)
        known.append((number, details, LookOutline.core(details)))
    }

    /// Takes a photograph back.
    package mutating func remove(_ number: Int) { known.removeAll { $0.number == number } }

    /// The number of the photograph of which this is a twin; nil where it is of none.
    package func twin(of look: ImageLook) -> Int? {
        guard usual > 0, look.blank == nil, !known.isEmpty else { return nil }
        let details = LookDetails(look)
        let shifted = LookOutline.shifted(details)
        let likenesses = known.map { LookOutline.likeness($0.outline, shifted) }
        let nearest = known.indices.filter { likenesses[$0] >= Self.leastOutline }
            .sorted { (-likenesses[$0], $0) < (-likenesses[$1], $1) }.prefix(Self.candidates)
        guard !nearest.isEmpty else { return nil }
        let fine = details.keepingFinest
        let found = concurrentMap(nearest.count, threads: threads) { isTwin(fine, known[nearest[$0]].details) }
        return zip(nearest, found).first { $1 }.map { known[$0.0].number }
    }

    private func isTwin(_ first: LookDetails, _ second: LookDetails) -> Bool {
        guard let agreement = LookAlignment.agreement(first, second), agreement.correlation >= Self.leastCorrelation,
            agreement.difference <= Self.usualShare * usual
        else { return false }
        return agreement.difference <= Self.mostDifference || agreement.correlation >= Self.enoughCorrelation
    }
}

/// The details of a look at 48 pixels a side, by which most pairs are told apart at little cost.
private enum LookOutline {
    private static let level = 2, rim = 2

    /// All but the rim, of mean 0 and unit length.
    static func core(_ details: LookDetails) -> [Float] { cut(details.level(level), 0, 0) }

    /// The same moved by up to one pixel each way.
    static func shifted(_ details: LookDetails) -> [[Float]] {
        let level = details.level(level)
        return (-1...1).flatMap { down in (-1...1).map { right in cut(level, down, right) } }
    }

    /// The highest correlation of an outline with one of the moved, −1 to 1.
    static func likeness(_ outline: [Float], _ shifted: [[Float]]) -> Float {
        shifted.map { moved in
            var sum: Float = 0
            var sums = SIMD16<Float>.zero
            outline.withUnsafeBufferPointer { a in
                moved.withUnsafeBufferPointer { b in
                    guard let p = a.baseAddress, let q = b.baseAddress else { return }
                    var index = 0
                    while index + 16 <= a.count {
                        sums +=
                            UnsafeRawPointer(p + index).loadUnaligned(as: SIMD16<Float>.self)
                            * UnsafeRawPointer(q + index).loadUnaligned(as: SIMD16<Float>.self)
                        index += 16
                    }
                    while index < a.count {
                        sum += p[index] * q[index]
                        index += 1
                    }
                }
            }
            return sum + sums.sum()
        }.max() ?? -1
    }

    private static func cut(_ level: LookDetails.Level, _ down: Int, _ right: Int) -> [Float] {
        let inner = level.side - 2 * rim
        var values: [Float] = []
        values.reserveCapacity(inner * inner)
        for y in 0..<inner {
            let first = (y + rim + down) * level.side + rim + right
            values += level.values[first..<first + inner]
        }
        let mean = values.reduce(0, +) / Float(values.count)
        for index in values.indices { values[index] -= mean }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 1e-3 else { return [Float](repeating: 0, count: values.count) }
        return values.map { $0 / length }
    }
}
