import MuScImages
import MuScSupport
import Testing

@Suite("Encoding")
struct EncodingTests {
    static let photograph: RGBImage = {
        var generator = SeededGenerator(seed: 1)
        let pixels = (0..<(61 * 47 * 3)).map { index -> UInt8 in
            UInt8(truncatingIfNeeded: index / 183 * 3 + index % 183 / 2 + Int(generator.next() % 4))
        }
        return RGBImage(width: 61, height: 47, pixels: pixels)
    }()

    @Test("PNG gives back every pixel at every compression", arguments: PNGCompression.allCases)
    func png(compression: PNGCompression) throws {
        let bytes = try Self.photograph.pngEncoded(compression)
        let isEqual = try RGBImage(decoding: bytes, name: "photograph") == Self.photograph
        #expect(isEqual)
        let grey = GrayImage(Self.photograph)
        let greyBytes = try grey.pngEncoded(compression)
        let greyIsEqual = try GrayImage(decoding: greyBytes, name: "grey") == grey
        #expect(greyIsEqual)
        #expect(try !ImageHeader(decoding: greyBytes, name: "grey").isColour)
    }

    @Test("JPEG comes close to the image, closer at higher quality")
    func jpeg() throws {
        func error(_ quality: Int) throws -> Int {
            let image = try RGBImage(decoding: Self.photograph.jpegEncoded(quality: quality), name: "photograph")
            return zip(image.pixels, Self.photograph.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        }
        #expect(try error(95) < error(30))
        let grey = GrayImage(width: 40, height: 30, pixels: (0..<1200).map { UInt8($0 / 40 * 5) })
        let decoded = try GrayImage(decoding: grey.jpegEncoded(quality: 100), name: "grey")
        #expect(zip(decoded.pixels, grey.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
        #expect(try Self.photograph.jpegEncoded(quality: -5) == Self.photograph.jpegEncoded(quality: 1))
    }

    @Test("A side too long for JPEG is refused, not cut")
    func jpegSide() {
        let long = GrayImage(width: 65501, height: 1, pixels: [UInt8](repeating: 0, count: 65501))
        let error = #expect(throws: ImageError.self) { try long.jpegEncoded() }
        #expect(error?.description.contains("65500") == true)
    }

    @Test("A floating-point TIFF carries the values as they are")
    func tiff() throws {
        let samples = (0..<(123 * 45)).map { Float($0) * 0.37 - 5 }
        let bytes = try FloatImage(width: 123, height: 45, samples: samples).tiffEncoded()
        let header = try ImageHeader(decoding: bytes, name: "map")
        #expect(header.format == .tiff && header.bitsPerSample == 32 && header.width == 123 && header.height == 45)
        let stored = samples.withUnsafeBytes { Array($0) }
        // Not compressed, in strips one after the other: the bytes lie there as they were in memory.
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: stored.prefix(64)) })
        let isEqual = bytes[start...].starts(with: stored)
        #expect(isEqual)
        let low = Double(samples.first ?? 0), high = Double(samples.last ?? 0)
        let decoded = try GrayImage(
            decoding: bytes, name: "map", options: DecodingOptions(sampleScaling: .range(low: low, high: high)))
        #expect(decoded.pixels.first == 0 && decoded.pixels.last == 255)
        #expect(decoded.pixels == decoded.pixels.sorted())
    }

    @Test("16-bit PNG spans the range that is given")
    func png16() throws {
        let image = FloatImage(width: 4, height: 2, samples: [-1, 0, 0.25, 0.5, 1, 2, .nan, 0.75])
        let bytes = try image.png16Encoded(range: 0...1)
        #expect(try ImageHeader(decoding: bytes, name: "map").bitsPerSample == 16)
        let full = try GrayImage(decoding: bytes, name: "map")
        #expect(full.pixels == [0, 0, 64, 128, 255, 255, 0, 191])
        let constant = try FloatImage(width: 2, height: 1, samples: [1, 1]).png16Encoded(range: 1...1)
        #expect(try GrayImage(decoding: constant, name: "map").pixels == [0, 0])
    }
}
