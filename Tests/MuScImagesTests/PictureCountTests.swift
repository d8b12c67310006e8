import Foundation
import MuScImages
import SystemPackage
import Testing

/// Files of several pictures that are read as one: how many these are.
@Suite("Files that hold several pictures")
struct PictureCountTests {
    static let folder = ImageFixtures.folder.removingLastComponent().appending("fuzz")

    /// Bytes are told apart from files only by who reads them.
    private func pictures(_ bytes: [UInt8]) -> Int {
        FilePeek { offset, count in Array(bytes.dropFirst(Int(offset)).prefix(count)) }.pictures
    }

    private func big(_ value: Int, _ count: Int) -> [UInt8] { TIFFBuilder.little(value, count).reversed() }

    @Test(
        "Small files of each kind say how many pictures they hold, and the first is read",
        arguments: [
            ("animation.png", 3), ("animation_aside.png", 3), ("views.mpo", 2), ("sequence.pgm", 3), ("sequence.ppm", 2), ("two.bmp", 2),
        ])
    func files(name: String, count: Int) throws {
        let path = Self.folder.appending(name)
        #expect(FilePeek(path).pictures == count && FilePeek(path).images == 1)
        let first = try RGBImage(contentsOf: path)
        let bytes = try ImageFixtures.bytes(of: path)
        #expect(first.width > 0 && pictures(bytes) == count)
        if name == "views.mpo" { #expect(first == (try ImageFixtures.rgb("jpeg_422.jpg/rgb"))) }
        if name == "two.bmp" { #expect(first == (try ImageFixtures.rgb("bmp_grey.bmp/rgb"))) }
        if name.hasPrefix("sequence") { #expect(first.pixels.prefix(3).allSatisfy { $0 == 10 }) }
        if name.hasPrefix("animation") { #expect(first.pixels == [1, 1, 1, 2, 2, 2]) }
    }

    @Test("A segment of any stated length, with any name, brings nothing down", arguments: [UInt8(0xE1), 0xE2, 0xC0, 0xFE, 0xDB])
    func statedLengths(marker: UInt8) {
        let names: [[UInt8]] = [Array("MPF\0II*\0".utf8), Array("http://ns.adobe.com/xap/1.0/".utf8), Array("Exif\0\0".utf8), []]
        for name in names {
            for length in Array(0...24) + [65_534, 65_535] {
                let segment: [UInt8] = [0xFF, marker] + big(length, 2) + name + Array(repeating: 0, count: 40)
                let file = [0xFF, 0xD8] + segment + [0xFF, 0xD8] + segment
                #expect(pictures(file) == 1)
                // What libjpeg refuses is looked at once more, for the name of its format.
                #expect(throws: ImageError.self) { try RGBImage(decoding: file, name: "made up") }
            }
        }
    }

    @Test("Every other file that is read holds one")
    func single() throws {
        for name in ImageFixtures.names where !name.hasSuffix("tif") {
            #expect(FilePeek(ImageFixtures.path(name)).pictures == 1, "\(name)")
        }
        for name in ["text_exif6.png", "xmp_exif6.png"] { #expect(FilePeek(Self.folder.appending(name)).pictures == 1) }
    }

    /// A JPEG with an index of pictures, and the others behind it.
    private func multiPicture(_ others: [(kind: Int, bytes: [UInt8])]) throws -> [UInt8] {
        let first = try ImageFixtures.bytes("jpeg_422.jpg")
        let entries = 16 * (others.count + 1)
        // The directory: one entry, whose list follows.
        var head = Array("MM".utf8)
        for (value, count) in [(42, 2), (8, 4), (1, 2), (0xB002, 2), (7, 2), (entries, 4), (26, 4)] { head += big(value, count) }
        let segment = 4 + head.count + 4 + entries
        var list = big(0x030000, 4) + big(first.count, 4) + big(0, 8)
        // Offsets count from the directory's own beginning, 10 bytes behind the first marker.
        var offset = first.count + 2 + segment + 2 - 10
        for other in others {
            list += big(other.kind, 4) + big(other.bytes.count, 4) + big(offset, 4) + big(0, 4)
            offset += other.bytes.count
        }
        return insert(0xE2, Array("MPF\0".utf8) + head + big(0, 4) + list, into: first) + others.flatMap(\.bytes)
    }

    /// Puts a segment behind a JPEG's first marker.
    private func insert(_ marker: UInt8, _ content: [UInt8], into jpeg: [UInt8]) -> [UInt8] {
        var file = jpeg
        file.insert(contentsOf: [0xFF, marker] + big(content.count + 2, 2) + content, at: 2)
        return file
    }

    @Test("Of a Multi-Picture file views and frames count; previews, smaller companions and maps of brightness do not")
    func multiPicture() throws {
        let view = try ImageFixtures.bytes("jpeg_422.jpg")
        #expect(pictures(try multiPicture([(0x020002, view), (0x020002, view)])) == 3)
        #expect(pictures(try multiPicture([(0, view)])) == 2)
        #expect(pictures(try multiPicture([(0x010001, view), (0x010002, view)])) == 1)
        let mark = Array("http://ns.adobe.com/xap/1.0/\0<x hdrgm:GainMapMax=\"1\"/>".utf8)
        #expect(pictures(try multiPicture([(0, insert(0xE1, mark, into: view))])) == 1)
        // The sides stand in the frame, behind its length and depth.
        var small = view
        let frame = try #require(small.indices.first { small[$0...].starts(with: [0xFF, 0xC0]) })
        small.replaceSubrange(frame + 5..<frame + 9, with: [0, 8, 0, 8])
        #expect(pictures(try multiPicture([(0, small)])) == 1)
        #expect(pictures(try multiPicture([(0x020003, small)])) == 2)
        // An editor kept the index and dropped what it leads to.
        let whole = try multiPicture([(0, view)])
        #expect(pictures(Array(whole.dropLast(view.count))) == 1)
    }

    @Test("Claims that lead nowhere end the count")
    func claims() throws {
        let animation = try ImageFixtures.bytes(of: Self.folder.appending("animation.png"))
        for length in animation.indices { #expect((1...3).contains(pictures(Array(animation[..<length]))) || length < 8) }
        #expect(pictures(Array("P5 999999999 999999999 65535\n".utf8) + [1, 2]) == 1)
        #expect(pictures(Array("P5 1 1 255\n\u{1}P5 1".utf8)) == 1)
        #expect(pictures(Array("P5 1 1 255\n\u{1}\nP7\nWIDTH 1\n".utf8)) == 2)
        #expect(pictures(Array("P2 1 1 255\n1\n".utf8)) == 1)
        var bitmap = try ImageFixtures.bytes("bmp_8bit.bmp")
        bitmap.replaceSubrange(2..<6, with: [0, 0, 0, 0])
        #expect(pictures(bitmap + bitmap) == 1)
    }
}
