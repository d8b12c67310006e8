/// Width and height of an image in pixels.
///
/// As text a square is one number and everything else two: `336`, `1008x672`.
public struct ImageSize: Sendable, Hashable {
    public var width, height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// A square.
    public init(side: Int) {
        self.init(width: side, height: side)
    }

    public var isSquare: Bool { width == height }

    /// With width and height exchanged.
    public var turned: ImageSize { ImageSize(width: height, height: width) }
}

extension ImageSize: ExpressibleByIntegerLiteral {
    /// A square.
    public init(integerLiteral side: Int) {
        self.init(side: side)
    }
}

extension ImageSize: LosslessStringConvertible {
    /// Reads `336` or `1008x672`; `×` and spaces around it are taken too.
    ///
    /// - Returns: nil where the text is neither, or a number is less than 1.
    public init?(_ text: String) {
        let sides = text.split(whereSeparator: { "xX×".contains($0) }).map { side in
            Int(String(side.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
        }
        let separators = text.count { "xX×".contains($0) }
        guard sides.count == separators + 1, let width = sides.first ?? nil, let height = sides.last ?? nil, sides.count <= 2,
            width >= 1, height >= 1
        else { return nil }
        self.init(width: width, height: height)
    }

    public var description: String { isSquare ? "\(width)" : "\(width)x\(height)" }
}

extension ImageSize: Codable {
    /// A square is a number, anything else a text.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let side = try? value.decode(Int.self) {
            self.init(side: side)
            return
        }
        let text = try value.decode(String.self)
        guard let size = ImageSize(text) else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "\(text) is no image size")
        }
        self = size
    }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        if isSquare { try value.encode(width) } else { try value.encode(description) }
    }
}
