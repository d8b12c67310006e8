/// Which range of a batch's samples of more than 8 bits becomes 0 to 255: `images.range` of the configuration.
///
/// As text `auto`, `full`, or two numbers, `0,4095`.
public enum SampleRange: Sendable, Hashable {
    /// What follows from the batch itself.
    case auto
    /// All that the file's type can hold.
    case full
    /// From one number to a larger one, in the file's own units.
    case fixed(low: Double, high: Double)

    /// How single samples are scaled; nil where that follows from the batch.
    ///
    /// A range of 0 to 2^b - 1 stands for so many significant bits, which are shifted as a camera would.
    public var scaling: SampleScaling? {
        switch self {
        case .auto: nil
        case .full: .fullRange
        case .fixed(let low, let high):
            if low == 0, let bits = (8...15).first(where: { high == Double(1 << $0) - 1 }) {
                .significantBits(bits)
            } else {
                .range(low: low, high: high)
            }
        }
    }
}

extension SampleRange: LosslessStringConvertible {
    /// Reads `auto`, `full`, or two numbers with a comma between them, in brackets or not.
    ///
    /// - Returns: nil where the text is none of these, a number is not finite, or the first is not the smaller.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "full": self = .full
        default:
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                Double(String(part.filter { !" []".contains($0) }))
            }
            guard numbers.count == 2, let low = numbers[0], let high = numbers[1], low.isFinite, high.isFinite, low < high else {
                return nil
            }
            self = .fixed(low: low, high: high)
        }
    }

    public var description: String {
        switch self {
        case .auto: "auto"
        case .full: "full"
        case .fixed(let low, let high): "\(Self.text(low)),\(Self.text(high))"
        }
    }

    /// A number as short as it can be without loss.
    static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }
}
