import MuScEvaluation
import SystemPackage
import Testing

@Suite("The reference's musc.yaml")
struct ReferenceConfigurationTests {
    /// The keys and values of the file that the reference comes with.
    private let published = """
        datasets:
          dataset_name: 'mvtec_ad'  # choice ['mvtec_ad', 'visa']
          data_path: ./data/mvtec_anomaly_detection/
          class_name: 'ALL'
          img_resize: 518
          divide_num: 1
        models:
          backbone_name: 'ViT-L-14-336'
          pretrained: 'openai'
          batch_size: 1
          feature_layers: [5, 11, 17, 23]
          r_list: [1, 3, 5]
        device: 0
        testing:
          output_dir: 'output'
          vis: True
          vis_type: single_norm # choice ['single_norm', 'whole_norm']
          save_excel: True
        """

    private func read(_ yaml: String) throws -> ReferenceConfiguration {
        let folder = try TemporaryFolder()
        try folder.write(yaml, to: "musc.yaml")
        return try ReferenceConfiguration(contentsOf: folder.path.appending("musc.yaml"))
    }

    @Test("The published file is read unchanged")
    func publishedFile() throws {
        let configuration = try read(published)
        #expect(configuration.dataset == .mvtecAD)
        #expect(configuration.dataPath == "./data/mvtec_anomaly_detection/")
        #expect(configuration.classNames == nil)
        #expect(configuration.imageSize == 518 && configuration.subsets == 1 && configuration.batchSize == 1)
        #expect(configuration.backbone == "ViT-L-14-336" && configuration.pretrained == "openai")
        #expect(configuration.featureLayers == [5, 11, 17, 23] && configuration.degrees == [1, 3, 5])
        #expect(configuration.outputFolder == "output")
        #expect(configuration.writesHeatMaps == true && configuration.heatMapScale == .single)
        #expect(configuration.writesWorkbook == true)
    }

    @Test("Single numbers stand for lists, lists of classes are kept, missing keys are nil")
    func variants() throws {
        let configuration = try read(
            "datasets:\n  class_name: [bottle, cable]\nmodels:\n  r_list: 3\n  feature_layers: 11\ntesting:\n  vis: False\n")
        #expect(configuration.classNames == ["bottle", "cable"])
        #expect(configuration.degrees == [3] && configuration.featureLayers == [11])
        #expect(configuration.writesHeatMaps == false)
        #expect(configuration.backbone == nil && configuration.dataset == nil)
    }

    @Test("A value that cannot be used is named with line, key and what would be right")
    func faults() {
        func message(_ yaml: String) -> String {
            do { _ = try read(yaml) } catch { return "\(error)" }
            return ""
        }
        #expect(
            message("datasets:\n  dataset_name: mvtec\n").contains(
                "musc.yaml:2: datasets.dataset_name: \"mvtec\" is not one of mvtec_ad, visa"))
        #expect(message("datasets:\n  img_resize: big\n").contains("datasets.img_resize: \"big\" is not a positive whole number"))
        // Found by fuzzing: what the file says reached the terminal as it was.
        #expect(message("datasets:\n  dataset_name: \"a\\tb\"\n").contains(#""a\u{9}b" is not one of"#))
        #expect(message("testing:\n  vis: [\n").contains("is not YAML"))
        #expect(message("just text").contains("has no sections"))
    }

    @Test("The reference's file is told from one of ours by its sections")
    func recognised() throws {
        let folder = try TemporaryFolder()
        try folder.write(published, to: "theirs.yaml")
        try folder.write("model:\n  backbone: dinov2_vits14\n", to: "ours.yaml")
        #expect(ReferenceConfiguration.recognises(folder.path.appending("theirs.yaml")))
        #expect(!ReferenceConfiguration.recognises(folder.path.appending("ours.yaml")))
        #expect(!ReferenceConfiguration.recognises(folder.path.appending("none.yaml")))
    }
}
