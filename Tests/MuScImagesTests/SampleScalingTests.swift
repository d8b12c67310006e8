import MuScImages
import Testing

@Suite("Scaling samples of more than 8 bits")
struct SampleScalingTests {
    /// A PGM of 16 bits with these values.
    static func pgm(_ values: [UInt16]) -> [UInt8] {
        Array("P5\n\(values.count) 1\n65535\n".utf8) + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    }

    @Test("The full range keeps the upper byte")
    func fullRange() throws {
        let image = try GrayImage(decoding: Self.pgm([0, 255, 256, 32767, 32768, 65535]), name: "values")
        #expect(image.pixels == [0, 0, 1, 127, 128, 255])
    }

    @Test("A range is stretched, rounded and clamped")
    func range() throws {
        let bytes = Self.pgm([0, 1000, 1001, 1500, 2000, 2001, 65535])
        let options = DecodingOptions(sampleScaling: .range(low: 1000, high: 2000))
        let scaled = try GrayImage(decoding: bytes, name: "values", options: options)
        #expect(scaled.pixels == [0, 0, 0, 128, 255, 255, 255])
        let empty = DecodingOptions(sampleScaling: .range(low: 1000, high: 1000))
        let split = try GrayImage(decoding: bytes, name: "values", options: empty)
        #expect(split.pixels == [0, 0, 255, 255, 255, 255, 255])
    }

    @Test("Eight-bit images are not touched by a range")
    func eightBits() throws {
        let path = ImageFixtures.path("pnm_p5.pgm")
        let options = DecodingOptions(sampleScaling: .range(low: 1000, high: 2000))
        let isEqual = try GrayImage(contentsOf: path) == GrayImage(contentsOf: path, options: options)
        #expect(isEqual)
    }

    @Test("Floating-point samples outside 0 to 1 need a range, and the error says so")
    func floatingPoint() throws {
        let bytes = try FloatImage(width: 3, height: 1, samples: [0, 10, 20]).tiffEncoded()
        let error = #expect(throws: ImageError.self) { try GrayImage(decoding: bytes, name: "map") }
        #expect(error?.description.contains("range") == true)
        let options = DecodingOptions(sampleScaling: .range(low: 0, high: 20))
        #expect(try GrayImage(decoding: bytes, name: "map", options: options).pixels == [0, 128, 255])
    }
}
