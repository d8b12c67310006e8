import MuScScoring
import MuScSupport

/// A hash of bytes by which equal content is found again; no protection against intent.
///
/// Four chains of 64 bits, so that it is as fast as memory: each takes every fourth word, multiplies and rotates, and
/// all are mixed at the end.
struct ContentHash {
    private var chains = SIMD4<UInt64>(
        0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0xCBF2_9CE4_8422_2325)
    private static let factor: UInt64 = 0x9FB2_1C65_1E98_DF25

    mutating func add<Element: BitwiseCopyable>(_ values: [Element]) {
        values.withUnsafeBytes { add($0) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var (a, b, c, d) = (chains.x, chains.y, chains.z, chains.w)
        var offset = 0
        while offset + 32 <= bytes.count {
            a = Self.step(a, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            b = Self.step(b, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            c = Self.step(c, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
            d = Self.step(d, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
            offset += 32
        }
        for byte in bytes[offset...] { a = Self.step(a, UInt64(byte)) }
        // The count tells content apart that differs in zeros at its end.
        b = Self.step(b, UInt64(bytes.count))
        chains = SIMD4(a, b, c, d)
    }

    private static func step(_ chain: UInt64, _ word: UInt64) -> UInt64 {
        let product = (chain ^ word) &* factor
        return product << 29 | product >> 35
    }

    /// 128 bits.
    var value: ContentDigest {
        func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
            var generator = SeededGenerator(seed: a ^ (b << 17 | b >> 47))
            return generator.next() ^ b &* Self.factor
        }
        return ContentDigest(
            high: mixed(chains.x &+ chains.z, chains.y), low: mixed(chains.y &+ chains.w, chains.x ^ chains.z))
    }
}

/// What a ``ContentHash`` came to.
struct ContentDigest: Sendable, Hashable {
    var high: UInt64 = 0
    var low: UInt64 = 0

    init(high: UInt64 = 0, low: UInt64 = 0) { (self.high, self.low) = (high, low) }

    init(of values: UnsafeBufferPointer<Float>) {
        var hash = ContentHash()
        hash.add(UnsafeRawBufferPointer(values))
        self = hash.value
    }

    /// Reads what ``text`` gave.
    init?(_ text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.dropFirst(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 hexadecimal digits.
    var text: String {
        high.hexadecimal + low.hexadecimal
    }
}
