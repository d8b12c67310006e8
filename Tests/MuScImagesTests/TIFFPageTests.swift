import Foundation
import MuScImages
import SystemPackage
import Testing

/// Which directories of a TIFF are images: pages, thumbnails, masks, and what camera raw looks like.
@Suite("Pages of a TIFF")
struct TIFFPageTests {
    static let small = TIFFBuilder.grey([9, 9], width: 2)
    static let first = TIFFBuilder.grey([1, 2, 3, 4, 5, 6], width: 3)
    static let second = TIFFBuilder.grey([6, 5, 4, 3, 2, 1], width: 3)

    /// A page that says what it is: 1 a reduced copy, 2 a page of many, 4 a mask.
    static func page(_ page: TIFFBuilder.Page, kind: Int, photometric: Int = 1) -> TIFFBuilder.Page {
        var page = page
        page.fields.append((254, 4, TIFFBuilder.little(kind, 4)))
        page.photometric = photometric
        return page
    }

    func decode(_ pages: [TIFFBuilder.Page], page: Int = 0, name: String = "a.tif") throws(ImageError) -> GrayImage {
        try GrayImage(decoding: TIFFBuilder(pages: pages).bytes, name: name, options: DecodingOptions(page: page))
    }

    func peek(_ pages: [TIFFBuilder.Page]) throws -> FilePeek {
        let path = FileManager.default.temporaryDirectory.appending(path: "musc-peek-\(UUID().uuidString).tif").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(TIFFBuilder(pages: pages).bytes).write(to: URL(filePath: path))
        return FilePeek(FilePath(path))
    }

    @Test("Each page of a stack is an image of its own")
    func stack() throws {
        let stack = [Self.first, Self.page(Self.second, kind: 2), Self.first]
        #expect(try decode(stack).pixels == [1, 2, 3, 4, 5, 6])
        #expect(try decode(stack, page: 1).pixels == [6, 5, 4, 3, 2, 1])
        let error = #expect(throws: ImageError.self) { try decode(stack, page: 3) }
        #expect(error?.description.contains("page 4 is missing") == true)
        let peek = try peek(stack)
        #expect(peek.pages == 3 && !peek.pagesDiffer && !peek.isDeep)
    }

    @Test("Thumbnails, reduced copies and masks are no pages, wherever they stand")
    func reduced() throws {
        let pages = [
            Self.page(Self.small, kind: 1), Self.first, Self.page(Self.small, kind: 1), Self.page(Self.second, kind: 4, photometric: 4),
        ]
        #expect(try decode(pages).pixels == [1, 2, 3, 4, 5, 6])
        #expect(try peek(pages).pages == 1)
    }

    @Test("A thumbnail whose photograph lies in a directory below gives the photograph")
    func below() throws {
        var thumbnail = Self.page(Self.small, kind: 1)
        thumbnail.below = [Self.first]
        #expect(try decode([thumbnail]).pixels == [1, 2, 3, 4, 5, 6])
        // And a preview below a photograph is none of the batch's images.
        var photograph = Self.first
        photograph.below = [Self.small]
        #expect(try decode([photograph]).pixels == [1, 2, 3, 4, 5, 6])
        #expect(try peek([photograph]).pages == 1)
    }

    @Test("Pages of other sizes and kinds are noticed")
    func different() throws {
        #expect(try peek([Self.first, Self.small]).pagesDiffer)
        let deep = try peek([Self.first, TIFFBuilder.grey16([1, 2, 3, 4, 5, 6], width: 3)])
        #expect(deep.pagesDiffer && deep.isDeep && deep.pages == 2)
    }

    @Test("Camera raw is told by what it holds, also under the name of a TIFF")
    func raw() throws {
        var thumbnail = Self.page(Self.small, kind: 1)
        thumbnail.below = [Self.page(TIFFBuilder.grey16([1, 2, 3, 4], width: 2), kind: 0, photometric: 32803)]
        var dng = Self.first
        dng.fields.append((50706, 1, [1, 4, 0, 0]))
        for pages in [[thumbnail], [dng], [Self.page(Self.first, kind: 0, photometric: 34892)]] {
            let error = #expect(throws: ImageError.self) { try decode(pages) }
            #expect(error?.kind == .unreadFormat(.cameraRaw))
        }
    }

    @Test("Directories that lead back to themselves, or nowhere, end the list")
    func loops() throws {
        var bytes = TIFFBuilder(pages: [Self.first, Self.second]).bytes
        let start = Int(bytes[4]) | Int(bytes[5]) << 8
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: TIFFBuilder.little(start, 4))
        #expect(try GrayImage(decoding: bytes, name: "a.tif").pixels == [1, 2, 3, 4, 5, 6])
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0xF0, 0xFF, 0xFF, 0x7F])
        #expect(try GrayImage(decoding: bytes, name: "a.tif", options: DecodingOptions(page: 1)).pixels == [6, 5, 4, 3, 2, 1])
    }
}
