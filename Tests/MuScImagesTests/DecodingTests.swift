import Foundation
import MuScImages
import MuScSupport
import Synchronization
import SystemPackage
import Testing

@Suite("Decoding every variant of every format")
struct DecodingTests {
    @Test("There are fixtures of every format")
    func present() {
        for prefix in ["png_", "jpeg_", "tiff_", "bmp_", "pnm_"] {
            #expect(ImageFixtures.names.count { $0.hasPrefix(prefix) } >= 10)
        }
    }

    @Test("A file decodes to the RGB that Pillow reads", arguments: ImageFixtures.names)
    func rgb(name: String) throws {
        let image = try RGBImage(contentsOf: ImageFixtures.path(name), options: .reference)
        let expected = try ImageFixtures.rgb("\(name)/rgb")
        let difference = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(image.width == expected.width && image.height == expected.height)
        #expect(difference == 0)
    }

    @Test("A file decodes to the grey that Pillow reads", arguments: ImageFixtures.names)
    func grey(name: String) throws {
        let isEqual =
            try GrayImage(contentsOf: ImageFixtures.path(name), options: .reference)
            == ImageFixtures.grey("\(name)/l")
        #expect(isEqual)
    }

    @Test("A header says what the decoded image is", arguments: ImageFixtures.names)
    func header(name: String) throws {
        for options in [DecodingOptions(), .reference] {
            let header = try ImageHeader(contentsOf: ImageFixtures.path(name), options: options)
            let image = try RGBImage(contentsOf: ImageFixtures.path(name), options: options)
            #expect(header.width == image.width && header.height == image.height)
            #expect(name.lowercased().hasPrefix(header.format.description.lowercased()))
        }
    }

    @Test("The header of a long file is that of its beginning, or is found later where it is long itself")
    func longFiles() throws {
        let path = FilePath("\(NSTemporaryDirectory())/musc-\(UUID()).jpg")
        defer { _ = path.withPlatformString { unlink($0) } }
        func header(_ content: [UInt8]) throws -> ImageHeader {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
            _ = try file.closeAfter { try file.writeAll(content) }
            #expect(try ImageFormat.detect(contentsOf: path) == .jpeg)
            return try ImageHeader(contentsOf: path)
        }
        let jpeg = try ImageFixtures.bytes("jpeg_exif6.jpg")
        let expected = try ImageHeader(contentsOf: ImageFixtures.path("jpeg_exif6.jpg"))
        #expect(try header(jpeg + [UInt8](repeating: 0, count: 100_000)) == expected)
        let comment: [UInt8] = [0xFF, 0xFE, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 65533)
        #expect(try header(jpeg[..<2] + comment + comment + jpeg[2...]) == expected)
    }

    @Test("A header tells bits, colour and orientation")
    func headerFields() throws {
        let deep = try ImageHeader(contentsOf: ImageFixtures.path("tiff_16bit_grey.tif"))
        #expect(deep.bitsPerSample == 16 && !deep.isColour && deep.orientation == .upright)
        let turned = try ImageHeader(contentsOf: ImageFixtures.path("jpeg_exif6.jpg"))
        #expect(turned.bitsPerSample == 8 && turned.isColour && turned.orientation == .turnClockwise)
        #expect(turned.width == 24 && turned.height == 40)
        let twelve = try ImageHeader(contentsOf: ImageFixtures.path("pnm_p5_12bit.pgm"))
        #expect(twelve.bitsPerSample == 12)
    }

    @Test("Content decides about the format, not the name")
    func formatByContent() throws {
        let bytes = try ImageFixtures.bytes("png_type2_8bit.png")
        #expect(ImageFormat.detect(bytes) == .png)
        #expect(ImageFormat.detect(bytes.prefix(8)) == .png)
        #expect(ImageFormat.detect(Array("BMW is a maker of cars".utf8)) == nil)
        #expect(ImageFormat.detect(Array("P5 is a program".utf8)) == .pnm)
        #expect(ImageFormat.detect([UInt8]()) == nil)
        let image = try RGBImage(decoding: bytes, name: "photograph.jpg", options: .reference)
        let isEqual = try image == ImageFixtures.rgb("png_type2_8bit.png/rgb")
        #expect(isEqual)
    }

    /// A bitmap of 5 × 3 pixels and 16 greys that are 17 apart, with run lengths.
    static func runs(_ bitsPerPixel: UInt8, _ pixels: [UInt8]) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }
        var bytes = Array("BM".utf8) + number(118 + pixels.count) + number(0) + number(118)
        bytes += number(40) + number(5) + number(3) + [1, 0, bitsPerPixel, 0] + number(bitsPerPixel == 8 ? 1 : 2)
        bytes += number(pixels.count) + number(0) + number(0) + number(16) + number(0)
        for grey in 0..<16 { bytes += [UInt8](repeating: UInt8(grey * 17), count: 3) + [0] }
        return bytes + pixels
    }

    @Test("Moves in a BMP's run lengths skip pixels, odd counts of four bits are padded")
    func bmpRuns() throws {
        // Bottom row: three 2s. Then one row up and one to the right: a 9. Top row: three pixels as they are.
        let moves = Self.runs(8, [3, 2, 0, 2, 1, 1, 1, 9, 0, 0, 0, 3, 4, 5, 6, 0, 0, 1])
        let moved = try GrayImage(decoding: moves, name: "runs")
        #expect(moved.pixels.map { $0 / 17 } == [4, 5, 6, 0, 0, 0, 0, 0, 0, 9, 2, 2, 2, 0, 0])
        let counts = Self.runs(4, [0, 3, 0x12, 0x3F, 2, 0xAB, 0, 0, 5, 0xCD, 0, 0, 9, 0xEE, 0, 1])
        let odd = try GrayImage(decoding: counts, name: "runs")
        #expect(odd.pixels.map { $0 / 17 } == [14, 14, 14, 14, 14, 12, 13, 12, 13, 12, 1, 2, 3, 10, 11])
    }

    @Test("A name need not be UTF-8")
    func bytesInNames() throws {
        let bytes = Array("\(NSTemporaryDirectory())/musc-\(UUID())".utf8) + [0xFF, 0xFE, 0x0A, 0]
        let path = bytes.withUnsafeBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) { FilePath(platformString: Array($0)) }
        }
        let content = try ImageFixtures.bytes("png_type2_8bit.png")
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(content) }
        defer { _ = path.withPlatformString { unlink($0) } }
        let image = try RGBImage(contentsOf: path)
        #expect(image.width == 11)
        try FileDescriptor.open(path, .writeOnly, options: [.truncate]).close()
        let error = #expect(throws: ImageError.self) { try RGBImage(contentsOf: path) }
        #expect(error?.kind == .empty)
        #expect(error?.file.contains("\n") == false)
    }

    @Test("Files decode on many threads at once as they do on one")
    func threads() throws {
        let names = ImageFixtures.names
        let wrong = Atomic<Int>(0)
        concurrentLoop(names.count * 4, threads: 4) { index in
            let name = names[index % names.count]
            let image = try? RGBImage(contentsOf: ImageFixtures.path(name), options: .reference)
            let expected = try? ImageFixtures.rgb("\(name)/rgb")
            if image == nil || image != expected { wrong.add(1, ordering: .relaxed) }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test("A JPEG can be decoded at a fraction of its size")
    func scaled() throws {
        let photograph = RGBImage(
            width: 640, height: 480,
            pixels: (0..<(640 * 480 * 3)).map { UInt8(truncatingIfNeeded: ($0 / 1920) / 2 + ($0 % 1920) / 12) })
        let bytes = try photograph.jpegEncoded(quality: 95)
        let sizes = [(1, 80, 60), (60, 80, 60), (61, 160, 120), (300, 400, 300), (421, 640, 480), (9999, 640, 480)]
        for (side, width, height) in sizes {
            let options = DecodingOptions(scaledToAtLeast: side)
            let image = try RGBImage(decoding: bytes, name: "photograph", options: options)
            #expect(image.width == width && image.height == height)
            let resized = photograph.resized(width: width, height: height, filter: .box)
            let sum = zip(image.pixels, resized.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(Double(sum) / Double(resized.pixels.count) < 2)
        }
    }

    @Test("A JPEG is reduced while decoding only as far as it still covers what is wanted, and its full size is told")
    func reduced() throws {
        let photograph = RGBImage(
            width: 640, height: 480,
            pixels: (0..<(640 * 480 * 3)).map { UInt8(truncatingIfNeeded: ($0 / 1920) / 2 + ($0 % 1920) / 12) })
        let path = FilePath(FileManager.default.temporaryDirectory.appending(path: "reduced-\(UUID()).jpg").path())
        try Data(photograph.jpegEncoded(quality: 95)).write(to: URL(filePath: path.string))
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        let sizes = [(320, 240, 2), (321, 240, 1), (320, 241, 1), (160, 100, 4), (14, 14, 8), (640, 480, 1), (9999, 1, 1)]
        for (width, height, factor) in sizes {
            let options = DecodingOptions(reducedToCover: ImageSize(width: width, height: height))
            let (image, full) = try RGBImage.decode(contentsOf: path, options: options)
            #expect(image.width == 640 / factor && image.height == 480 / factor)
            #expect(full == ImageSize(width: 640, height: 480))
        }
    }

    @Test(
        "An image size is one number or two",
        arguments: [
            ("336", ImageSize(side: 336)), ("1008x672", ImageSize(width: 1008, height: 672)),
            ("1008 × 672", ImageSize(width: 1008, height: 672)),
        ])
    func imageSize(text: String, size: ImageSize) throws {
        #expect(ImageSize(text) == size)
        #expect(ImageSize(size.description) == size)
        #expect(try JSONDecoder().decode([ImageSize].self, from: JSONEncoder().encode([size])) == [size])
    }

    @Test("What is no image size is none", arguments: ["", "x", "0", "336x", "x336", "1x2x3", "-5", "auto", "12.5"])
    func noImageSize(text: String) {
        #expect(ImageSize(text) == nil)
    }
}
