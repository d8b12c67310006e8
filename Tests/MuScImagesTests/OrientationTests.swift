import MuScImages
import Testing

@Suite("Turning images upright")
struct OrientationTests {
    /// 3 × 2 pixels, numbered by row; and what EXIF's definition makes of them.
    static let cases: [(Orientation, width: Int, [UInt8])] = [
        (.upright, 3, [0, 1, 2, 3, 4, 5]),
        (.mirrored, 3, [2, 1, 0, 5, 4, 3]),
        (.upsideDown, 3, [5, 4, 3, 2, 1, 0]),
        (.mirroredUpsideDown, 3, [3, 4, 5, 0, 1, 2]),
        (.transposed, 2, [0, 3, 1, 4, 2, 5]),
        (.turnClockwise, 2, [3, 0, 4, 1, 5, 2]),
        (.transversed, 2, [5, 2, 4, 1, 3, 0]),
        (.turnCounterClockwise, 2, [2, 5, 1, 4, 0, 3]),
    ]

    @Test("All eight orientations move pixels as EXIF defines them", arguments: cases)
    func definition(orientation: Orientation, width: Int, expected: [UInt8]) {
        let grey = GrayImage(width: 3, height: 2, pixels: [0, 1, 2, 3, 4, 5]).upright(from: orientation)
        #expect(grey == GrayImage(width: width, height: 6 / width, pixels: expected))
        let pixels: [UInt8] = (0..<18).map { UInt8($0 / 3 * 10 + $0 % 3) }
        let rgb = RGBImage(width: 3, height: 2, pixels: pixels).upright(from: orientation)
        let colours: [UInt8] = expected.flatMap { pixel in [pixel * 10, pixel * 10 + 1, pixel * 10 + 2] }
        #expect(rgb.pixels == colours)
        #expect(rgb.width == width)
    }

    @Test("A large image is turned like a small one")
    func large() {
        let pixels = (0..<(301 * 150)).map { UInt8(truncatingIfNeeded: $0 * 31 / 7) }
        let image = GrayImage(width: 301, height: 150, pixels: pixels)
        let turned = image.upright(from: .turnClockwise)
        var misplaced = 0
        for y in 0..<301 {
            for x in 0..<150 where turned.pixels[y * 150 + x] != image.pixels[(149 - x) * 301 + y] { misplaced += 1 }
        }
        #expect(misplaced == 0)
        let isBack = turned.upright(from: .turnCounterClockwise) == image
        #expect(isBack)
    }

    @Test("A JPEG's EXIF orientation is applied by default", arguments: 1...8)
    func jpeg(value: Int) throws {
        let path = ImageFixtures.path("jpeg_exif\(value).jpg")
        let orientation = try #require(Orientation(rawValue: value))
        let stored = try RGBImage(contentsOf: path, options: .reference)
        #expect(stored.width == 40 && stored.height == 24)
        let isEqual = try RGBImage(contentsOf: path) == stored.upright(from: orientation)
        #expect(isEqual)
        #expect(try ImageHeader(contentsOf: path).orientation == orientation)
    }

    @Test("PNG's eXIf chunk and TIFF's tag are applied too")
    func otherFormats() throws {
        let files: [(String, Orientation)] = [
            ("png_exif6.png", .turnClockwise), ("tiff_orientation8.tif", .turnCounterClockwise),
        ]
        for (name, orientation) in files {
            let path = ImageFixtures.path(name)
            let stored = try RGBImage(contentsOf: path, options: .reference)
            let isEqual = try RGBImage(contentsOf: path) == stored.upright(from: orientation)
            #expect(isEqual)
        }
    }
}
