/// Why a file of tensors could not be read or written: which file, what is wrong with it and, where something helps, what to do.
public struct TensorFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of faults, each with the sentence part that tells it.
    public enum Fault: Sendable, Hashable {
        /// The operating system refused the file; the text is its reason.
        case system(String)
        /// The content is of none of the formats that are read.
        case unknownFormat(String)
        /// The file ends before something that its own structure promises.
        case truncated(String)
        /// The structure contradicts itself or its format.
        case malformed(String)
        /// The file is of a known format but uses a part of it that is not read.
        case unsupported(String)
        /// A pickle asks for something other than tensors and plain values; nothing of it was run.
        case refused(String)
        /// A tensor that was asked for is not in the file.
        case missingTensor(String)
    }

    /// The file, as it was named by the caller.
    public var path: String
    public var fault: Fault

    public init(path: String, fault: Fault) {
        self.path = path
        self.fault = fault
    }

    public var description: String {
        "\(path): \(fault)"
    }
}

extension TensorFileError.Fault: CustomStringConvertible {
    /// What is wrong and what to do, without the file's name.
    public var description: String {
        switch self {
        case .system(let reason): "\(reason); check the path, its permissions and the free space"
        case .unknownFormat(let what): "not a file of tensors that can be read: \(what)"
        case .truncated(let what): "the file is cut short: \(what); fetch or copy it again"
        case .malformed(let what): "the file is damaged: \(what); fetch or copy it again"
        case .unsupported(let what): "not read as it is; saved as safetensors it would be: \(what)"
        case .refused(let what):
            "refused, because it is more than tensors: \(what); nothing of it was run; save the tensors alone, as safetensors"
        case .missingTensor(let name):
            "there is no tensor named \(name.quotedForPeople) in it; is it the file of another program or version?"
        }
    }
}

extension String {
    /// The text in double quotes, shortened to 80 characters, with control characters written as `\u{…}`:
    /// names come from files, and error messages go to terminals.
    package var quotedForPeople: String {
        var text = "\""
        for (index, scalar) in unicodeScalars.enumerated() {
            if index == 80 {
                text += "…"
                break
            }
            switch scalar.value {
            case 0..<0x20, 0x7f..<0xa0: text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension Collection<String> {
    /// The first eight of the texts as ``Swift/String/quotedForPeople``, and how many more there are.
    package var listedForPeople: String {
        let shown = prefix(8).map(\.quotedForPeople).joined(separator: ", ")
        return count > 8 ? "\(shown) and \(count - 8) more" : shown
    }
}
