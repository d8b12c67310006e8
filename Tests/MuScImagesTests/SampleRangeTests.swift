import Foundation
import MuScImages
import SystemPackage
import Testing

/// One range for a batch, from files that are made on the spot.
@Suite("One range for a batch")
struct SampleRangeTests {
    /// Files of a folder that is gone with the test.
    final class Files {
        let folder = FileManager.default.temporaryDirectory.appending(path: "musc-range-\(UUID().uuidString)")
        private(set) var sources: [SampleSurvey.Source] = []

        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: folder) }

        @discardableResult
        func add(_ bytes: [UInt8], _ ending: String) throws -> Files {
            let url = folder.appending(path: "\(sources.count).\(ending)")
            try Data(bytes).write(to: url)
            sources.append(SampleSurvey.Source(path: FilePath(url.path)))
            return self
        }

        var survey: SampleSurvey { SampleSurvey(sources, threads: 2) }

        func pixels(_ range: SampleRange) throws -> [[UInt8]] {
            try sources.map {
                try GrayImage(
                    contentsOf: $0.path, options: DecodingOptions(sampleScaling: range.scaling ?? .fullRange, page: $0.page)
                ).pixels
            }
        }
    }

    static let eight: [UInt8] = (0..<256).map { UInt8($0) }

    /// The 8-bit values with so many bits, in the lower or the upper bits of 16, with noise in the bits that are new.
    static func samples(bits: Int, isLeftAligned: Bool, noise: Bool) -> [UInt16] {
        eight.map { value in
            let low = noise ? UInt16((Int(value) * 7) % (1 << (bits - 8))) : 0
            return (UInt16(value) << (bits - 8) | low) << (isLeftAligned ? 16 - bits : 0)
        }
    }

    enum Container: String, CaseIterable { case tiff, png, pgm }

    static func file(_ samples: [UInt16], _ container: Container) throws -> [UInt8] {
        switch container {
        case .tiff: TIFFBuilder(pages: [TIFFBuilder.grey16(samples, width: 16)]).bytes
        case .png:
            try FloatImage(width: 16, height: samples.count / 16, samples: samples.map { Float($0) }).png16Encoded(range: 0...65535)
        case .pgm:
            Array("P5\n16 \(samples.count / 16)\n65535\n".utf8) + samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        }
    }

    @Test(
        "10, 12, 14 and 16 bits in files of 16, right- or left-aligned, read as the camera's own 8-bit images",
        arguments: Container.allCases, [8, 10, 12, 14, 16])
    func depths(container: Container, bits: Int) throws {
        for isLeftAligned in [false, true] {
            for noise in [false, true] {
                let files = try Files().add(
                    Self.file(Self.samples(bits: bits, isLeftAligned: isLeftAligned, noise: noise), container), container.rawValue)
                let range = files.survey.range
                #expect(range == (isLeftAligned || bits == 16 ? .full : .fixed(low: 0, high: Double(1 << bits) - 1)))
                #expect(try files.pixels(range) == [Self.eight])
            }
        }
    }

    @Test("Bits between them are taken for the camera's next depth, alike in all images", arguments: Container.allCases, [9, 11, 13, 15])
    func between(container: Container, bits: Int) throws {
        for noise in [false, true] {
            func file(isLeftAligned: Bool) throws -> Files {
                try Files().add(
                    Self.file(Self.samples(bits: bits, isLeftAligned: isLeftAligned, noise: noise), container), container.rawValue)
            }
            let (right, left) = (try file(isLeftAligned: false), try file(isLeftAligned: true))
            #expect(try right.pixels(right.survey.range) == [Self.eight.map { $0 >> 1 }])
            #expect(try left.pixels(left.survey.range) == [Self.eight])
        }
    }

    @Test("One image decides for all: a dark one does not become bright")
    func shared() throws {
        let files = try Files()
            .add(Self.file(Array(repeating: 100, count: 16), .tiff), "tif")
            .add(Self.file(Array(repeating: 3000, count: 16), .png), "png")
        #expect(files.survey.range == .fixed(low: 0, high: 4095))
        #expect(try files.pixels(files.survey.range).map { $0[0] } == [6, 187])
    }

    @Test("A dark batch keeps the depth that its files speak of")
    func saidLargest() throws {
        var page = TIFFBuilder.grey16(Array(repeating: 500, count: 16), width: 16)
        page.fields = [(281, 3, [0xFF, 0x0F])]
        #expect(try Files().add(TIFFBuilder(pages: [page]).bytes, "tif").survey.range == .fixed(low: 0, high: 4095))
        page.fields = [(281, 3, [0xFF, 0xFF])]
        #expect(try Files().add(TIFFBuilder(pages: [page]).bytes, "tif").survey.range == .fixed(low: 0, high: 1023))
    }

    @Test("A PGM says its largest value, and has the full range already; a given range is in its own numbers")
    func maximum() throws {
        let pgm = Array("P5\n3 1\n4095\n".utf8) + [0, 0, 8, 0, 15, 255]
        let files = try Files().add(pgm, "pgm")
        #expect(files.survey.findsDeep && files.survey.range == .full)
        #expect(try files.pixels(.full) == [[0, 128, 255]])
        #expect(try files.pixels(.fixed(low: 0, high: 4095)) == [[0, 128, 255]])
        #expect(try files.pixels(.fixed(low: 1024, high: 3072)) == [[0, 128, 255]])
    }

    @Test("Samples above a PGM's largest value are refused with what may be wrong", arguments: [1023, 4095])
    func swappedBytes(largest: Int) throws {
        let values: [UInt16] = (0..<16).map { UInt16($0) * 64 }
        // The low byte first, as no PGM has it.
        let file = Array("P5\n4 4\n\(largest)\n".utf8) + TIFFBuilder.little(values)
        let error = #expect(throws: ImageError.self) { try GrayImage(decoding: file, name: "a.pgm") }
        #expect(error?.description.contains("bytes in the wrong order") == true)
    }

    @Test("Files of 8 bits have no range, are not read for one, and keep their pixels under any")
    func eightBits() throws {
        let files = try Files()
            .add(ImageFixtures.bytes("jpeg_422.jpg"), "jpg").add(ImageFixtures.bytes("png_type2_8bit.png"), "png")
            .add(ImageFixtures.bytes("tiff_big.tif"), "tif").add(ImageFixtures.bytes("bmp_grey.bmp"), "bmp")
            .add(ImageFixtures.bytes("pnm_p5.pgm"), "pgm").add(ImageFixtures.bytes("tiff_bilevel_group4.tif"), "tif")
        #expect(!files.survey.findsDeep && files.survey.range == .full && files.survey.deep.isEmpty)
        #expect(try files.pixels(.full) == files.pixels(.fixed(low: 0, high: 1023)))
    }

    @Test("A height map is spread over what nearly all values lie in; holes and infinity do not count")
    func maps() throws {
        var values = (0..<10_000).map { 5 + Double($0) / 10_000 }
        values[17] = .nan
        values[18] = .infinity
        values[19] = -.infinity
        values[20] = 1e6
        let files = try Files().add(TIFFBuilder(pages: [TIFFBuilder.float(values, width: 100)]).bytes, "tif")
        guard case .fixed(let low, let high) = files.survey.range else {
            Issue.record("no range: \(files.survey.range)")
            return
        }
        #expect(low == 5 && high > 6 && high < 6.3)
        let pixels = try files.pixels(files.survey.range)[0]
        #expect(pixels[17] == 0 && pixels[18] == 255 && pixels[19] == 0 && pixels[20] == 255)
        #expect(pixels[9999] > 190 && pixels[5000] > 95)
    }

    @Test("All maps of a batch share a range; flat ones and ones of holes alone end well")
    func mapsTogether() throws {
        let low = TIFFBuilder.float((0..<100).map { Double($0) }, width: 10)
        let high = TIFFBuilder.float((0..<100).map { 100 + Double($0) }, width: 10)
        let holes = TIFFBuilder.float(Array(repeating: .nan, count: 100), width: 10)
        let files = try Files().add(TIFFBuilder(pages: [low]).bytes, "tif").add(TIFFBuilder(pages: [high]).bytes, "tif")
            .add(TIFFBuilder(pages: [holes]).bytes, "tif")
        #expect(files.survey.range == .fixed(low: 0, high: 199))
        let flat = try Files().add(TIFFBuilder(pages: [TIFFBuilder.float(Array(repeating: 7, count: 4), width: 2)]).bytes, "tif")
        #expect(try flat.pixels(flat.survey.range) == [[0, 0, 0, 0]])
        let none = try Files().add(TIFFBuilder(pages: [holes]).bytes, "tif")
        #expect(try none.pixels(none.survey.range)[0].allSatisfy { $0 == 0 })
    }

    @Test("A batch of several depths says so, and names one that is deeper")
    func mixed() throws {
        let files = try Files().add(ImageFixtures.bytes("png_type0_8bit.png"), "png")
            .add(Self.file(Array(repeating: 900, count: 16), .tiff), "tif")
        #expect(files.survey.range == .fixed(low: 0, high: 1023))
        #expect(files.survey.deep == ["1.tif"] && files.survey.shallow == 1 && !files.survey.mixesKinds)
        try files.add(TIFFBuilder(pages: [TIFFBuilder.float([0, 2000], width: 2)]).bytes, "tif")
        #expect(files.survey.mixesKinds && files.survey.range == .fixed(low: 0, high: 2000))
    }

    @Test("A range is read as it is written")
    func text() {
        for text in ["auto", "full", "0,4095", "-1.5,2.25", "1e-07,3"] {
            #expect(SampleRange(text)?.description == text, "\(text)")
        }
        #expect(SampleRange("[0, 4095]") == .fixed(low: 0, high: 4095))
        for text in ["", "1", "2,1", "1,1", "0,inf", "0,1,2", "a,b", "nan,1"] { #expect(SampleRange(text) == nil, "\(text)") }
    }

    @Test("Whatever cannot be read changes nothing")
    func unreadable() throws {
        let files = try Files().add(Array("rubbish".utf8), "tif").add([], "png")
            .add(Array(Self.file(Array(repeating: 900, count: 64), .tiff).prefix(40)), "tif")
        #expect(files.survey.range == .full)
    }
}
