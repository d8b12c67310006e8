import Foundation
import MuScImages
import SystemPackage
import Testing

/// What files are taken for, and what becomes of every file of a folder.
@Suite("Recognition of images")
struct RecognitionTests {
    /// The beginning of a file of each format that is known and not read, and how it is called.
    static let unread: [(UnreadFormat, [UInt8], String)] = [
        (.webp, Array("RIFF\u{10}\0\0\0WEBPVP8 ".utf8), "webp"), (.avif, ftyp("avif", "mif1"), "avif"),
        (.avif, ftyp("mif1", "avif"), "heic"), (.heic, ftyp("heic", "mif1"), "heic"), (.heic, ftyp("mif1", "heic"), "hif"),
        (.jpeg2000, [0, 0, 0, 12] + Array("jP  ".utf8) + [13, 10, 0x87, 10], "jp2"), (.jpeg2000, [0xFF, 0x4F, 0xFF, 0x51], "j2k"),
        (.jpegXL, [0, 0, 0, 12] + Array("JXL ".utf8) + [13, 10, 0x87, 10], "jxl"), (.jpegXL, [0xFF, 0x0A, 0xFA], "jxl"),
        (.jpegXR, [0x49, 0x49, 0xBC, 1], "jxr"), (.gif, Array("GIF89a".utf8), "gif"), (.pam, Array("P7\nWIDTH 3".utf8), "pam"),
        (.pfm, Array("Pf\n3 4\n-1.0\n".utf8), "pfm"), (.openEXR, [0x76, 0x2F, 0x31, 1], "exr"),
        (.radiance, Array("#?RADIANCE\n".utf8), "hdr"), (.cameraRaw, Array("FUJIFILMCCD-RAW ".utf8), "raf"),
        (.cameraRaw, Array("IIU\0\u{18}".utf8), "rw2"), (.cameraRaw, Array("IIRO\u{8}".utf8), "orf"),
        (.cameraRaw, Array("II*\0\u{10}\0\0\0CR\u{2}\0".utf8), "cr2"), (.cameraRaw, ftyp("crx ", "isom"), "cr3"),
        (.pdf, Array("%PDF-1.7".utf8), "pdf"), (.svg, Array("<?xml version=\"1.0\"?>\n<svg/>".utf8), "svg"),
        (.photoshop, Array("8BPS\0\u{1}".utf8), "psd"), (.dicom, [UInt8](repeating: 0, count: 128) + Array("DICM".utf8), "dcm"),
        (.fits, Array("SIMPLE  =".utf8), "fits"), (.video, ftyp("isom", "mp41"), "mp4"), (.video, ftyp("qt  "), "mov"),
        (.video, Array("RIFF\0\0\0\0AVI LIST".utf8), "avi"), (.video, [0x1A, 0x45, 0xDF, 0xA3], "mkv"),
        (.jpegLS, [0xFF, 0xD8, 0xFF, 0xF7], "jls"), (.gimp, Array("gimp xcf v011\0".utf8), "xcf"),
        (.pcx, [10, 5, 1, 8] + [UInt8](repeating: 0, count: 124), "pcx"), (.pcx, [0xB1, 0x68, 0xDE, 0x3A], "dcx"),
        (.sgi, [1, 0xDA, 1, 1, 0, 3] + [UInt8](repeating: 0, count: 20), "sgi"), (.sun, [0x59, 0xA6, 0x6A, 0x95], "ras"),
        (.qoi, Array("qoif\0\0\0\u{4}\0\0\0\u{4}\u{3}\0".utf8) + [UInt8](repeating: 0, count: 20), "qoi"),
        (.dds, Array("DDS |\0\0\0".utf8), "dds"), (.mng, [0x8A] + Array("MNG\r\n\u{1A}\n".utf8), "mng"),
        (.icon, [0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 40, 4, 0, 0, 22, 0, 0, 0], "ico"),
        (.icon, [0, 0, 2, 0, 2, 0, 32, 32, 0, 0, 1, 0, 1, 0, 40, 4, 0, 0, 38, 0, 0, 0], "cur"),
        (.bitmapArray, Array("BA".utf8) + [40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + Array("BM".utf8) + [0, 0, 0, 0, 0, 0], "bga"),
        (.targa, [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 24, 0x20, 1, 2, 3, 4], "tga"),
        (.targa, [0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 8, 0, 1, 2, 3, 4], "tga"),
    ]

    static func ftyp(_ brands: String...) -> [UInt8] {
        let rest = brands.dropFirst().joined()
        return [0, 0, 0, UInt8(16 + rest.utf8.count)] + Array("ftyp\(brands[0])\0\0\0\0\(rest)".utf8)
    }

    @Test("A format that is not read is told by its content, whatever its name, and by its name alone", arguments: unread.indices)
    func unreadFormats(index: Int) throws {
        let (format, head, ending) = Self.unread[index]
        for (name, bytes) in [("part.\(ending)", head), ("part", head), ("part.jpg", head)] {
            let error = #expect(throws: ImageError.self) { try RGBImage(decoding: bytes, name: name) }
            #expect(error?.kind == .unreadFormat(format), "\(name)")
            #expect(error?.description.contains(format.remedy) == true)
        }
        let promised = #expect(throws: ImageError.self) { try RGBImage(decoding: Array("rubbish".utf8), name: "a.\(ending)") }
        if case .unreadFormat = promised?.kind {} else { Issue.record("\(ending): \(String(describing: promised))") }
    }

    @Test("A JPEG of another compression is called by its name, wherever that stands in the file")
    func otherJPEG() throws {
        let jpeg = try ImageFixtures.bytes("jpeg_422.jpg")
        let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
        let comment: [UInt8] = [0xFF, 0xFE, 0x10, 0] + [UInt8](repeating: 32, count: 4094)
        for (marker, format) in [(0xF7, UnreadFormat.jpegLS), (0xC3, .losslessJPEG), (0xCB, .losslessJPEG)] as [(UInt8, UnreadFormat)] {
            var bytes = jpeg
            bytes[frame + 1] = marker
            bytes.insert(contentsOf: comment, at: 2)
            let error = #expect(throws: ImageError.self) { try RGBImage(decoding: bytes, name: "a.jpg") }
            #expect(error?.kind == .unreadFormat(format))
        }
    }

    @Test("Files that merely begin like a format of few marks are none of it")
    func lookAlikes() {
        let zeros = [UInt8](repeating: 0, count: 64)
        for bytes in [
            Array("BAck to the line, of text".utf8), Array("BATCH 4711;OK;0.25;0.5;12".utf8), zeros, [0, 0, 1, 0, 0, 0] + zeros,
            [0, 0, 2, 0] + zeros, [10, 10, 10, 10] + zeros, Array("\n\u{5}\u{1}\u{8} and more of it, to the end".utf8),
            Array("qoif, a word".utf8) + zeros, [1, 0xDA] + zeros,
        ] {
            let error = #expect(throws: ImageError.self) { try RGBImage(decoding: bytes, name: "a") }
            #expect(error?.kind == .unknownFormat, "\(bytes.prefix(8))")
        }
    }

    @Test("Each remedy is a sentence that begins by saying what to do")
    func remedies() {
        for format in UnreadFormat.allCases {
            #expect(format.remedy.hasSuffix("."), "\(format)")
            #expect(format.remedy.first?.isUppercase == true, "\(format)")
        }
    }

    @Test("A JPEG under another format's name is read; a TIFF under the name of camera raw is not")
    func misnamed() throws {
        let jpeg = try ImageFixtures.bytes("jpeg_422.jpg")
        #expect(try RGBImage(decoding: jpeg, name: "IMG_0001.HEIC").width == 47)
        let tiff = try ImageFixtures.bytes("tiff_big.tif")
        let error = #expect(throws: ImageError.self) { try RGBImage(decoding: tiff, name: "IMG_0001.NEF") }
        #expect(error?.kind == .unreadFormat(.cameraRaw))
    }

    @Test("Every file of a folder is an image or counted under a rule")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "musc-recognition-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let png = Data(try ImageFixtures.bytes("png_type2_8bit.png"))
        var images: Set<String> = []
        func write(_ name: String, _ data: Data, isImage: Bool) throws {
            try data.write(to: folder.appending(path: name))
            if isImage { images.insert(name) }
        }
        for ending in ["jpg", "JPEG", "jpe", "jfif", "png", "tif", "TIFF", "bmp", "dib", "pbm", "pgm", "ppm", "pnm"] {
            try write("damaged.\(ending)", Data("no image".utf8), isImage: true)
        }
        for (index, (_, head, ending)) in Self.unread.enumerated() {
            try write("known\(index).\(ending)", Data(head), isImage: true)
        }
        try write("without_ending", png, isImage: true)
        try write("photo.dat", png, isImage: true)
        try write("IMG_1.jpg", png, isImage: true)
        try write("img_1.NEF", Data("II*\0".utf8), isImage: false)
        // The preview that a camera puts beside a film, a JPEG by content.
        try write("MVI_3.THM", Data(try ImageFixtures.bytes("jpeg_422.jpg")), isImage: false)
        try write("IMG_2.NEF", Data("II*\0".utf8), isImage: true)
        for name in ["a.xml", "b.json", "c.txt", "d.csv", "photo.xmp"] { try write(name, Data("text".utf8), isImage: false) }
        for name in ["x.part", "~y.png", ".hidden.png", "_region.png", "ready", "index.html", "program.exe"] {
            try write(name, png.prefix(name == "program.exe" ? 4 : png.count), isImage: false)
        }
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/broken.png", withDestinationPath: "nowhere")
        try FileManager.default.createDirectory(at: folder.appending(path: "below"), withIntermediateDirectories: true)
        try png.write(to: folder.appending(path: "below/other.png"))

        let path = FilePath(folder.path)
        let rules = FileRules(ignoring: ["*.part", "~*"], readyFile: "ready")
        let listing = try ImageListing(path, rules: rules)
        #expect(Set(listing.images.map { $0.lastComponent?.string ?? "" }) == images)
        #expect(
            listing.ignored == [
                .sidecar: 6, .pattern: 2, .hidden: 1, .mask: 1, .readyFile: 1, .results: 1, .noImage: 1, .rawBesideImage: 1, .link: 1,
            ])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).count - 1
        #expect(listing.images.count + listing.ignored.values.reduce(0, +) == files)
        let deep = try ImageListing(path, recursive: true, rules: rules)
        #expect(deep.images.count == images.count + 1)
        var part = listing
        part.keep(only: listing.images.prefix(3))
        #expect(part.images.count == 3 && part.ignored[.otherBatch] == images.count - 3)
    }

    @Test("Patterns of all three kinds leave names out, whatever the case")
    func patterns() {
        let rules = FileRules(ignoring: ["*.TMP", "old_*", "a?c*.png"])
        for name in ["x.tmp", "OLD_1.png", "abc1.PNG"] { #expect(rules.rule(for: Array(name.utf8)) == .pattern, "\(name)") }
        #expect(rules.rule(for: Array("ac.png".utf8)) == nil)
    }
}
