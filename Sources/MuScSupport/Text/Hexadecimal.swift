extension Sequence<UInt8> {
    /// The bytes in lower-case hexadecimal digits, two a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension FixedWidthInteger {
    /// The value's bits in lower-case hexadecimal digits, with leading zeros up to the type's width.
    package var hexadecimal: String {
        let digits = String(Magnitude(truncatingIfNeeded: self), radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}
