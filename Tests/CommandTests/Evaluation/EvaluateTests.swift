import Foundation
import Goldens
import Testing

@Suite struct EvaluateTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    /// A class in MVTec AD's layout out of the committed photographs of tiles.
    private func addClass(_ name: String, to root: String) throws {
        for type in ["good", "crack"] {
            for number in 0..<3 {
                try copy("test/\(type)/00\(number).jpg", to: "\(root)/\(name)/test/\(type)/00\(number).jpg")
                guard type == "crack" else { continue }
                try copy("ground_truth/crack/00\(number)_mask.png", to: "\(root)/\(name)/ground_truth/crack/00\(number)_mask.png")
            }
        }
    }

    private func copy(_ source: String, to name: String) throws {
        let target = musc.scratch.appending(path: name)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: URL(filePath: Goldens.path("magnetic_tiles/tile/\(source)")), to: target)
    }

    private func write(_ text: String, to name: String) throws {
        let target = musc.scratch.appending(path: name)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: target)
    }

    private func evaluate(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.run(["evaluate"] + arguments + MuscCommand.tiny)
    }

    @Test("A data set becomes a table on standard output and files in the folder asked for")
    func table() throws {
        try addClass("tile", to: "data")
        try addClass("wood", to: "data")
        let result = try evaluate("--dataset", "mvtec_ad", "--data", "data", "--out", "results", "--vis")
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines[0] == "mvtec_ad · tiny · 84 px")
        #expect(lines.map { $0.prefix(4) }.suffix(3) == ["tile", "wood", "mean"])
        for name in ["results.csv", "results.json", "results.md", "results.xlsx", "evaluation.html", "wood/crack/002.png"] {
            #expect(musc.scratch.appending(path: "results/\(name)").exists, "\(name)")
        }
        // Once more: both classes are kept.
        let again = try evaluate("--dataset", "mvtec_ad", "--data", "./data", "--out", "results", "--threads", "1")
        #expect(again.output == result.output)
        #expect(again.errors.contains("tile: finished before, kept"))
    }

    @Test("One class alone, other layouts and JSON")
    func layouts() throws {
        try addClass("tile", to: "data")
        try addClass("wood", to: "data")
        let one = try evaluate("--dataset", "folder", "--data", "data", "--class", "wood", "--out", "a", "--json", "--no-save-excel")
        #expect(one.status == 0, "\(one.errors)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(one.output.utf8)) as? [String: Any])
        #expect((object["classes"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == ["wood"])
        #expect(!musc.scratch.appending(path: "a/results.xlsx").exists)

        try write(
            "object,split,label,image,mask\n"
                + (0..<3).map { "candle,test,normal,tile/test/good/00\($0).jpg,\n" }.joined()
                + (0..<3).map { "candle,test,anomaly,tile/test/crack/00\($0).jpg,tile/ground_truth/crack/00\($0)_mask.png\n" }.joined(),
            to: "data/split_csv/1cls.csv")
        let visa = try evaluate("--dataset", "visa", "--data", "data", "--out", "b")
        #expect(visa.status == 0, "\(visa.errors)")
        let settings = try String(contentsOf: musc.scratch.appending(path: "b/results.md"), encoding: .utf8)
        #expect(settings.contains("| scoring.rscin_windows | 1,8,9 |"))
        #expect(settings.contains("| scoring.preset | paper |"))

        let prepared = try musc.run("datasets", "prepare", "visa", "--data", "data")
        #expect(prepared.status == 0 && prepared.output.contains("data/meta.json  6 images"))
    }

    @Test("The reference's musc.yaml is taken, and flags win over it")
    func referenceConfiguration() throws {
        try addClass("tile", to: "data")
        try write(
            """
            datasets:
              dataset_name: 'mvtec_ad'
              data_path: data
              class_name: 'ALL'
              img_resize: 70
              divide_num: 1
            models:
              backbone_name: tiny.json
              pretrained: 'openai'
              batch_size: 1
              feature_layers: [1, 3]
              r_list: [1, 3]
            device: 0
            testing:
              output_dir: 'output'
              vis: False
              vis_type: single_norm
              save_excel: True
            """, to: "reference.yaml")
        let result = try musc.run("evaluate", "--config", "reference.yaml", "--image-size", "84", "--r-list", "1")
        #expect(result.status == 0, "\(result.errors)")
        let folder = musc.scratch.appending(path: "output/mvtec_ad/tiny/imagesize84")
        let settings = try String(contentsOf: folder.appending(path: "results.md"), encoding: .utf8)
        #expect(settings.contains("| model.feature_layers | 1,3 |") && settings.contains("| scoring.r_list | 1 |"))
        #expect(folder.appending(path: "results.xlsx").exists && !folder.appending(path: "tile").exists)
    }

    @Test("What is wrong with a data set is said in one line, with exit status 2")
    func faults() throws {
        try addClass("tile", to: "data")
        let cases: [([String], String)] = [
            (["--data", "data"], "which data set?"),
            (["--dataset", "mvtec_ad"], "where does the data set lie?"),
            (["--dataset", "mvtec_ad", "--data", "data", "--class", "tiles"], "no class \"tiles\"; there is \"tile\""),
            (["--dataset", "btad", "--data", "nowhere"], "there is no such folder"),
            (["--dataset", "visa", "--data", "data"], "split_csv/1cls.csv and meta.json"),
            (["--dataset", "folder", "--data", "data/tile/test/good"], "nothing says which are normal"),
        ]
        for (arguments, message) in cases {
            let result = try musc.run(["evaluate"] + arguments + MuscCommand.tiny)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.errors.contains(message), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
        try FileManager.default.removeItem(at: musc.scratch.appending(path: "data/tile/ground_truth/crack/001_mask.png"))
        let missing = try evaluate("--dataset", "mvtec_ad", "--data", "data")
        #expect(missing.status == 2 && missing.errors.contains("crack/001.jpg: has no mask"))
    }

    @Test("Scores are re-scored with features from a file, and with features computed from photographs")
    func rescore() throws {
        try musc.makeBatch("batch", images: 5)
        // With RsCIN asked for, the image feature is the class token, as it is where features are computed.
        #expect(try musc.run(["run", "batch", "--rscin", "always"] + MuscCommand.tiny).status == 0)
        let stored = try musc.run(
            "rescore", "--scores", "batch/_musc/scores.csv", "--column", "score_msm", "--features",
            "batch/_musc/scores.safetensors", "--windows", "2,3", "--unit-features")
        #expect(stored.status == 0, "\(stored.errors)")
        #expect(stored.output.hasPrefix("image,score,score_before\n"))
        #expect(stored.output.split(separator: "\n").count == 6)
        let computed = try musc.run(
            ["rescore", "--scores", "batch/_musc/scores.csv", "--column", "score_msm", "--features-from", "batch"] + MuscCommand.tiny)
        #expect(computed.output == stored.output, "\(computed.errors)")
        let neither = try musc.run("rescore", "--scores", "batch/_musc/scores.csv")
        #expect(neither.status == 2 && neither.errors.contains("--features-from"))
        let short = try musc.run(
            "rescore", "--scores", "batch/_musc/scores.csv", "--features", "batch/_musc/scores.safetensors", "--windows", "9")
        #expect(short.status == 2 && short.errors.contains("a window of 9 does not fit 5 images"))
    }
}
