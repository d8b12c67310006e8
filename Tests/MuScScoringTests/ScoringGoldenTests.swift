import Goldens
import MuScScoring
import MuScTensors
import Testing

/// The whole of the scoring against the reference's vectors, step by step.
@Suite struct ScoringGoldenTests {
    let golden: TensorArchive
    let images: Int
    let grid: PatchGrid
    let channels: Int
    let layers: Int

    init() throws {
        golden = try Goldens.archive("scoring.safetensors")
        let shape = try #require(golden["tokens.0"]).shape
        images = shape[0]
        channels = shape[2]
        let side = Int(Double(shape[1] - 1).squareRoot())
        grid = PatchGrid(width: side, height: side)
        layers = golden.names.count { $0.hasPrefix("tokens.") }
    }

    func floats(_ name: String) throws -> [Float] {
        try #require(golden[name], "\(name) is in the golden").floats()
    }

    /// Patch tokens of one layer, an entry an image, without the class token.
    func tokens(layer: Int) throws -> [[Float]] {
        let all = try floats("tokens.\(layer)")
        let stride = (grid.count + 1) * channels
        return (0..<images).map { Array(all[$0 * stride + channels..<($0 + 1) * stride]) }
    }

    @Test("LNAMD's vectors are the reference's", arguments: [1, 3, 5])
    func aggregation(r: Int) throws {
        let expected = try floats("lnamd.r\(r)")
        let perLayer = images * grid.count * channels
        for layer in 0..<layers {
            let result = LNAMD.aggregate(try tokens(layer: layer), grid: grid, channels: channels, r: r, threads: 2)
            let difference = Goldens.maximumDifference(
                result.values, expected[layer * perLayer..<(layer + 1) * perLayer])
            #expect(difference <= 1e-5)
        }
    }

    @Test("MSM's patch scores are the reference's", arguments: [1, 3, 5])
    func mutualScores(r: Int) throws {
        let scoring = MutualScoring(interval: .init(upper: 0.3), threads: 2)
        let all = Array(0..<images)
        for layer in 0..<layers {
            let unit = LNAMD.aggregate(try tokens(layer: layer), grid: grid, channels: channels, r: r, threads: 2)
            let scores = scoring.patchScores(of: unit, judged: all, judges: all)
            #expect(Goldens.maximumDifference(scores, try floats("msm.r\(r).layer\(layer)")) <= 1e-5)
        }
    }

    @Test("The mean over layers and degrees, its resizing and the image scores are the reference's")
    func mapsAndImageScores() throws {
        let scoring = MutualScoring(interval: .init(upper: 0.3), threads: 2)
        let all = Array(0..<images)
        var mean = [Float](repeating: 0, count: images * grid.count)
        for r in [1, 3, 5] {
            for layer in 0..<layers {
                let unit = LNAMD.aggregate(try tokens(layer: layer), grid: grid, channels: channels, r: r, threads: 2)
                let scores = scoring.patchScores(of: unit, judged: all, judges: all)
                for index in mean.indices { mean[index] += scores[index] / Float(3 * layers) }
            }
        }
        #expect(Goldens.maximumDifference(mean, try floats("patch_map")) <= 1e-5)

        let expectedPixels = try floats("pixel_map")
        let side = try #require(golden["pixel_map"]).shape[2]
        let expectedScores = try floats("image_score")
        for image in all {
            let map = mean[image * grid.count..<(image + 1) * grid.count]
            let pixels = PatchMap.resized(map, grid: grid, width: side, height: side)
            #expect(
                Goldens.maximumDifference(pixels, expectedPixels[image * side * side..<(image + 1) * side * side]) <= 1e-5)
            let peak = PatchMap.peak(map, grid: grid, width: side, height: side)
            #expect(abs(peak.score - expectedScores[image]) <= 1e-5)
        }
    }

    @Test("RsCIN's scores are the reference's", arguments: [[1], [1, 2, 3], [1, 8, 9]])
    func rescoring(windows: [Int]) throws {
        let name = "rscin.k" + windows.map(String.init).joined(separator: "_")
        let result = RsCIN.rescore(
            try floats("image_score"), features: try floats("class_tokens"), windows: windows)
        #expect(Goldens.maximumDifference(result, try floats(name)) <= 1e-5)
    }
}
