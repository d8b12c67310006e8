import MuScImages
import Testing

@Suite("Resampling")
struct ResamplingTests {
    static let entries: [String] = (ImageFixtures.expected?.names ?? []).filter { $0.split(separator: "/").count == 4 }

    @Test("Every filter resizes to any size as Pillow does", arguments: entries)
    func pillow(entry: String) throws {
        let parts = entry.split(separator: "/").map(String.init)
        let filter: ResamplingFilter = try #require(["box": .box, "bilinear": .bilinear, "bicubic": .bicubic][parts[2]])
        let isEqual: Bool
        if parts[1] == "l" {
            let expected = try ImageFixtures.grey(entry)
            isEqual =
                try GrayImage(contentsOf: ImageFixtures.path(parts[0]))
                .resized(width: expected.width, height: expected.height, filter: filter) == expected
        } else {
            let expected = try ImageFixtures.rgb(entry)
            isEqual =
                try RGBImage(contentsOf: ImageFixtures.path(parts[0]))
                .resized(width: expected.width, height: expected.height, filter: filter) == expected
        }
        #expect(isEqual)
    }

    @Test("There are expectations for grey and colour")
    func present() { #expect(Self.entries.count == 36) }

    @Test("A constant image stays constant at any size", arguments: ResamplingFilter.allCases)
    func constant(filter: ResamplingFilter) {
        let image = RGBImage(width: 37, height: 5, pixels: (0..<(37 * 5 * 3)).map { [0, 131, 255][$0 % 3] })
        for (width, height) in [(1, 1), (2, 3), (100, 100), (37, 9), (8, 5)] {
            let resized = image.resized(width: width, height: height, filter: filter)
            #expect(resized.pixels == (0..<(width * height * 3)).map { [0, 131, 255][$0 % 3] })
        }
    }

    @Test("The same size gives the same image")
    func identity() {
        let image = GrayImage(width: 3, height: 2, pixels: [9, 200, 3, 4, 255, 0])
        #expect(image.resized(width: 3, height: 2, filter: .bicubic) == image)
    }
}
