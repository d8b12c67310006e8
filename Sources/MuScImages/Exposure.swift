/// Why an image says nothing of the part that it should show.
public enum BlankReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// All pixels are alike.
    case oneColour = "one colour"
    /// Less than a hundredth of the range is used, as with a lens cap on or the light off.
    case hardlyAnyContrast = "hardly any contrast"
    /// Nearly all pixels are as bright as they can be.
    case saturated
}

/// How an image uses the range of its pixels.
package struct Exposure: Sendable, Hashable {
    /// The share of the range, 0 to 1, between the values that 1/200 of the pixels stay below and that 1/200 exceed.
    package let usedRange: Double
    /// The share of pixels, 0 to 1, that are black in all channels, and white in all.
    package let black: Double, white: Double
    /// Whether all pixels are alike.
    package let isOneColour: Bool

    /// Less of the range says nothing.
    static let leastRange = 0.01
    /// More white pixels hide what lies below them.
    static let mostWhite = 0.95

    /// Why the image says nothing; nil where it may say something.
    package var blankReason: BlankReason? {
        if isOneColour { return .oneColour }
        if white > Self.mostWhite { return .saturated }
        return usedRange < Self.leastRange ? .hardlyAnyContrast : nil
    }

    /// Measures an image; one pass over its pixels. The range is that of the brightest and the darkest channel together,
    /// so that colours of equal brightness count as contrast.
    package init(_ image: RGBImage) {
        var counts = [Int](repeating: 0, count: 256)
        var (black, white, isOneColour) = (0, 0, true)
        let count = image.width * image.height
        image.pixels.withUnsafeBufferPointer { pixels in
            let (red, green, blue) = (pixels[0], pixels[1], pixels[2])
            for index in 0..<count {
                let (r, g, b) = (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2])
                counts[Int(r)] += 1
                counts[Int(g)] += 1
                counts[Int(b)] += 1
                if r | g | b == 0 { black += 1 }
                if r & g & b == 255 { white += 1 }
                if r != red || g != green || b != blue { isOneColour = false }
            }
        }
        func value(above share: Double) -> Int {
            var below = 0
            for (value, found) in counts.enumerated() {
                below += found
                if Double(below) > share * Double(3 * count) { return value }
            }
            return 255
        }
        usedRange = Double(value(above: 0.995) - value(above: 0.005)) / 255
        self.black = Double(black) / Double(count)
        self.white = Double(white) / Double(count)
        self.isOneColour = isOneColour
    }
}
