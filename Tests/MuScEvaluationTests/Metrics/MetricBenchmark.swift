import Foundation
import Glibc
import MuScEvaluation
import MuScTensors
import Testing

/// Run by `Tests/Benchmarks/metrics.py`, which names the file with `maps` [N, H, W] float32 and `masks` uint8.
@Suite("MetricBenchmark")
struct MetricBenchmark {
    private static let file = ProcessInfo.processInfo.environment["MUSC_METRICS_BENCHMARK"]

    @Test("The pixel metrics are timed", .enabled(if: MetricBenchmark.file != nil, "run by Tests/Benchmarks/metrics.py"))
    func timePixelMetrics() throws {
        let file = try #require(Self.file)
        let archive = try TensorArchive(path: file)
        let tensor = try archive.tensor("maps")
        let maps = tensor.floats()
        let masks = try archive.tensor("masks").withUnsafeBytes { [UInt8]($0) }
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let before = Self.memory("VmRSS:")
        let start = ContinuousClock.now
        let startCPU = Self.userSeconds()
        let ranking = try RankMetrics(scores: maps, labels: masks, threads: threads)
        let ranked = ContinuousClock.now
        let overlap = try PerRegionOverlap(
            maps: maps, masks: masks, width: tensor.shape[2], height: tensor.shape[1], threads: threads)
        let end = ContinuousClock.now
        let endCPU = Self.userSeconds()
        let exact = try ExactOverlap(
            maps: maps, masks: masks, width: tensor.shape[2], height: tensor.shape[1], limit: 0.3, threads: threads)
        let exactCPU = Self.userSeconds() - endCPU
        let values: [String: Double] = [
            "ranking_seconds": (ranked - start) / .seconds(1), "overlap_seconds": (end - ranked) / .seconds(1),
            "auroc": ranking.auroc ?? .nan, "f1max": ranking.f1Max ?? .nan, "ap": ranking.averagePrecision ?? .nan,
            "pro": overlap.value ?? -1, "pro_exact": exact.value ?? -1, "cpu_seconds": endCPU - startCPU,
            "exact_cpu_seconds": exactCPU, "peak_mebibytes": (Self.memory("VmHWM:") - before) / 1024,
        ]
        try JSONEncoder().encode(values).write(to: URL(filePath: file + ".json"))
    }

    /// Seconds of processor time that this process has spent on its own instructions.
    private static func userSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
    }

    /// A value of /proc/self/status in KiB.
    private static func memory(_ name: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line.flatMap { Double($0.split(whereSeparator: \.isWhitespace)[1]) } ?? 0
    }
}
