/// How a tensor's numbers are stored; the raw values are the names that safetensors uses.
package enum ScalarType: String, Sendable, Hashable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// Bytes of one number: 1, 2, 4 or 8.
    package var size: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether the numbers are floating-point.
    package var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }
}

extension Float {
    /// The value of an IEEE 754 half-precision bit pattern; exact, as every such value is a `Float`.
    ///
    /// The bits are moved to their places in a `Float` and the exponent's bias is corrected by a multiplication
    /// with 2¹¹², which also turns subnormal halves into normal floats. Unlike the processor-specific conversion
    /// it vectorises on every x86-64 processor.
    @inline(__always)
    package init(halfBitPattern half: UInt16) {
        let magnitude = UInt32(half & 0x7fff) << 13
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let bits = magnitude >= 0x0f80_0000 ? magnitude | 0x7f80_0000 : scaled
        self.init(bitPattern: bits | UInt32(half & 0x8000) << 16)
    }

    /// The value of a bfloat16 bit pattern: the upper half of a `Float`.
    @inline(__always)
    package init(brainBitPattern bits: UInt16) {
        self.init(bitPattern: UInt32(bits) << 16)
    }
}
