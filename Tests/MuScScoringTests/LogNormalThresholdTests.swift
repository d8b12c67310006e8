import Glibc
import MuScScoring
import MuScSupport
import Testing

@Suite struct LogNormalThresholdTests {
    /// Values of a normal distribution, by the sum of twelve uniform ones.
    func normal(_ generator: inout SeededGenerator) -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
    }

    @Test("Of log-normal scores about the rate lies above the limit", arguments: [5, 8, 12, 19], [0.05, 0.1])
    func covers(count: Int, rate: Double) {
        var generator = SeededGenerator(seed: 7)
        let draws = 20_000
        var above = 0
        for _ in 0..<draws {
            let calibration = (0..<count).map { _ in Float(exp(-1 + 0.2 * normal(&generator))) }
            let next = Float(exp(-1 + 0.2 * normal(&generator)))
            if next > LogNormalThreshold.value(calibration: calibration, rate: rate) { above += 1 }
        }
        #expect(abs(Double(above) / Double(draws) - rate) < 0.006)
    }

    @Test("The quantiles of Student's distribution are those of its tables")
    func quantiles() {
        // t(0.95; ν) − and a limit of scores with mean logarithm 0 and deviation 1 is exp(t √(1 + 1/m)).
        for (count, table) in [(5, 2.131847), (8, 1.894579), (12, 1.795885), (19, 1.734064)] {
            var logarithms = (0..<count).map { Double($0) }
            let mean = logarithms.reduce(0, +) / Double(count)
            let deviation = (logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
            logarithms = logarithms.map { ($0 - mean) / deviation }
            let limit = LogNormalThreshold.value(calibration: logarithms.map { Float(exp($0)) }, rate: 0.05)
            let expected = table * (1 + 1 / Double(count)).squareRoot()
            #expect(abs(log(Double(limit)) - expected) < 1e-5)
        }
    }

    @Test("Fewer than five scores flag nothing, and a score of zero is no obstacle")
    func bounds() {
        #expect(LogNormalThreshold.value(calibration: [0.4, 0.5, 0.4, 0.6], rate: 0.05) == .infinity)
        #expect(LogNormalThreshold.value(calibration: [0, 0.5, 0.4, 0.6, 0.5], rate: 0.05).isFinite)
    }
}
