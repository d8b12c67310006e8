import CImageCodecs
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
    private var known: [Known] = []
    /// The photographs that are to be met next, and how far they agree with those before them.
    private var foreseen: [Foreseen] = []
    /// Counts the photographs up.
    private var identities = 0

    /// A photograph that others may be twins of.
    private struct Known {
        let number: Int
        let details: LookDetails
        let outline: [Float]
        /// Unlike that of any other photograph, whatever its number.
        let identity: Int
    }

    /// A photograph that is to be met.
    private struct Foreseen {
        let look: ImageLook
        let details: LookDetails
        let outline: [Float]
        let shifted: [[Float]]
        var identity = -1
        /// By the identities of photographs before it.
        var likenesses: [Int: Float] = [:]
        var agreements: [Int: Comparison] = [:]

        init(_ look: ImageLook) {
            self.look = look
            details = LookDetails(look)
            outline = LookOutline.core(details)
            shifted = LookOutline.shifted(details)
        }

        func likeness(_ other: Known) -> Float {
            likenesses[other.identity] ?? LookOutline.likeness(other.outline, shifted)
        }
    }

    /// How far two photographs agree; nil where they cannot be laid over each other.
    private struct Comparison {
        let agreement: LookAlignment.Agreement?
    }

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
        let details = concurrentMap(sample.count, threads: threads) { LookDetails(sample[$0]).keepingFinest }
        let differences = concurrentMap(sample.count, threads: threads) { index in
            // Those with the most before them first.
            let first = sample.count - 1 - index
            var slopes = LookSlopes(details[first])
            return (0..<first).map { LookAlignment.agreement(&slopes, details[$0])?.difference ?? .infinity }
        }.flatMap { $0 }.sorted()
        // Twins among the sample are few pairs of it.
        return differences.isEmpty ? 0 : differences[min(differences.count * 3 / 4, differences.count - 1)]
    }

    /// Adds a photograph that others may be twins of.
    package mutating func add(_ look: ImageLook, as number: Int) {
        if let one = entry(look) {
            known.append(Known(number: number, details: one.details, outline: one.outline, identity: one.identity))
        } else {
            let details = LookDetails(look)
            known.append(Known(number: number, details: details, outline: LookOutline.core(details), identity: identities))
            identities += 1
        }
    }

    /// Takes a photograph back.
    package mutating func remove(_ number: Int) { known.removeAll { $0.number == number } }

    /// So many photographs are best foreseen at a time.
    package static let foresight = 32

    /// Computes on all threads what ``twin(of:)`` will need where photographs are met one after the other and no twins are
    /// among them, as is usual; it finds the same without.
    ///
    /// - Parameter areKept: Whether they are added as well, so that those after them may be their twins.
    package mutating func foresee(_ looks: [ImageLook], areKept: Bool) {
        foreseen = []
        let looks = looks.filter { $0.blank == nil }
        guard usual > 0, !looks.isEmpty else { return }
        var made = concurrentMap(looks.count, threads: threads) { Foreseen(looks[$0]) }
        for index in made.indices { made[index].identity = identities + index }
        identities += made.count
        let pool = known + made.map { Known(number: -1, details: $0.details, outline: $0.outline, identity: $0.identity) }
        let (before, next) = (known.count, made)
        let coarse = concurrentMap(next.count, threads: threads) { index in
            let likenesses = pool[..<(before + (areKept ? index : 0))].map { next[index].likeness($0) }
            var slopes = LookSlopes(next[index].details)
            let alignments = Self.nearest(likenesses).map { ($0, LookAlignment.coarse(&slopes, pool[$0].details)) }
            return (likenesses: likenesses, alignments: alignments)
        }
        // The finest level is made once for all that need it, and by nobody else.
        var needed: Set<Int> = []
        for (index, one) in coarse.enumerated() {
            for (other, alignment) in one.alignments where alignment != nil { needed.formUnion([other, before + index]) }
        }
        let order = Array(needed)
        let finest = Dictionary(
            uniqueKeysWithValues: zip(order, concurrentMap(order.count, threads: threads) { pool[order[$0]].details.keepingFinest }))
        foreseen = concurrentMap(next.count, threads: threads) { index in
            var one = next[index]
            for (other, likeness) in coarse[index].likenesses.enumerated() { one.likenesses[pool[other].identity] = likeness }
            var slopes = LookSlopes(finest[before + index] ?? one.details)
            for (other, alignment) in coarse[index].alignments {
                one.agreements[pool[other].identity] = Comparison(
                    agreement: alignment?.finished(&slopes, finest[other] ?? pool[other].details))
            }
            return one
        }
    }

    private func entry(_ look: ImageLook) -> Foreseen? { foreseen.first { $0.look.pixels == look.pixels } }

    /// The number of the photograph of which this is a twin; nil where it is of none.
    package func twin(of look: ImageLook) -> Int? {
        guard usual > 0, look.blank == nil, !known.isEmpty else { return nil }
        let one = entry(look) ?? Foreseen(look)
        let nearest = Self.nearest(known.map { one.likeness($0) }).map { known[$0] }
        let missing = nearest.filter { one.agreements[$0.identity] == nil }
        let fine = missing.count > 1 ? one.details.keepingFinest : one.details
        let computed = concurrentMap(missing.count, threads: threads) { LookAlignment.agreement(fine, missing[$0].details) }
        var agreements = one.agreements
        for (other, agreement) in zip(missing, computed) { agreements[other.identity] = Comparison(agreement: agreement) }
        return nearest.first { isTwin(agreements[$0.identity]?.agreement) }?.number
    }

    /// The positions of the most similar photographs, the most similar first.
    private static func nearest(_ likenesses: [Float]) -> [Int] {
        Array(
            likenesses.indices.filter { likenesses[$0] >= leastOutline }
                .sorted { (-likenesses[$0], $0) < (-likenesses[$1], $1) }.prefix(candidates))
    }

    private func isTwin(_ agreement: LookAlignment.Agreement?) -> Bool {
        guard let agreement, agreement.correlation >= Self.leastCorrelation,
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
        shifted.map { musc_look_product(outline, $0, Int32(outline.count)) }.max() ?? -1
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
