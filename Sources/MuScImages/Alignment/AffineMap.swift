/// A map of the plane that keeps straight lines straight: x' = a x + b y + c, y' = d x + e y + f.
///
/// Pixel coordinates are continuous: pixel 0 covers 0 to 1, and its middle lies at 0.5.
package struct AffineMap: Sendable, Hashable, Codable {
    package var a, b, c, d, e, f: Double

    package init(a: Double, b: Double, c: Double, d: Double, e: Double, f: Double) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    /// Where a point goes.
    package func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        (a * x + b * y + c, d * x + e * y + f)
    }

    /// The way back; nil where all points go to one line.
    package var inverse: AffineMap? {
        let determinant = a * e - b * d
        guard determinant != 0, determinant.isFinite else { return nil }
        let (p, q, r, s) = (e / determinant, -b / determinant, -d / determinant, a / determinant)
        return AffineMap(a: p, b: q, c: -(p * c + q * f), d: r, e: s, f: -(r * c + s * f))
    }

    /// The same with what it gives stretched from the origin.
    package func scaled(_ across: Double, _ down: Double) -> AffineMap {
        AffineMap(a: a * across, b: b * across, c: c * across, d: d * down, e: e * down, f: f * down)
    }

    /// The lengths to which the unit steps right and down go.
    package var steps: (across: Double, down: Double) {
        ((a * a + d * d).squareRoot(), (b * b + e * e).squareRoot())
    }

    /// Whether rows stay rows and columns columns.
    var isStraight: Bool { b == 0 && d == 0 && a > 0 && e > 0 }
}

extension AffineMap {
    /// - Throws: `DecodingError` for numbers that no photograph has, which a damaged file may hold.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double {
            let number = try values.decode(Double.self, forKey: key)
            guard abs(number) <= 1e8 else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "\(number) is no place in a photograph")
            }
            return number
        }
        self.init(a: try number(.a), b: try number(.b), c: try number(.c), d: try number(.d), e: try number(.e), f: try number(.f))
    }
}
