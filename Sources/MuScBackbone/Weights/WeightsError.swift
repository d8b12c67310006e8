import MuScTensors

/// Why a file's tensors are not the weights of the backbone that was asked for.
public enum WeightsError: Error, Sendable, CustomStringConvertible {
    /// The file itself cannot be read.
    case file(TensorFileError)
    /// The tensors are named by none of the known schemes; some of the names that were found.
    case unknownNaming(path: String, names: [String])
    /// A tensor holds numbers that are not finite, by its name in the file.
    case notFinite(path: String, tensor: String, count: Int)
    /// The scheme is known, but tensors are missing, misshapen or too many.
    case mismatch(WeightsMismatch)

    public var description: String {
        switch self {
        case .file(let error): return error.description
        case .unknownNaming(let path, let names):
            let found =
                names.isEmpty
                ? "it holds no tensors"
                : "it begins with \(names.prefix(3).map(\.quotedForPeople).joined(separator: ", "))"
            return "\(path): these are not the weights of a vision transformer under the names of "
                + "open_clip, OpenAI, Hugging Face, timm or Meta: \(found)"
        case .notFinite(let path, let tensor, let count):
            return "\(path): \(tensor.quotedForPeople) holds \(count) value\(count == 1 ? "" : "s") that "
                + "\(count == 1 ? "is" : "are") no number or infinite, so that no score could be trusted: fetch or copy the "
                + "file again"
        case .mismatch(let mismatch): return mismatch.description
        }
    }
}

/// How a file's tensors differ from what a backbone needs.
public struct WeightsMismatch: Sendable, Hashable, CustomStringConvertible {
    /// A tensor by its name in the file, the shape that was expected and, where it is there, its own.
    public struct Tensor: Sendable, Hashable {
        public var name: String
        public var expected: [Int]
        public var found: [Int]?
    }

    public var path: String
    /// The backbone's name.
    public var backbone: String
    public var naming: WeightsNaming
    public var missing: [Tensor] = []
    public var misshapen: [Tensor] = []
    /// Names of tensors for which the backbone has no place.
    public var extra: [String] = []
    /// Names of known backbones that the tensors do fit.
    public var fitting: [String] = []

    package init(
        path: String, backbone: String, naming: WeightsNaming, missing: [Tensor] = [], misshapen: [Tensor] = [],
        extra: [String] = [], fitting: [String] = []
    ) {
        self.path = path
        self.backbone = backbone
        self.naming = naming
        self.missing = missing
        self.misshapen = misshapen
        self.extra = extra
        self.fitting = fitting
    }

    var isEmpty: Bool { missing.isEmpty && misshapen.isEmpty && extra.isEmpty }

    public var description: String {
        var lines = ["\(path): the tensors (\(naming.label) names) are not those of \(backbone)"]
        list(missing) { "missing: \($0.name.quotedForPeople), expected with the shape \($0.expected)" }
        list(misshapen) {
            "wrong shape: \($0.name.quotedForPeople) is \($0.found ?? []), expected \($0.expected)"
        }
        list(extra) { "not expected: \($0.quotedForPeople)" }
        if !fitting.isEmpty { lines.append("they fit \(fitting.joined(separator: " and "))") }
        return lines.joined(separator: "\n  ")

        func list<Entry>(_ entries: [Entry], _ line: (Entry) -> String) {
            lines += entries.prefix(5).map(line)
            if entries.count > 5 { lines.append("… and \(entries.count - 5) more of this kind") }
        }
    }
}
