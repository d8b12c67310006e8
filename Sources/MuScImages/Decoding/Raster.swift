/// Decoded pixels at the depth of their file, grey or RGB, row by row from the top left without padding.
struct Raster: Sendable {
    enum Samples: Sendable {
        case uint8([UInt8])
        case uint16([UInt16])
        case float32([Float])
    }

    let width: Int
    let height: Int
    /// 1 (grey) or 3 (interleaved RGB).
    let channels: Int
    let samples: Samples
    /// How the samples' numbers are to be read.
    var meaning = Meaning()

    struct Meaning: Sendable, Hashable {
        /// The largest value that the file says a sample can have, where the samples were stretched from 0 … that to the
        /// full range; nil where they are as stored.
        var stretchedFrom: Double?
        /// What the full range is of samples that are no unsigned 8- or 16-bit ones: 0 to 1 of floating-point numbers,
        /// else all that the file's type can hold.
        var fullRange: ClosedRange<Double> = 0...1
        /// The largest sample that the file says it has, or can have; nil where it says nothing.
        var saidLargest: Double?
        /// Whether the lowest value is white.
        var isInverted = false
    }

    /// The samples as 8-bit ones, or nil where floating-point samples leave 0 to 1 and no range is given.
    func scaledTo8Bits(_ scaling: SampleScaling) -> [UInt8]? {
        guard var scaled = scaled(scaling) else { return nil }
        if meaning.isInverted {
            for index in scaled.indices { scaled[index] = 255 - scaled[index] }
        }
        return scaled
    }

    private func scaled(_ scaling: SampleScaling) -> [UInt8]? {
        switch (samples, scaling) {
        case (.uint8(let values), _):
            return values
        case (.uint16(let values), .significantBits(let bits)) where meaning.stretchedFrom == nil:
            let shift = min(max(bits, 8), 16) - 8
            return values.map { UInt8(clamping: $0 >> shift) }
        case (.uint16(let values), .fullRange), (.uint16(let values), .significantBits):
            return values.map { UInt8(truncatingIfNeeded: $0 >> 8) }
        case (.uint16(let values), .range(var low, var high)):
            // The range is in the file's own numbers.
            if let largest = meaning.stretchedFrom {
                low *= 65535 / largest
                high *= 65535 / largest
            }
            let table = (0...65535).map { MuScImages.scaled(Double($0), low: low, high: high) }
            return values.map { table[Int($0)] }
        case (.float32(let values), .fullRange):
            let (low, high) = (meaning.fullRange.lowerBound, meaning.fullRange.upperBound)
            if meaning.fullRange == 0...1 {
                guard values.allSatisfy({ $0.isNaN || $0 >= 0 && $0 <= 1 }) else { return nil }
                return values.map { $0.isNaN ? 0 : UInt8($0 * 255 + 0.5) }
            }
            // Whole numbers cannot leave their type's range; the largest of 32 bits only seem to, rounded up to a Float.
            return values.map { MuScImages.scaled(Double($0), low: low, high: high) }
        case (.float32(let values), .significantBits(let bits)):
            return values.map { MuScImages.scaled(Double($0), low: 0, high: Double(1 << bits) - 1) }
        case (.float32(let values), .range(let low, let high)):
            return values.map { MuScImages.scaled(Double($0), low: low, high: high) }
        }
    }
}

/// `low` to 0, `high` to 255, linearly, rounded and clamped; not a number to 0.
private func scaled(_ value: Double, low: Double, high: Double) -> UInt8 {
    guard value > low else { return 0 }
    guard value < high else { return 255 }
    return UInt8((value - low) / (high - low) * 255 + 0.5)
}
