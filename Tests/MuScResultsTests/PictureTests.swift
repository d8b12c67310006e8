import Foundation
import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import Testing

struct AnomalyMapTests {
    @Test("Upsampling lays corner patches on corner pixels, as align_corners=True does")
    func alignCorners() {
        let map = AnomalyMap(grid: PatchGrid(width: 2, height: 2), values: [0, 1, 2, 3])
        // torch.nn.functional.interpolate([[0, 1], [2, 3]], size=(3, 4), mode="bilinear", align_corners=True)
        let expected: [Float] = [0, 1 / 3, 2 / 3, 1, 1, 4 / 3, 5 / 3, 2, 2, 7 / 3, 8 / 3, 3]
        for (value, wanted) in zip(map.resized(width: 4, height: 3), expected) { #expect(abs(value - wanted) < 1e-6) }
    }

    @Test("A map at its own size is itself")
    func sameSize() {
        let values = (0..<20).map { Float($0 * $0 % 7) }
        #expect(AnomalyMap(grid: PatchGrid(width: 5, height: 4), values: values).resized(width: 5, height: 4) == values)
    }

    @Test("One patch fills the picture, and one pixel takes the first patch")
    func extremes() {
        #expect(
            AnomalyMap(grid: PatchGrid(width: 1, height: 1), values: [0.5]).resized(width: 3, height: 2) == Array(repeating: 0.5, count: 6))
        #expect(AnomalyMap(grid: PatchGrid(width: 2, height: 2), values: [1, 2, 3, 4]).resized(width: 1, height: 1) == [1])
    }

    @Test("The range leaves out what is not a number")
    func range() {
        let range = AnomalyMap(grid: PatchGrid(width: 3, height: 1), values: [.nan, 0.25, 0.75]).range
        #expect(range == (0.25, 0.75))
    }
}

struct ColormapTests {
    @Test("Every map has 256 colours")
    func counts() {
        for map in Colormap.allCases { #expect(map.table.count == 768) }
    }

    @Test(
        "The maps agree with the published ones to within 6 of 255",
        arguments: [
            (Colormap.jet, [[0, 0, 128], [0, 77, 255], [26, 255, 230], [130, 255, 125], [230, 255, 26], [255, 77, 0], [128, 0, 0]]),
            (.turbo, [[48, 18, 59], [62, 155, 254], [70, 248, 132], [164, 252, 60], [225, 221, 55], [240, 91, 18], [122, 4, 3]]),
            (
                .viridis,
                [[68, 1, 84], [65, 68, 135], [42, 120, 142], [33, 145, 140], [34, 168, 132], [122, 209, 81], [253, 231, 37]]
            ),
            (.inferno, [[0, 0, 4], [66, 10, 104], [147, 38, 103], [188, 55, 84], [221, 81, 58], [252, 165, 10], [252, 255, 164]]),
            (.grey, [[0, 0, 0], [51, 51, 51], [102, 102, 102], [128, 128, 128], [153, 153, 153], [204, 204, 204], [255, 255, 255]]),
        ])
    func published(_ map: Colormap, _ colours: [[Int]]) {
        for (index, colour) in zip([0, 51, 102, 128, 153, 204, 255], colours) {
            for channel in 0..<3 {
                let difference = abs(Int(map.table[3 * index + channel]) - colour[channel])
                #expect(difference <= 6, "\(map) at \(index): \(map.table[3 * index..<3 * index + 3])")
            }
        }
    }

    @Test("The maps for colour-blind readers grow in lightness without a turn", arguments: [Colormap.viridis, .inferno, .grey])
    func lightness(_ map: Colormap) {
        let table = map.table.map(Double.init)
        let lightness = (0..<256).map { index -> Double in
            let red = 0.2126 * table[3 * index]
            let green = 0.7152 * table[3 * index + 1]
            return red + green + 0.0722 * table[3 * index + 2]
        }
        for (a, b) in zip(lightness, lightness.dropFirst(4)) { #expect(b > a - 0.5) }
    }
}

struct ColourScaleTests {
    @Test("What does not reach the threshold has no colour of the upper end, and what reaches it no other")
    func anchored() {
        for (low, high, threshold) in [(0.1, 0.9, 0.6), (0.1, 0.61, 0.6), (0.1, 0.3, 0.6), (0.5, 0.9, 0.2)] as [(Float, Float, Float)] {
            let scale = ColourScale(low: low, high: high, threshold: threshold)
            for step in 0...100 {
                let score = low + Float(step) / 100 * (high - low)
                let position = scale.position(score)
                #expect(score >= threshold ? position >= ColourScale.above : position <= ColourScale.below)
                #expect((0...1).contains(position))
            }
        }
    }

    @Test("Without a threshold nothing has a colour of the upper end")
    func noThreshold() {
        let scale = ColourScale(low: 0.1, high: 0.9, threshold: .infinity)
        #expect(scale.position(0.1) == 0 && abs(scale.position(0.9) - ColourScale.below) < 1e-6)
    }

    @Test("An even scale goes from 0 to 1, and one of no width is 0")
    func even() {
        #expect(ColourScale(low: 0, high: 2).position(0.5) == 0.25)
        #expect(ColourScale(low: 1, high: 1).position(1) == 0)
        #expect(ColourScale(low: 1, high: 1, threshold: .infinity).position(1) == 0)
        #expect(ColourScale(low: 1, high: 1, threshold: 1).position(1) == ColourScale.above)
    }

    @Test("The heat map covers more of the photograph the higher the value, and never all of it")
    func opacity() {
        let values = (0...255).map { HeatMapStyle.opacity(Double($0) / 255) }
        #expect(values == values.sorted() && values[0] == 0 && values[255] == 0.75)
    }
}

struct OverlayTests {
    private let photograph = RGBImage(width: 60, height: 40, pixels: [UInt8](repeating: 100, count: 60 * 40 * 3))
    private let map = AnomalyMap(grid: PatchGrid(width: 3, height: 1), values: [0, 0.5, 1])

    @Test("An overlay mixes the photograph with the map's colour by the documented opacity")
    func mix() {
        let picture = map.overlay(on: photograph, style: HeatMapStyle(low: 0, high: 1, colormap: .grey))
        #expect(picture.width == 60 && picture.height == 40)
        let first = Double(picture.pixels[0])
        let last = Double(picture.pixels[3 * 59])
        #expect(abs(first - 100 * (1 - HeatMapStyle.opacity(0))) <= 1)
        #expect(abs(last - (100 * (1 - HeatMapStyle.opacity(1)) + 255 * HeatMapStyle.opacity(1))) <= 1)
    }

    @Test("A constant map, and one with values that are no numbers, draws without harm")
    func degenerate() {
        let flat = AnomalyMap(grid: PatchGrid(width: 2, height: 2), values: [1, 1, 1, .nan])
        let style = HeatMapStyle(low: 1, high: 1, colormap: .jet, contour: 1)
        #expect(flat.overlay(on: photograph, style: style, peak: PixelPosition(x: 59, y: 39)).pixels.count == 60 * 40 * 3)
    }

    @Test("The contour runs where the map equals the threshold, and nowhere else")
    func contour() {
        let style = HeatMapStyle(low: 0, high: 1, colormap: .grey)
        var lined = style
        lined.contour = 0.5
        let without = map.overlay(on: photograph, style: style)
        let with = map.overlay(on: photograph, style: lined)
        let row = 60 * 20
        let changed = (0..<60).filter { x -> Bool in with.pixels[3 * (row + x)] != without.pixels[3 * (row + x)] }
        // Half-way between columns 0 and 59 lies 29.5.
        #expect(changed.contains(29) && changed.contains(30))
        #expect(changed.allSatisfy { (27...32).contains($0) })
        lined.contour = 1.5
        #expect(map.overlay(on: photograph, style: lined) == without)
    }
}

struct OverlayNamesTests {
    @Test("A picture is named after its image, without the extension")
    func plain() {
        let names = OverlayNames(["part_0001.jpg", "b.v2.tiff", "noextension", ".hidden"])
        #expect(
            (0..<4).map(names.overlay) == [
                "overlays/part_0001.png", "overlays/b.v2.png", "overlays/noextension.png", "overlays/.hidden.png",
            ])
        #expect(names.thumbnail(0) == "overlays/thumbs/part_0001.jpg")
    }

    @Test("Images that differ in extension or case alone keep their whole names")
    func collisions() {
        let names = OverlayNames(["a.jpg", "a.png", "B.jpg", "b.jpeg", "c.jpg"])
        #expect(
            (0..<5).map(names.overlay) == [
                "overlays/a.jpg.png", "overlays/a.png.png", "overlays/B.jpg.png", "overlays/b.jpeg.png", "overlays/c.png",
            ])
        let same = OverlayNames(["A.JPG", "a.jpg", "a.jpg.png"])
        #expect(Set((0..<3).map { same.overlay($0).lowercased() }).count == 3)
    }

    @Test("Slashes and very long names become file names")
    func unusual() {
        let long = String(repeating: "ü", count: 120) + ".jpg"
        let names = OverlayNames(["a/b.jpg", long, long])
        #expect(names.overlay(0) == "overlays/a%2Fb.png")
        #expect(names.overlay(1).utf8.count < 230)
        #expect(names.overlay(1) != names.overlay(2))
    }
}

struct RegionPictureTests {
    @Test("Outside the region the overlay is colourless, and colours span the region's scores alone")
    func greyed() {
        let grid = PatchGrid(width: 4, height: 2)
        let region = PatchRegion(grid: grid, contains: (0..<8).map { $0 % 4 < 2 })
        let map = AnomalyMap(grid: grid, values: [0.5, 0.7, 0, 0, 0.6, 0.9, 0, 0], region: region)
        #expect(map.range == (0.5, 0.9))
        let photograph = RGBImage(width: 40, height: 20, pixels: (0..<800).flatMap { _ in [200, 40, 40] as [UInt8] })
        let overlay = map.overlay(on: photograph, style: HeatMapStyle(low: 0.5, high: 0.9, colormap: .jet, contour: 0.65))
        for y in 0..<20 {
            for x in 0..<40 {
                let pixel = overlay.pixels[3 * (40 * y + x)..<3 * (40 * y + x) + 3]
                #expect((Set(pixel).count == 1) == (x >= 20) || x < 20)
            }
        }
        #expect(Set(overlay.pixels[0..<3]).count > 1)
    }

    @Test("A region is stored with the scores, and is there when the report is rendered again")
    func stored() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: (0..<8).map { "p\($0).png" }, folder: folder + "/batch", size: (900, 700))
            batch.restrict { x, y in x < 12 && y > 3 }
            try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: batch.folder)
            let results = folder + "/batch/_musc"
            let pages = try (0..<2).map { index in
                if index > 0 { try ReportRenderer(options: OutputOptions()).render(folder: batch.folder) }
                let page = try String(contentsOfFile: results + "/report.html", encoding: .utf8)
                let start = try #require(page.range(of: "\"region\":\""))
                return String(page[start.upperBound...].prefix(200))
            }
            #expect(pages[0] == pages[1])
            let crops = try FileManager.default.contentsOfDirectory(atPath: results + "/crops")
            #expect(crops.count == batch.scores.images.count { $0.flagged } && !crops.isEmpty)
        }
    }
}
