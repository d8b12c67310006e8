import MuScBackbone
import MuScEvaluation
import Testing

@Suite("The settings that a tuning compares")
struct TuningGridTests {
    @Test("Both presets are among them, each once, at the size nearest to their own", arguments: BackboneCatalogue.all)
    func presets(backbone: BackboneDescription) {
        let sizes = [10 * backbone.patch, 24 * backbone.patch]
        let grid = TuningGrid(backbone: backbone, imageSizes: sizes)
        for preset in [grid.paper, grid.tuned] {
            #expect(sizes.contains(preset.imageSize))
            #expect(grid.settings(imageSize: preset.imageSize).count { $0 == preset } == 1)
        }
        let settings = grid.settings(imageSize: sizes[0])
        #expect(Set(settings).count == settings.count)
        #expect(settings.allSatisfy { $0.layers.allSatisfy { $0 < backbone.depth } && $0.layers == $0.layers.sorted() })
    }

    @Test("The setting that leads where the choice is made is taken, and the presets that do better where it is not are named")
    func keptBack() throws {
        let backbone = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        let grid = TuningGrid(backbone: backbone, imageSizes: [224])
        var other = grid.tuned
        other.degrees = [3]
        var result = TuningResult(folders: [.init(name: "a", isKeptBack: false), .init(name: "b", isKeptBack: true)])
        result.compared = [
            .init(setting: grid.paper, auroc: [0.7, 0.75]), .init(setting: grid.tuned, auroc: [0.8, 0.9]),
            .init(setting: other, auroc: [0.9, 0.8]),
        ]
        result.rank(grid)
        #expect(result.chosen?.setting == other && result.presetsAhead == ["tuned"])
        #expect(result.table().contains("0.900      –    0.800      –"))
    }

    @Test("A setting's lines name the keys of the configuration")
    func lines() throws {
        let backbone = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        let grid = TuningGrid(backbone: backbone, imageSizes: [336])
        #expect(
            grid.tuned.configuration(backbone: "dinov2_vits14") == """
                model:
                  backbone: dinov2_vits14
                  image_size: 336
                  feature_layers: [2, 5, 8]
                scoring:
                  preset: tuned
                  r_list: [1, 5]
                  interval: [0, 0.05]
                  least_judges: 3
                  window: proportional

                """)
    }
}
