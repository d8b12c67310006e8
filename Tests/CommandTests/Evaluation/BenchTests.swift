import Foundation
import Testing

/// `musc bench` on a tiny network: that its figures are there and hang together, not what they are.
@Suite struct BenchTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    private func bench(_ arguments: String...) throws -> [[String: Any]] {
        let result = try musc.run(["bench"] + arguments + ["--format", "json"] + MuscCommand.tiny)
        #expect(result.status == 0, "\(result.errors)")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        return try #require(document["rows"] as? [[String: Any]])
    }

    @Test("Made-up images: features, mutual scoring and what they have of the peak")
    func madeUp() throws {
        let row = try #require(try bench("--images", "6", "--network-images", "2", "--random-weights").first)
        func number(_ key: String) throws -> Double { try #require(row[key] as? Double, "\(key)") }
        #expect(try number("features_seconds") > 0)
        #expect(try number("scoring_seconds") > 0)
        #expect(try abs(number("seconds") - number("features_seconds") - number("scoring_seconds")) < 1e-9)
        #expect(try (0...120).contains(number("features_peak_percent")))
        #expect(try number("peak_megabytes") > 1)
    }

    @Test("A folder: every stage from files to the report, and nothing is left beside the photographs")
    func folder() throws {
        let batch = try musc.makeBatch("batch", images: 4)
        let before = batch.names
        let stages = try bench("batch").compactMap { $0["stage"] as? String }
        #expect(
            stages == [
                "preparation", "features", "of that, decoding", "images of one part", "mutual scoring", "scores", "nearest places",
                "results",
                "together",
            ])
        #expect(batch.names == before)
    }

    @Test(
        "What bears on photographs alone is refused for made-up images, and so are judges that are not taken",
        arguments: [
            ["--region", "0,0,0.5,1"], ["--align", "upright"], ["--range", "0,4095"], ["--rscin", "always"], ["--rscin-windows", "1,2"],
            ["--subsets", "2"], ["--growth", "--judges", "3"],
        ])
    func withoutEffect(arguments: [String]) throws {
        let result = try musc.run(["bench"] + arguments + MuscCommand.tiny)
        #expect(result.status == 2 && result.errors.contains("leave"), "\(result.errors)")
    }

    @Test("A folder and made-up images at once are refused")
    func refused() throws {
        let result = try musc.run(["bench", "batch", "--growth"] + MuscCommand.tiny)
        #expect(result.status == 2)
    }
}
