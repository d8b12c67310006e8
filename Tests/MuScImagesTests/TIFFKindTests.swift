import MuScImages
import Testing

/// Kinds of TIFF that cameras and instruments write, each made on the spot.
@Suite("Kinds of TIFF")
struct TIFFKindTests {
    static func grey(
        _ page: TIFFBuilder.Page, _ scaling: SampleScaling = .fullRange, name: String = "a.tif"
    ) throws(ImageError) -> [UInt8] {
        try GrayImage(
            decoding: TIFFBuilder(pages: [page]).bytes, name: name, options: DecodingOptions(sampleScaling: scaling)
        ).pixels
    }

    @Test("Signed and 32-bit whole numbers are taken over their type's range, or over the one that is given", arguments: [8, 16, 32])
    func signed(bits: Int) throws {
        let low = -(1 << (bits - 1))
        let values = [low, low / 2, -1, 0, -low / 2, -low - 1]
        let bytes = values.flatMap { TIFFBuilder.little($0, bits / 8) }
        let page = TIFFBuilder.Page(width: 6, height: 1, bits: bits, format: 2, planes: [bytes])
        // Three quarters up are 192 of 255, but 191.25 where the type has more steps.
        #expect(try Self.grey(page) == [0, 64, 127, 128, bits == 8 ? 192 : 191, 255])
        #expect(try Self.grey(page, .range(low: 0, high: Double(-low / 2))) == [0, 0, 0, 0, 255, 255])
    }

    @Test("Unsigned 32-bit numbers are read")
    func unsigned32() throws {
        let page = TIFFBuilder.Page(width: 3, height: 1, bits: 32, planes: [TIFFBuilder.little([UInt32(0), 1 << 31, .max])])
        #expect(try Self.grey(page) == [0, 128, 255])
        #expect(try Self.grey(page, .range(low: 0, high: 1)) == [0, 255, 255])
    }

    @Test("Half, single and double precision give the same picture", arguments: [16, 32, 64])
    func precisions(bits: Int) throws {
        let page = TIFFBuilder.float([0, 0.25, 0.5, 1], width: 4, bits: bits)
        #expect(try Self.grey(page) == [0, 64, 128, 255])
        let map = TIFFBuilder.float([-4, 0, 4, .nan, .infinity, -.infinity], width: 6, bits: bits)
        #expect(try Self.grey(map, .range(low: -4, high: 4)) == [0, 128, 255, 0, 255, 0])
    }

    @Test("Values outside 0 to 1 without a range name the key that gives one; what is no number is black")
    func outside() throws {
        let error = #expect(throws: ImageError.self) { try Self.grey(TIFFBuilder.float([0, 20], width: 2)) }
        #expect(error?.kind == .outsideRange(.tiff))
        #expect(error?.description.contains("images.range") == true)
        #expect(try Self.grey(TIFFBuilder.float([.nan, 1], width: 2)) == [0, 255])
    }

    @Test("Colours of floating-point and signed numbers are read, pixel by pixel or plane by plane")
    func colours() throws {
        let (red, green, blue) = ([0.0, 1, 0.5], [0.25, 0, 1], [1, 0.5, 0.0])
        func bytes(_ values: [Double]) -> [UInt8] { TIFFBuilder.little(values.map { Float($0).bitPattern }) }
        let whole = (0..<3).flatMap { [red[$0], green[$0], blue[$0]] }
        let expected: [UInt8] = [0, 64, 255, 255, 0, 128, 128, 255, 0]
        for page in [
            TIFFBuilder.Page(width: 3, height: 1, bits: 32, format: 3, samples: 3, photometric: 2, planes: [bytes(whole)]),
            TIFFBuilder.Page(
                width: 3, height: 1, bits: 32, format: 3, samples: 3, photometric: 2, planar: 2,
                planes: [bytes(red), bytes(green), bytes(blue)]),
        ] {
            #expect(try RGBImage(decoding: TIFFBuilder(pages: [page]).bytes, name: "a.tif").pixels == expected)
        }
    }

    @Test("Where 0 is white, deep samples are turned round after they are scaled")
    func whiteIsZero() throws {
        var page = TIFFBuilder.grey16([0, 2048, 4095], width: 3)
        page.photometric = 0
        #expect(try Self.grey(page, .significantBits(12)) == [255, 127, 0])
        var map = TIFFBuilder.float([0, 1], width: 2)
        map.photometric = 0
        #expect(try Self.grey(map) == [255, 0])
    }

    @Test("Premultiplied alpha of 16 bits is undone")
    func premultiplied() throws {
        let pixels: [UInt16] = [16384, 8192, 0, 32768, 100, 200, 300, 0]
        var page = TIFFBuilder.Page(
            width: 2, height: 1, bits: 16, samples: 4, photometric: 2, planes: [TIFFBuilder.little(pixels)])
        page.fields = [(338, 3, [1, 0])]
        #expect(try RGBImage(decoding: TIFFBuilder(pages: [page]).bytes, name: "a.tif").pixels == [127, 63, 0, 0, 0, 0])
    }

    @Test("Premultiplied alpha is undone beside grey, in planes of its own, and in 8 bits", arguments: [8, 16])
    func premultipliedElsewhere(bits: Int) throws {
        // Colours of 200 and 40 under an alpha of a half, of nothing, and of all.
        let scale = bits == 16 ? 257 : 1
        let (first, second, alpha) = ([100, 0, 200], [20, 0, 40], [128, 0, 255])
        func plane(_ values: [Int]) -> [UInt8] { values.flatMap { TIFFBuilder.little($0 * scale, bits / 8) } }
        func whole(_ planes: [[Int]]) -> [UInt8] { (0..<3).flatMap { place in planes.flatMap { plane([$0[place]]) } } }
        let field: [(tag: Int, type: Int, bytes: [UInt8])] = [(338, 3, [1, 0])]
        let grey = TIFFBuilder.Page(width: 3, height: 1, bits: bits, samples: 2, planes: [whole([first, alpha])], fields: field)
        #expect(try Self.grey(grey) == [199, 0, 200])
        let apart = TIFFBuilder.Page(
            width: 3, height: 1, bits: bits, samples: 4, photometric: 2, planar: 2, planes: [first, second, first, alpha].map(plane),
            fields: field)
        let together = TIFFBuilder.Page(
            width: 3, height: 1, bits: bits, samples: 4, photometric: 2, planes: [whole([first, second, first, alpha])], fields: field)
        for page in [apart, together] {
            let pixels = try RGBImage(decoding: TIFFBuilder(pages: [page]).bytes, name: "a.tif").pixels
            #expect(pixels == [199, 39, 199, 0, 0, 0, 200, 40, 200])
        }
    }

    @Test("CIELAB and planar CMYK are converted")
    func converted() throws {
        let lab = TIFFBuilder.Page(width: 2, height: 1, samples: 3, photometric: 8, planes: [[255, 0, 0, 0, 0, 0]])
        let pixels = try RGBImage(decoding: TIFFBuilder(pages: [lab]).bytes, name: "a.tif").pixels
        #expect(pixels[..<3].allSatisfy { $0 > 250 } && pixels[3...].allSatisfy { $0 < 5 })
        let cmyk = TIFFBuilder.Page(
            width: 2, height: 1, samples: 4, photometric: 5, planar: 2, planes: [[0, 255], [0, 0], [0, 0], [0, 0]],
            fields: [(332, 3, [1, 0])])
        let colours = try RGBImage(decoding: TIFFBuilder(pages: [cmyk]).bytes, name: "a.tif").pixels
        #expect(colours == [255, 255, 255, 0, 255, 255])
    }

    @Test("Planar YCbCr gives the pixels of the same samples side by side; with smaller planes of colour it is refused in words")
    func planarYCbCr() throws {
        let (luma, blue, red): ([UInt8], [UInt8], [UInt8]) = ([90, 16, 235, 128], [128, 128, 90, 200], [128, 128, 240, 60])
        func pixels(_ planar: Int, _ planes: [[UInt8]], subsampling: UInt8 = 1) throws -> [UInt8] {
            let page = TIFFBuilder.Page(
                width: 4, height: 1, samples: 3, photometric: 6, planar: planar, planes: planes, fields: [(530, 3, [subsampling, 0, 1, 0])])
            return try RGBImage(decoding: TIFFBuilder(pages: [page]).bytes, name: "a.tif").pixels
        }
        let whole = try pixels(1, [(0..<4).flatMap { [luma[$0], blue[$0], red[$0]] }])
        #expect(try pixels(2, [luma, blue, red]) == whole)
        #expect(whole[..<6] == [90, 90, 90, 16, 16, 16])
        let error = #expect(throws: ImageError.self) { try pixels(2, [luma, [128, 90], [128, 240]], subsampling: 2) }
        #expect(error?.description.contains("planes of YCbCr, of which those of colour are smaller") == true)
        // Side by side: two of luma, then the chroma that both have.
        #expect(try pixels(1, [[90, 16, 128, 128, 235, 128, 90, 240]], subsampling: 2)[..<6] == [90, 90, 90, 16, 16, 16])
    }

    @Test("A fax image that does not say what is white has white paper")
    func fax() throws {
        // Eight white pixels in a row: the code 10011.
        let page = TIFFBuilder.Page(width: 8, height: 1, bits: 1, photometric: nil, compression: 2, planes: [[0x98]])
        #expect(try Self.grey(page) == Array(repeating: 255, count: 8))
    }

    @Test("A file cut within its palette is not taken for grey")
    func palette() throws {
        let map = (0..<768).flatMap { TIFFBuilder.little($0 * 85, 2) }
        let page = TIFFBuilder.Page(width: 2, height: 1, photometric: 3, planes: [[0, 1]], fields: [(320, 3, map)])
        let bytes = TIFFBuilder(pages: [page]).bytes
        #expect(try RGBImage(decoding: bytes, name: "a.tif").pixels.count == 6)
        // The palette's bytes go missing, and with them what the directory's offset means.
        var cut = bytes
        let offset = try #require(cut.indices.first { cut[$0...].starts(with: [0x40, 0x01, 3, 0, 0, 3, 0, 0]) })
        cut.replaceSubrange(offset + 8..<offset + 12, with: [0, 0, 0, 0x10])
        #expect(throws: ImageError.self) { try RGBImage(decoding: cut, name: "a.tif") }
    }

    @Test("What is not read is called by its name, and the words say what to save instead")
    func words() throws {
        func error(_ change: (inout TIFFBuilder.Page) -> Void) -> String {
            var page = TIFFBuilder.grey([1, 2], width: 2)
            change(&page)
            do throws(ImageError) { _ = try Self.grey(page) } catch { return "\(error)" }
            return ""
        }
        #expect(error { $0.compression = 34712 }.contains("JPEG 2000"))
        #expect(error { $0.compression = 34661 }.contains("JBIG"))
        #expect(
            error {
                $0.photometric = 32845; $0.samples = 3
            }.contains("LogLuv"))
        #expect(
            error {
                $0.bits = 64; $0.planes = [Array(repeating: 0, count: 16)]
            }.contains("64-bit whole-number"))
        #expect(error { $0.compression = 34712 }.contains("8 or 16 unsigned bits"))
    }

    @Test("LZMA is read")
    func lzma() throws {
        let path = ImageFixtures.folder.removingLastComponent().appending("fuzz/tiff_lzma.tif")
        #expect(try GrayImage(contentsOf: path).pixels == Array(0..<16))
    }

    @Test("Old-style JPEG is read from its whole stream")
    func oldJPEG() throws {
        let stream = try ImageFixtures.bytes("jpeg_422.jpg")
        let scan = try #require(stream.indices.first { stream[$0...].starts(with: [0xFF, 0xDA]) })
        var page = TIFFBuilder.Page(width: 47, height: 35, samples: 3, photometric: 6, compression: 6, planes: [Array(stream[scan...])])
        page.fields = [(513, 4, TIFFBuilder.little(0, 4)), (514, 4, TIFFBuilder.little(stream.count, 4)), (530, 3, [2, 0, 1, 0])]
        var bytes = TIFFBuilder(pages: [page]).bytes
        let entry = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x01, 0x02, 4, 0, 1, 0, 0, 0]) })
        bytes.replaceSubrange(entry + 8..<entry + 12, with: TIFFBuilder.little(bytes.count, 4))
        bytes += stream
        let image = try RGBImage(decoding: bytes, name: "a.tif")
        let direct = try RGBImage(decoding: stream, name: "a.jpg")
        let difference = zip(image.pixels, direct.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(image.width == 47 && difference < 12 * image.pixels.count)
    }
}
