import CKernels
import MuScSupport

/// The operations a second that the processor can do at best, measured on the spot.
struct PeakRate: Sendable {
    /// Operations a second of all threads together, a multiply-add counted as two; 0 where there is no such instruction.
    let fp32, bfloat16, int8: Double

    /// Takes about a second.
    static func measure(threads: Int) -> PeakRate {
        PeakRate(
            fp32: rate(MUSC_PEAK_F32, threads: threads), bfloat16: rate(MUSC_PEAK_BF16, threads: threads),
            int8: rate(MUSC_PEAK_INT8, threads: threads))
    }

    private static func rate(_ kind: musc_peak_kind, threads: Int) -> Double {
        let isa = musc_isa_best()
        func rate(_ repetitions: Int) -> (operations: Double, seconds: Double) {
            let start = ContinuousClock.now
            let operations = concurrentMap(threads, threads: threads) { _ in musc_peak_run(isa, kind, repetitions) }
            return (operations.reduce(0, +), (ContinuousClock.now - start) / .seconds(1))
        }
        let trial = rate(200_000)
        guard trial.operations > 0 else { return 0 }
        let repetitions = Int(200_000 * 0.1 / max(trial.seconds, 1e-6))
        // The best of some: what else the machine does only ever takes away.
        return (0..<4).map { _ in
            let (operations, seconds) = rate(repetitions)
            return operations / seconds
        }.max() ?? 0
    }
}
