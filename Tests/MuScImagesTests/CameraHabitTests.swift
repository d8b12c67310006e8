import Foundation
import MuScImages
import Testing

/// What cameras and programs do that no standard asks for.
@Suite("Habits of cameras")
struct CameraHabitTests {
    /// A JPEG with a segment of these bytes before all others.
    static func jpeg(_ marker: UInt8, _ content: [UInt8]) throws -> [UInt8] {
        let plain = try ImageFixtures.bytes("jpeg_422.jpg")
        let length = content.count + 2
        return plain[..<2] + [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + content + plain[2...]
    }

    /// A PNG with a chunk before its pixels; nobody checks the sum of a chunk that is not decoded.
    static func png(_ kind: String, _ content: [UInt8]) throws -> [UInt8] {
        let plain = try ImageFixtures.bytes("png_type2_8bit.png")
        let start = try #require(plain.indices.first { plain[$0...].starts(with: "IDAT".utf8) }) - 4
        let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
        return plain[..<start] + length + Array(kind.utf8) + content + [0, 0, 0, 0] + plain[start...]
    }

    static func orientation(_ bytes: [UInt8]) throws -> Orientation {
        try ImageHeader(decoding: bytes, name: "a").orientation
    }

    /// An EXIF block whose orientation is a LONG, in both byte orders.
    static let long: [[UInt8]] = [
        Array("MM\0*\0\0\0\u{8}\0\u{1}\u{1}\u{12}\0\u{4}\0\0\0\u{1}\0\0\0\u{6}\0\0\0\0".utf8),
        Array("II*\0\u{8}\0\0\0\u{1}\0\u{12}\u{1}\u{4}\0\u{1}\0\0\0\u{6}\0\0\0\0\0\0\0".utf8),
    ]

    static let packets = [
        "<rdf:Description tiff:Orientation=\"6\"/>", "<tiff:Orientation>6</tiff:Orientation>", "<x tiff:Orientation='6'>",
    ]

    @Test("An orientation is read as LONG, from XMP alone, and EXIF goes first")
    func jpegOrientation() throws {
        for block in Self.long {
            #expect(try Self.orientation(Self.jpeg(0xE1, Array("Exif\0\0".utf8) + block)) == .turnClockwise)
        }
        let name = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
        for packet in Self.packets {
            #expect(try Self.orientation(Self.jpeg(0xE1, name + Array(packet.utf8))) == .turnClockwise, "\(packet)")
        }
        #expect(try Self.orientation(Self.jpeg(0xE1, name + Array("tiff:Orientation=\"9\"".utf8))) == .upright)
        #expect(try Self.orientation(Self.jpeg(0xE1, name + Array("tiff:Orientation".utf8))) == .upright)
    }

    @Test("A PNG's orientation is read from its text chunks, compressed or not, and from XMP")
    func pngOrientation() throws {
        let block = Array("Exif\0\0".utf8) + Self.long[0]
        let digits = block.map { String(format: "%02x", $0) }.joined()
        let profile = Array("\nexif\n      \(block.count)\n\(digits)\n".utf8)
        let name = Array("Raw profile type exif\0".utf8)
        #expect(try Self.orientation(Self.png("tEXt", name + profile)) == .turnClockwise)
        // Stored, not compressed: a zlib stream that needs no compressor to be written.
        let count = profile.count
        let stored: [UInt8] = [0x78, 0x01, 0x01, UInt8(count & 255), UInt8(count >> 8), ~UInt8(count & 255), ~UInt8(count >> 8)]
        #expect(try Self.orientation(Self.png("zTXt", name + [0] + stored + profile + [0, 0, 0, 0])) == .upright)
        let sum = Self.adler(profile)
        #expect(try Self.orientation(Self.png("zTXt", name + [0] + stored + profile + sum)) == .turnClockwise)
        let xmp = Array("XML:com.adobe.xmp\0\0\0\0\0".utf8)
        #expect(try Self.orientation(Self.png("iTXt", xmp + Array(Self.packets[0].utf8))) == .turnClockwise)
        #expect(try Self.orientation(Self.png("zTXt", name + [0, 1, 2, 3])) == .upright)
    }

    static func adler(_ bytes: [UInt8]) -> [UInt8] {
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        return [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
    }

    @Test("A JPEG without its end marker has all its pixels; one byte less, and it ends early")
    func withoutEnd() throws {
        let whole = try ImageFixtures.bytes("jpeg_422.jpg")
        let pixels = try RGBImage(decoding: whole, name: "a.jpg").pixels
        #expect(whole.suffix(2) == [0xFF, 0xD9])
        #expect(try RGBImage(decoding: Array(whole.dropLast(2)), name: "a.jpg").pixels == pixels)
        #expect(try RGBImage(decoding: Array(whole.dropLast(1)), name: "a.jpg").pixels == pixels)
        // Frames of a stream are filled up with zeros.
        #expect(try RGBImage(decoding: whole.dropLast(2) + Array(repeating: 0, count: 64), name: "a.jpg").pixels == pixels)
        for missing in 4...60 {
            let error = #expect(throws: ImageError.self) { try RGBImage(decoding: Array(whole.dropLast(missing)), name: "a.jpg") }
            #expect(error?.kind == .endsEarly(.jpeg), "\(missing)")
        }
    }

    @Test("Of a progressive JPEG without its end marker the last scan may be lacking, and it is not read")
    func progressive() throws {
        let whole = try ImageFixtures.bytes("jpeg_optimised_progressive_grey.jpg")
        let error = #expect(throws: ImageError.self) { try RGBImage(decoding: Array(whole.dropLast(2)), name: "a.jpg") }
        #expect(error?.kind == .endsEarly(.jpeg))
    }

    @Test("A scan of 213 megapixels is refused with the key that admits it")
    func large() throws {
        let pgm = Array("P5\n16384 13000\n255\n".utf8)
        let error = #expect(throws: ImageError.self) { try RGBImage(decoding: pgm, name: "scan.pgm") }
        #expect(error?.description.contains("images.max_pixels") == true)
    }
}
