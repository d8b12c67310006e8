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

    /// The samples as 8-bit ones, or nil where floating-point samples leave 0 to 1 and no range is given.
    func scaledTo8Bits(_ scaling: SampleScaling) -> [UInt8]? {
        switch (samples, scaling) {
        case (.uint8(let values), _):
            return values
        case (.uint16(let values), .fullRange):
            return values.map { UInt8(truncatingIfNeeded: $0 >> 8) }
        case (.uint16(let values), .range(let low, let high)):
            let table = (0...65535).map { scaled(Double($0), low: low, high: high) }
            return values.map { table[Int($0)] }
        case (.float32(let values), .fullRange):
            guard values.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
            return values.map { UInt8($0 * 255 + 0.5) }
        case (.float32(let values), .range(let low, let high)):
            return values.map { scaled(Double($0), low: low, high: high) }
        }
    }
}

/// `low` to 0, `high` to 255, linearly, rounded and clamped; not a number to 0.
private func scaled(_ value: Double, low: Double, high: Double) -> UInt8 {
    guard value > low else { return 0 }
    guard value < high else { return 255 }
    return UInt8((value - low) / (high - low) * 255 + 0.5)
}
