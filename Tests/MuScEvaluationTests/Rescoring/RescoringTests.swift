import Foundation
import Goldens
import MuScEvaluation
import MuScTensors
import SystemPackage
import Testing

@Suite("RsCIN for other methods' scores")
struct RescoringTests {
    /// Expected results by class, from the full goldens where they are, else from the two smallest classes committed.
    private func compare(_ classes: [String], features: (String) throws -> ImageFeatures, expected: TensorArchive) throws {
        for name in classes {
            let scores = try expected.tensor("\(name)/scores").floats()
            let want = try expected.tensor("\(name)/expected").floats()
            let list = ScoreList(names: nil, scores: scores)
            let windows = name.hasPrefix("visa") ? [8, 9] : [2, 3]
            let vectors = try features(name)
            let got = try Rescoring.rescore(
                scores, features: vectors.values(for: list), windows: windows, precision: vectors.precision)
            #expect(Goldens.maximumDifference(got, want) <= 1e-5, "\(name)")
        }
    }

    @Test("Features that the reference publishes give its results within 1e-5: one class each of MVTec AD and VisA")
    func publishedFeatures() throws {
        let archive = try TensorArchive(path: fixturePath("rscin/two_classes.safetensors"))
        try compare(
            ["mvtec_ad/bottle", "visa/fryum"],
            features: { try ImageFeatures(contentsOf: FilePath(fixturePath("rscin/two_classes.safetensors")), array: "\($0)/features") },
            expected: archive)
    }

    @Test(
        "All six classes of the goldens agree within 1e-5, read from the reference's .dat files",
        .enabled(if: Goldens.exists("rscin/mvtec_ad_cls.dat"), "needs the full goldens in MUSC_GOLDENS"))
    func goldenClasses() throws {
        let archive = try Goldens.archive("rscin/rscin.expected.safetensors")
        let classes = Set(archive.names.map { $0.split(separator: "/").prefix(2).joined(separator: "/") }).sorted()
        #expect(classes.count >= 6)
        try compare(
            classes,
            features: { name in
                let parts = name.split(separator: "/").map(String.init)
                return try ImageFeatures(contentsOf: FilePath(Goldens.path("rscin/\(parts[0])_cls.dat")), array: parts[1])
            },
            expected: archive)
    }

    @Test("Window 1 is added where it is missing")
    func windowOne() throws {
        let features: [Float] = [1, 0, 0.8, 0.6, 0, 1, 0.6, 0.8]
        let scores: [Float] = [1, 2, 3, 4]
        let without = try Rescoring.rescore(scores, features: features, windows: [2, 3])
        #expect(try without == Rescoring.rescore(scores, features: features, windows: [1, 2, 3]))
        #expect(try without != Rescoring.rescore(scores, features: features, windows: [2]))
    }

    @Test("Equal scores stay equal and are numbers")
    func equalScores() throws {
        #expect(try Rescoring.rescore([2, 2, 2], features: [1, 2, 3]) == [0, 0, 0])
    }

    @Test("What cannot be re-scored is refused with a reason")
    func refused() throws {
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return ""
        }
        #expect(message { _ = try Rescoring.rescore([], features: [1]) }.hasPrefix("there are no scores"))
        #expect(message { _ = try Rescoring.rescore([1, 2], features: [1, 2, 3]) }.contains("cannot be dealt"))
        #expect(message { _ = try Rescoring.rescore([1, .nan], features: [1, 2], windows: [1]) }.contains("image 2"))
        #expect(message { _ = try Rescoring.rescore([1, 2], features: [1, 2], windows: [3]) }.contains("take 1 to 2"))
        let features = ImageFeatures(values: [1, 2, 3, 4, 5, 6], width: 2)
        #expect(
            message { _ = try features.values(for: ScoreList(names: nil, scores: [1, 2])) }
                .contains("2 scores and 3 image features"))
    }

    @Test("Scores and features of a batch meet by their names, whatever the order")
    func byName() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "rank,image,score,score_msm\n1,\"b,1.png\",0.9,0.8\n2,a.png,0.5,0.4\n,c.png,,\n", to: "scores.csv")
        var file = SafetensorsWriter(metadata: ["names": "[\"a.png\",\"b,1.png\"]"])
        file.add("image_feature", [1, 0, 0, 1], shape: [2, 2])
        file.add("patch_map", [1, 2], shape: [2, 1, 1])
        try file.write(to: folder.path.appending("scores.safetensors").string)
        let list = try ScoreList(contentsOf: folder.path.appending("scores.csv"))
        #expect(list.names == ["b,1.png", "a.png"] && list.scores == [0.9, 0.5])
        #expect(try ScoreList(contentsOf: folder.path.appending("scores.csv"), column: "score_msm").scores == [0.8, 0.4])
        let features = try ImageFeatures(contentsOf: folder.path.appending("scores.safetensors"))
        #expect(features.width == 2 && features.names == ["a.png", "b,1.png"])
        #expect(try features.values(for: list) == [0, 1, 1, 0])
        #expect(throws: RescoringError(file: nil, fault: .missingImage("z"))) {
            try features.values(for: ScoreList(names: ["z"], scores: [1]))
        }
        let table = RescoredTable(list: list, rescored: [1, 0])
        #expect(table.csv == "image,score,score_before\n\"b,1.png\",1.0,0.9\na.png,0.0,0.5\n")
    }

    @Test("A header of many long names, found by fuzzing, makes a message that a terminal holds")
    func wideHeader() throws {
        let folder = try TemporaryFolder()
        let names = (0..<40).map { "\($0)" + String(repeating: "\u{1}", count: 200) }
        try folder.write(names.joined(separator: ",") + "\n", to: "scores.csv")
        let error = #expect(throws: RescoringError.self) {
            try ScoreList(contentsOf: folder.path.appending("scores.csv"))
        }
        let message = try #require(error).description
        #expect(message.utf8.count < 4096 && message.hasSuffix("and 32 more"))
    }

    @Test("A plain list of numbers is a list of scores")
    func plainNumbers() throws {
        let folder = try TemporaryFolder()
        try folder.write("0.5\r\n0.25\r\n1e-3\r\n", to: "scores.txt")
        let list = try ScoreList(contentsOf: folder.path.appending("scores.txt"))
        #expect(list.names == nil && list.scores == [0.5, 0.25, 1e-3])
        try folder.write("0.5\nx\n", to: "scores.txt")
        #expect(throws: RescoringError.self) { try ScoreList(contentsOf: folder.path.appending("scores.txt")) }
        try folder.write("image,value\na,1\n", to: "scores.txt")
        #expect(throws: RescoringError.self) { try ScoreList(contentsOf: folder.path.appending("scores.txt")) }
    }
}
