import MuScImages
import Testing

@Suite("Images that say nothing")
struct ExposureTests {
    static func image(_ pixel: (Int) -> (UInt8, UInt8, UInt8)) -> RGBImage {
        RGBImage(
            width: 20, height: 20,
            pixels: (0..<400).flatMap { index in
                let (red, green, blue) = pixel(index)
                return [red, green, blue]
            })
    }

    @Test("One colour, hardly any contrast and saturation are told apart; a photograph is none of them")
    func reasons() throws {
        #expect(Exposure(Self.image { _ in (7, 90, 200) }).blankReason == .oneColour)
        #expect(Exposure(Self.image { ($0 % 2 == 0 ? 1 : 2, 1, 1) }).blankReason == .hardlyAnyContrast)
        #expect(Exposure(Self.image { $0 < 390 ? (255, 255, 255) : (9, 9, 9) }).blankReason == .saturated)
        #expect(Exposure(Self.image { $0 < 200 ? (255, 255, 255) : (9, 9, 9) }).blankReason == nil)
        #expect(Exposure(Self.image { (UInt8($0 % 16), 3, 3) }).blankReason == nil)
        #expect(try Exposure(RGBImage(contentsOf: ImageFixtures.path("jpeg_422.jpg"))).blankReason == nil)
    }

    @Test("A single hot pixel is no contrast, and shares are those of the pixels")
    func shares() {
        let hot = Exposure(Self.image { $0 == 5 ? (255, 255, 255) : (0, 0, 0) })
        #expect(hot.blankReason == .hardlyAnyContrast)
        #expect(hot.white == 1 / 400 && hot.black == 399 / 400)
    }
}
