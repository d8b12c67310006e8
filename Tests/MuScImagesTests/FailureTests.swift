import Foundation
import MuScImages
import SystemPackage
import Testing

@Suite("Files that cannot be decoded")
struct FailureTests {
    static func error(_ bytes: [UInt8], _ options: DecodingOptions = DecodingOptions()) -> ImageError? {
        do throws(ImageError) {
            _ = try RGBImage(decoding: bytes, name: "line3/a.jpg", options: options)
            return nil
        } catch { return error }
    }

    static func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    static func littleEndian(_ value: Int) -> [UInt8] { bigEndian(value).reversed() }

    /// CRC-32 as PNG's chunks need it.
    static func checksum(_ bytes: [UInt8]) -> Int {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return Int(~crc)
    }

    @Test("A missing file, a folder, a pipe and an empty file are told apart")
    func notFiles() throws {
        func kind(_ path: FilePath) -> ImageError.Kind? {
            do throws(ImageError) { _ = try RGBImage(contentsOf: path); return nil } catch { return error.kind }
        }
        #expect(kind("/nowhere/a.jpg") == .unreadable("No such file or directory"))
        #expect(kind(ImageFixtures.folder) == .notAFile)
        #expect(kind("/dev/null") == .notAFile)
        let pipe = FilePath("\(NSTemporaryDirectory())/musc-pipe-\(UUID())")
        #expect(pipe.withPlatformString { mkfifo($0, 0o600) } == 0)
        defer { _ = pipe.withPlatformString { unlink($0) } }
        #expect(kind(pipe) == .notAFile)
        #expect(Self.error([])?.kind == .empty)
    }

    @Test("A link out of the root is refused, whenever it was put there, and one inside of it is followed")
    func links() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "musc-links-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["root", "outside"] {
            try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
            try Data(ImageFixtures.bytes("png_type2_8bit.png")).write(to: folder.appending(path: "\(name)/a.png"))
        }
        let root = try #require(realpath(folder.appending(path: "root").path, nil))
        defer { free(root) }
        let options = DecodingOptions(root: FilePath(platformString: root))
        func kind(_ name: String, linkedTo target: String) throws -> ImageError.Kind? {
            let link = folder.appending(path: "root/\(name)").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            do throws(ImageError) {
                _ = try RGBImage(contentsOf: FilePath(link), options: options)
                return nil
            } catch { return error.kind }
        }
        #expect(try kind("inside.png", linkedTo: "a.png") == nil)
        #expect(try kind("out.png", linkedTo: "../outside/a.png") == .leadsOutside)
        #expect(try kind("absolute.png", linkedTo: folder.appending(path: "outside/a.png").path) == .leadsOutside)
        // A folder whose name begins like the root's is another folder.
        try FileManager.default.moveItem(at: folder.appending(path: "outside"), to: folder.appending(path: "root2"))
        #expect(try kind("neighbour.png", linkedTo: "../root2/a.png") == .leadsOutside)
    }

    @Test("An unknown format says which formats are read")
    func unknown() {
        let error = Self.error(Array("GIMP xcf and so on".utf8))
        #expect(error?.kind == .unknownFormat)
        #expect(error?.description.hasPrefix("line3/a.jpg: ") == true)
        #expect(error?.description.contains("JPEG, PNG, TIFF, BMP and PNM") == true)
    }

    @Test(
        "A file cut anywhere before its end ends early, in every format",
        arguments: [
            "jpeg_422.jpg", "jpeg_optimised_progressive_grey.jpg", "jpeg_cmyk.jpg", "png_type2_8bit.png",
            "png_type6_16bit_interlaced.png", "bmp_8bit.bmp", "bmp_32bit.bmp", "bmp_rle8.bmp", "pnm_p6.ppm",
            "pnm_p4.pbm", "pnm_p5_16bit.pgm",
        ])
    func cut(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        // A JPEG of one scan lacks nothing but its end marker, two bytes, where these alone are missing.
        for length in stride(from: 18, to: bytes.count - 3, by: max(bytes.count / 97, 1)) {
            let error = try #require(Self.error(Array(bytes[..<length])), "\(length) of \(bytes.count) bytes")
            guard case .endsEarly = error.kind else {
                Issue.record("\(length) of \(bytes.count) bytes: \(error)")
                continue
            }
            #expect(error.description.contains("ends early"))
        }
    }

    @Test("A JPEG that was reserved before it was filled is an error, and bytes after its end are none")
    func jpegReserved() throws {
        let bytes = try ImageFixtures.bytes("jpeg_422.jpg")
        // What a file looks like that was reserved before it was filled.
        let reserved = Array(bytes[..<(bytes.count / 2)]) + [UInt8](repeating: 0, count: bytes.count)
        #expect(Self.error(reserved) != nil)
        #expect(Self.error(bytes + [1, 2, 3]) == nil, "bytes after the end do no harm")
    }

    @Test("A TIFF cut in its pixels is an error")
    func tiffCut() throws {
        for name in ["tiff_rgb_tiff_lzw.tif", "tiff_tiles.tif", "tiff_rgb_jpeg.tif", "tiff_16bit_grey.tif"] {
            let bytes = try ImageFixtures.bytes(name)
            for length in stride(from: 8, to: bytes.count - 1, by: max(bytes.count / 97, 1)) {
                // libtiff may put what follows the pixels last, so that the shortest cuts lose nothing that is read.
                if length > bytes.count * 9 / 10 { continue }
                #expect(Self.error(Array(bytes[..<length])) != nil, "\(name): \(length) of \(bytes.count) bytes")
            }
        }
    }

    @Test("A PNG header of 60,000 × 60,000 pixels is refused before anything is allocated")
    func pngBomb() {
        let header = Array("IHDR".utf8) + Self.bigEndian(60_000) + Self.bigEndian(60_000) + [8, 2, 0, 0, 0]
        let data = Array("IDAT".utf8) + [0x78, 0x9C]
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        bytes += Self.bigEndian(13) + header + Self.bigEndian(Self.checksum(header))
        bytes += Self.bigEndian(2) + data + Self.bigEndian(Self.checksum(data))
        let error = Self.error(bytes)
        #expect(error?.kind == .tooManyPixels(width: 60_000, height: 60_000, limit: 200_000_000))
        #expect(error?.description.contains("60000 × 60000") == true)
    }

    @Test("Enormous headers of BMP, PNM, TIFF and JPEG are refused")
    func otherBombs() throws {
        func isRefused(_ bytes: [UInt8]) -> Bool {
            guard case .tooManyPixels? = Self.error(bytes)?.kind else { return false }
            return true
        }
        var bmp = Array(try ImageFixtures.bytes("bmp_32bit.bmp"))
        bmp.replaceSubrange(18..<26, with: Self.littleEndian(0x7FFF_FFFF) + Self.littleEndian(0x7FFF_FFFF))
        #expect(isRefused(bmp))
        #expect(
            Self.error(Array("P5\n100000000 1\n255\n".utf8))?.kind
                == .sideTooLong(width: 100_000_000, height: 1, limit: 1_000_000))
        #expect(isRefused(Array("P6\n999999999 999999999\n255\n".utf8)))
        #expect(isRefused(Array("P1\n60000 60000\n".utf8)))
        var jpeg = try ImageFixtures.bytes("jpeg_422.jpg")
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
        #expect(isRefused(jpeg))
        // A classic TIFF of one directory: width, height, and the few tags libtiff asks for.
        var tiff: [UInt8] = [0x49, 0x49, 0x2A, 0] + Self.littleEndian(8) + [5, 0]
        for (tag, value) in [(256, 60_000), (257, 60_000), (258, 8), (262, 1), (273, 100)] {
            tiff += [UInt8(tag & 255), UInt8(tag >> 8), 4, 0] + Self.littleEndian(1) + Self.littleEndian(value)
        }
        #expect(isRefused(tiff + [0, 0, 0, 0]))
    }

    @Test("Limits are the caller's to set")
    func limits() throws {
        let path = ImageFixtures.path("jpeg_422.jpg")
        let tooTight = [
            DecodingLimits(maxPixels: 35 * 47 - 1), DecodingLimits(maxSide: 46), DecodingLimits(maxFileBytes: 500),
        ]
        for options in tooTight.map({ DecodingOptions(limits: $0) }) {
            #expect(throws: ImageError.self) { try RGBImage(contentsOf: path, options: options) }
            #expect(throws: ImageError.self) { try ImageHeader(contentsOf: path, options: options) }
        }
        let enough = DecodingLimits(maxPixels: 35 * 47, maxSide: 47)
        _ = try RGBImage(contentsOf: path, options: DecodingOptions(limits: enough))
        // Sizes must not overflow, however generous the limits.
        let generous = DecodingOptions(limits: DecodingLimits(maxPixels: .max, maxSide: .max, maxFileBytes: .max))
        #expect(Self.error(Array("P6\n999999999 999999999\n65535\n".utf8), generous) != nil)
    }

    @Test("Images without pixels are damaged")
    func zeroSizes() throws {
        #expect(Self.error(Array("P5\n0 7\n255\n".utf8))?.kind == .damaged(.pnm, "the image is 0 × 7 pixels"))
        var bmp = try ImageFixtures.bytes("bmp_32bit.bmp")
        bmp.replaceSubrange(22..<26, with: [0, 0, 0, 0])
        #expect(Self.error(bmp) != nil)
        var png = try ImageFixtures.bytes("png_type2_8bit.png")
        png.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        png.replaceSubrange(29..<33, with: Self.bigEndian(Self.checksum(Array(png[12..<29]))))
        #expect(Self.error(png) != nil)
        var jpeg = try ImageFixtures.bytes("jpeg_422.jpg")
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange((frame + 7)..<(frame + 9), with: [0, 0])
        #expect(Self.error(jpeg) != nil)
    }

    @Test("A PNG with a wrong checksum is damaged, and the error says what to do")
    func checksums() throws {
        var bytes = try ImageFixtures.bytes("png_type2_8bit.png")
        bytes[bytes.count - 20] ^= 0x10
        let error = Self.error(bytes)
        guard case .damaged(.png, _)? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("Copy it again") == true)
    }

    @Test("What is not read is named")
    func unsupported() throws {
        var bmp = try ImageFixtures.bytes("bmp_24bit_top_down.bmp")
        bmp[30] = 4
        #expect(Self.error(bmp)?.kind == .unsupported(.bmp, "compression 4"))
        var jpeg = try ImageFixtures.bytes("jpeg_422.jpg")
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg[frame + 4] = 12
        guard case .unsupported(.jpeg, _)? = Self.error(jpeg)?.kind else {
            Issue.record("twelve bits")
            return
        }
    }

    @Test("Control characters in a name do not reach the terminal")
    func names() {
        #expect(ImageError(file: "a\u{1B}[2Jb\n.jpg", kind: .empty).file == "a\u{FFFD}[2Jb\u{FFFD}.jpg")
    }

    @Test("A progressive JPEG that repeats a scan without end is refused")
    func endlessScans() throws {
        let bytes = try ImageFixtures.bytes("jpeg_optimised_progressive_grey.jpg")
        let scans = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
        let last = try #require(scans.last)
        let scan = Array(bytes[last..<(bytes.count - 2)])
        var bomb = Array(bytes[..<(bytes.count - 2)])
        for _ in 0..<2000 { bomb += scan }
        bomb += [0xFF, 0xD9]
        #expect(Self.error(bomb) != nil)
    }
}
