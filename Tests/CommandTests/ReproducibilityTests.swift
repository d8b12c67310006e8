import Foundation
import Testing

/// The same photographs give the same table, whatever runs beside, and nearly the same on another processor.
@Suite("Reproducible") struct ReproducibilityTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try musc.makeBatch("batch", images: 11)
    }

    /// `scores.csv` of a run whose tokens are computed anew.
    private func table(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> String {
        let cache = ["XDG_CACHE_HOME": musc.scratch.appending(path: "cache-\(UUID())").path]
        let result = try musc.run(
            ["run", "batch"] + MuscCommand.tiny + arguments, environment: cache.merging(environment) { $1 })
        #expect(result.status == 0, "\(result.errors)")
        return try String(contentsOf: musc.scratch.appending(path: "batch/_musc/scores.csv"), encoding: .utf8)
    }

    @Test("scores.csv is the same to the byte for any number of threads, computed or from the cache")
    func threads() throws {
        let one = try table(["--threads", "1"])
        #expect(one.split(separator: "\r\n").count == 12)
        for threads in ["2", "3", "8"] { #expect(try table(["--threads", threads]) == one, "\(threads) threads") }
        let cache = ["XDG_CACHE_HOME": musc.scratch.appending(path: "kept").path]
        for _ in 0..<2 { #expect(try table(environment: cache) == one) }
    }

    @Test("Locale and time zone change nothing")
    func locale() throws {
        let plain = try table()
        for environment in [
            ["LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"], ["LC_ALL": "tr_TR.UTF-8"], ["LC_ALL": "fa_IR"], ["LC_ALL": "C"],
            ["TZ": "Asia/Kolkata"], ["TZ": "America/St_Johns", "LANG": "ar_EG.UTF-8"],
        ] {
            #expect(try table(environment: environment) == plain, "\(environment)")
            let run = try Data(contentsOf: musc.scratch.appending(path: "batch/_musc/run.json"))
            let started = try #require((JSONSerialization.jsonObject(with: run) as? [String: Any])?["started"] as? String)
            let age = try Date.now.timeIntervalSince(Date(started, strategy: .iso8601))
            #expect(started.hasSuffix("Z") && (0..<120).contains(age), "\(started) under \(environment)")
        }
    }

    @Test(
        "The kernels of other processors, our own and OpenBLAS's, agree within 0.0001",
        arguments: [
            ("plain", "Prescott"), ("avx2", "Haswell"), ("avx2-vnni", "Haswell"), ("avx512", "SkylakeX"),
            ("avx512-vnni", "SkylakeX"),
        ])
    func processors(isa: String, blas: String) throws {
        func scores(_ table: String) throws -> [String: Double] {
            var scores: [String: Double] = [:]
            for row in table.split(separator: "\r\n").dropFirst() {
                let cells = row.split(separator: ",", omittingEmptySubsequences: false)
                let score: Double = try #require(Double(cells[3]))
                scores[String(cells[1])] = score
            }
            return scores
        }
        let best = try scores(table())
        let other = try scores(table(environment: ["MUSC_ISA": isa, "OPENBLAS_CORETYPE": blas]))
        #expect(best.count == 11 && other.count == 11)
        for (image, score) in best { #expect(abs(score - (other[image] ?? 9)) <= 1e-4, "\(image)") }
    }
}
