import Goldens
import MuScScoring
import MuScSupport
import Testing

@Suite("Regions of a map")
struct MapRegionsTests {
    /// A region by the definition: its pixels, flooded over all eight neighbours.
    private func flooded(_ map: [Float], width: Int, height: Int, cut: MapRegions.Cut) -> [[Int]] {
        floodedRegions(width: width, height: height) { map[$0] >= cut.low }
            .filter { region in region.contains { map[$0] >= cut.level } && region.count >= cut.leastArea }.map { $0.sorted() }
    }

    @Test("Regions of random maps are those of the definition, with their measures")
    func random() throws {
        var random = SeededGenerator(seed: 4)
        for number in 0..<300 {
            let (width, height) = (Int.random(in: 1...14, using: &random), Int.random(in: 1...14, using: &random))
            let map = (0..<width * height).map { _ -> Float in
                let score = Float.random(in: 0..<1, using: &random)
                return number % 3 == 0 ? (score * 3).rounded() / 3 : score
            }
            let cut = MapRegions.Cut(
                level: Float.random(in: 0.3..<1.1, using: &random), growth: [1, 0.7, 0.9][number % 3], leastArea: number % 4)
            let found = MapRegions(map: map, width: width, height: height, cut: cut)
            let expected = flooded(map, width: width, height: height, cut: cut)
            let pixels = found.regions.indices.map { index in
                found.runs.filter { $0.region == index }.flatMap { run in run.columns.map { run.y * width + $0 } }
            }
            #expect(Set(pixels) == Set(expected), "case \(number)")
            for (region, pixels) in zip(found.regions, pixels) {
                let xs = pixels.map { Double($0 % width) }, ys = pixels.map { Double($0 / width) }
                let count = Double(pixels.count)
                #expect(region.area == pixels.count && region.x == Int(xs.min() ?? -1) && region.y == Int(ys.min() ?? -1))
                #expect(
                    region.width == Int((xs.max() ?? 0) - (xs.min() ?? 0)) + 1
                        && region.height == Int((ys.max() ?? 0) - (ys.min() ?? 0)) + 1)
                #expect(abs(region.centroidX - xs.reduce(0, +) / count) < 1e-9 && abs(region.centroidY - ys.reduce(0, +) / count) < 1e-9)
                #expect(region.score == pixels.map { map[$0] }.max() && map[region.peakY * width + region.peakX] == region.score)
                #expect(abs(Double(region.meanScore) - pixels.reduce(0) { $0 + Double(map[$1]) } / count) < 1e-6)
                #expect(abs(region.share - count / Double(map.count)) < 1e-12 && region.elongation >= 1)
            }
            #expect(zip(found.regions, found.regions.dropFirst()).allSatisfy { $0.score >= $1.score })
            #expect(found.mask.count { $0 == 255 } == expected.reduce(0) { $0 + $1.count })
        }
    }

    @Test("A line is as elongated as it is long, a square not at all")
    func elongation() throws {
        func region(_ width: Int, _ height: Int) throws -> MapRegion {
            let map = [Float](repeating: 1, count: width * height)
            return try #require(MapRegions(map: map, width: width, height: height, cut: .init(level: 0.5)).regions.first)
        }
        #expect(abs(try region(9, 1).elongation - 9) < 1e-9)
        #expect(abs(try region(1, 9).elongation - 9) < 1e-9)
        #expect(abs(try region(6, 6).elongation - 1) < 1e-9)
        #expect(abs(try region(8, 4).elongation - 2) < 1e-9)
        // A diagonal of single pixels is one region, joined at its corners.
        var diagonal = [Float](repeating: 0, count: 100)
        for step in 0..<10 { diagonal[step * 11] = 1 }
        let line = MapRegions(map: diagonal, width: 10, height: 10, cut: .init(level: 0.5)).regions
        #expect(line.count == 1 && line[0].elongation > 10)
    }

    @Test("Regions of patch scores are those of the map resized to the photograph")
    func resized() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<60 {
            let grid = PatchGrid(width: Int.random(in: 1...7, using: &random), height: Int.random(in: 1...7, using: &random))
            let patches = (0..<grid.count).map { _ in Float.random(in: 0..<1, using: &random) }
            let (width, height) = (Int.random(in: 1...90, using: &random), Int.random(in: 1...90, using: &random))
            let cut = MapRegions.Cut(level: Float.random(in: 0.2..<1, using: &random), growth: 0.9)
            let direct = MapRegions(patches: patches, grid: grid, width: width, height: height, cut: cut)
            let map = PatchMap.resized(patches, grid: grid, width: width, height: height)
            #expect(direct == MapRegions(map: map, width: width, height: height, cut: cut))
        }
    }

    @Test("Pixels belong where they reach a share of the highest score around, by the definition")
    func contrast() {
        var random = SeededGenerator(seed: 21)
        var cases = 0
        for _ in 0..<60 {
            let grid = PatchGrid(width: Int.random(in: 1...7, using: &random), height: Int.random(in: 1...7, using: &random))
            let patches = (0..<grid.count).map { _ in Float.random(in: 0.3..<1, using: &random) }
            let (width, height) = (Int.random(in: 1...60, using: &random), Int.random(in: 1...60, using: &random))
            let cut = MapRegions.Cut(level: Float.random(in: 0.5..<1, using: &random), growth: 0.6, contrast: 0.85)
            func areNear(_ a: Int, _ b: Int) -> Bool {
                let (x, y) = (a % grid.width - b % grid.width, a / grid.width - b / grid.width)
                return max(abs(x), abs(y)) <= 1
            }
            let around = patches.indices.map { patch -> Float in
                var highest: Float = 0
                for other in patches.indices where areNear(patch, other) { highest = max(highest, patches[other]) }
                return highest
            }
            var map = PatchMap.resized(patches, grid: grid, width: width, height: height)
            let rim = PatchMap.resized(around, grid: grid, width: width, height: height)
            let plain = MapRegions(map: map, width: width, height: height, cut: cut)
            for pixel in map.indices where map[pixel] < 0.85 * rim[pixel] { map[pixel] = -1 }
            let expected = MapRegions(map: map, width: width, height: height, cut: cut)
            #expect(MapRegions(patches: patches, grid: grid, width: width, height: height, cut: cut) == expected)
            cases += plain == expected ? 0 : 1
        }
        #expect(cases > 20)
    }

    @Test("Regions keep to the size of what is marked, whether it is faint and wide or bright and small")
    func sizes() throws {
        // A mark of 12 × 12 patches just above the level on a slope, and one of a single patch far above it with the halo
        // that the mean over 3 × 3 patches gives.
        let grid = PatchGrid(width: 30, height: 30)
        let cut = MapRegions.Cut(level: 0.6, growth: 0.8, contrast: 0.85)
        var faint = [Float](repeating: 0.3, count: grid.count)
        for y in 8..<20 { for x in 8..<20 { faint[y * 30 + x] = x == 13 && y == 13 ? 0.62 : 0.53 } }
        let wide = try #require(MapRegions(patches: faint, grid: grid, width: 300, height: 300, cut: cut).regions.first)
        #expect((90...140).contains(wide.width) && (90...140).contains(wide.height))
        var bright = [Float](repeating: 0.3, count: grid.count)
        for y in 9...11 { for x in 9...11 { bright[y * 30 + x] = x == 10 && y == 10 ? 0.9 : 0.58 } }
        let small = try #require(MapRegions(patches: bright, grid: grid, width: 300, height: 300, cut: cut).regions.first)
        #expect(small.width < 24 && small.height < 24)
        #expect(
            MapRegions(patches: bright, grid: grid, width: 300, height: 300, cut: .init(level: 0.6, growth: 0.75)).regions[0].width >= 30)
    }

    @Test("The peak of an image's highest region is the image's score and place")
    func peak() {
        var random = SeededGenerator(seed: 12)
        let grid = PatchGrid(width: 16, height: 12)
        for _ in 0..<20 {
            let patches = (0..<grid.count).map { _ in Float.random(in: 0..<1, using: &random) }
            let peak = PatchMap.peak(patches, grid: grid, width: 320, height: 240)
            let regions = MapRegions(patches: patches, grid: grid, width: 320, height: 240, cut: .init(level: peak.score)).regions
            #expect(regions.first?.score == peak.score && regions.first?.peakX == peak.x && regions.first?.peakY == peak.y)
            #expect(MapRegions(patches: patches, grid: grid, width: 320, height: 240, cut: .init(level: peak.score.nextUp)).regions.isEmpty)
        }
    }

    @Test("The same map on another grid gives the same centroids within a patch")
    func stable() {
        func bump(_ grid: PatchGrid) -> [Float] {
            (0..<grid.count).map { index in
                let x = Float(index % grid.width) / Float(grid.width - 1) - 0.3
                let y = Float(index / grid.width) / Float(grid.height - 1) - 0.6
                return 1 / (1 + 40 * (x * x + y * y))
            }
        }
        let sizes = [16, 24, 37].map { PatchGrid(width: $0, height: $0) }
        let centroids = sizes.map { grid in
            MapRegions(patches: bump(grid), grid: grid, width: 640, height: 480, cut: .init(level: 0.6)).regions[0]
        }
        for region in centroids {
            #expect(abs(region.centroidX - 0.3 * 639) < 640 / 16 && abs(region.centroidY - 0.6 * 479) < 480 / 16)
        }
    }

    @Test("Pixels outside a region of interest belong to no region, and shares are of what is inside")
    func interest() {
        let grid = PatchGrid(width: 4, height: 4)
        let inside = PatchRegion(grid: grid, contains: (0..<16).map { $0 % 4 < 2 })
        let found = MapRegions(
            patches: [Float](repeating: 1, count: 16), grid: grid, width: 80, height: 40, region: inside, cut: .init(level: 0.5))
        #expect(found.regions.count == 1 && found.regions[0].width == 40 && abs(found.regions[0].share - 1) < 1e-12)
    }

    @Test("Nothing reaches an infinite level")
    func infinite() {
        let grid = PatchGrid(width: 2, height: 2)
        #expect(MapRegions(patches: [1, 1, 1, 1], grid: grid, width: 9, height: 9, cut: .init(level: .infinity)).regions.isEmpty)
    }
}
