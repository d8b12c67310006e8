import FoundationEssentials
import MuScTensors

/// The vectors that the reference implementation produced, against which this one is tested.
///
/// They lie under `Tests/Fixtures/goldens`; the environment variable `MUSC_GOLDENS` names another folder with
/// files of the same names, made from other seeds or larger.
package enum Goldens {
    /// The folder of the goldens, without a slash at the end.
    package static let folder: String = {
        let named = ProcessInfo.processInfo.environment["MUSC_GOLDENS"] ?? ""
        return named.isEmpty ? "\(fixtures)/goldens" : named
    }()

    /// The folder `Tests/Fixtures`, with what the tests need beside the goldens.
    package static let fixtures: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(2)
        return parts.joined(separator: "/") + "/Fixtures"
    }()

    /// The path of the golden `name`, such as `images/grey.png`.
    package static func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Whether the golden `name` is there: the large ones are only where `MUSC_GOLDENS` names the full set.
    package static func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Opens the golden `name`, such as `scoring.safetensors`.
    package static func archive(_ name: String) throws(TensorFileError) -> TensorArchive {
        try TensorArchive(path: path(name))
    }

    /// The largest absolute difference of two lists; infinite where their lengths differ or a value is not a number.
    package static func maximumDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
        guard a.count == b.count else { return .infinity }
        var largest: Float = 0
        for (x, y) in zip(a, b) {
            let difference = abs(x - y)
            if !(difference <= largest) { largest = difference.isNaN ? .infinity : difference }
        }
        return largest
    }
}
