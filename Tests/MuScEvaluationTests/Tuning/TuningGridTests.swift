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
