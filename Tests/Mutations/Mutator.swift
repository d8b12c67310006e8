import MuScSupport

/// Makes inputs of seeds: what a coverage-guided fuzzer does, without the coverage.
package struct Mutator {
    private let seeds: [[UInt8]]
    private var random: SeededGenerator

    /// - Parameters:
    ///   - seeds: Sound inputs, at least one.
    ///   - seed: The same number gives the same inputs.
    package init(seeds: [[UInt8]], seed: UInt64) {
        self.seeds = seeds
        random = SeededGenerator(seed: seed)
    }

    /// Numbers at which sizes and offsets are wrong.
    private static let edges: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
    ]

    /// One more input: a seed with one to sixteen changes.
    package mutating func next() -> [UInt8] {
        var bytes = seeds.randomElement(using: &random) ?? []
        for _ in 0..<(1 << Int.random(in: 0...4, using: &random)) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = [UInt8.random(in: 0...255, using: &random)]
            return
        }
        let place = place(in: bytes)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + length(upTo: 64)))
        case 3: bytes.removeSubrange(place...)
        case 4:
            let range = place..<min(bytes.count, place + length(upTo: 256))
            bytes.insert(contentsOf: Array(bytes[range]), at: self.place(in: bytes))
        case 5:
            let size = [1, 2, 4, 8].randomElement(using: &random) ?? 1
            let edge = (Self.edges.randomElement(using: &random) ?? 0) &+ UInt64.random(in: 0...1, using: &random)
            let little = Bool.random(using: &random)
            for index in 0..<size where place + index < bytes.count {
                bytes[place + index] = UInt8(truncatingIfNeeded: edge >> UInt64(8 * (little ? index : size - 1 - index)))
            }
        case 6:
            // A digit of a number in text, or a letter.
            bytes[place] = Array("0123456789-+.eE'\"\\{}[](),:;=@\n\r\t ".utf8).randomElement(using: &random) ?? 0
        default:
            let other = seeds.randomElement(using: &random) ?? []
            guard !other.isEmpty else { return }
            let start = self.place(in: other)
            bytes.replaceSubrange(place..., with: other[start...])
        }
    }

    /// Any place, but every second time one near the ends, where formats keep their structure.
    private mutating func place(in bytes: [UInt8]) -> Int {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: Int.random(in: 0..<min(bytes.count, 256), using: &random)
        case 1: bytes.count - 1 - Int.random(in: 0..<min(bytes.count, 256), using: &random)
        default: Int.random(in: 0..<bytes.count, using: &random)
        }
    }

    private mutating func length(upTo most: Int) -> Int { Int.random(in: 1...most, using: &random) }
}
