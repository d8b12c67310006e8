import FoundationEssentials
import MuScSupport
import SystemPackage

/// The classes that are finished, with the configuration to which they belong.
///
/// Each configuration has a file of its own, named by its digest, so that results of one are never taken for those of
/// another and none are lost by trying another.
struct EvaluationState: Sendable, Codable {
    /// The version of the file's format; another one is not read.
    var format = 2
    /// Settings under their names, the weights' digest and the data set among them.
    var configuration: [String: String]
    var classes: [ClassEvaluation] = []

    init(configuration: [String: String]) { self.configuration = configuration }

    /// The file of this configuration in the output folder.
    static func fileName(_ configuration: [String: String]) -> String {
        let lines = configuration.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
        return "evaluation-\(digest(lines).prefix(12)).json"
    }

    /// The finished classes of this configuration; none where there is no file, or one that cannot be read.
    init(configuration: [String: String], in folder: OutputFolder) {
        self.init(configuration: configuration)
        guard let data = folder.read(Self.fileName(configuration)),
            let kept = try? JSONDecoder().decode(EvaluationState.self, from: data),
            kept.format == format, kept.configuration == configuration
        else { return }
        classes = kept.classes
    }

    /// - Throws: ``EvaluationError/file(_:reason:)``.
    func write(to folder: OutputFolder) throws(EvaluationError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let name = Self.fileName(configuration)
        guard let data = try? encoder.encode(self) else {
            throw .file(folder.path.appending(name), reason: "the results cannot be encoded")
        }
        try folder.write(Array(data), to: name)
    }

    /// SHA-256 of the texts one after the other, lower-case hexadecimal.
    static func digest(_ texts: [String]) -> String {
        var hash = SHA256()
        for text in texts { hash.update(data: Array(text.utf8)) }
        return hash.finalize().hexadecimal
    }
}

extension FilePath {
    /// The path from the root of the file system, without `.` and `..`; links are not followed.
    var absolute: FilePath {
        let path = isAbsolute ? self : FilePath(FileManager.default.currentDirectoryPath).pushing(self)
        return path.lexicallyNormalized()
    }
}

extension LabelledClass {
    /// Identifies the class's images and masks by their absolute paths and sizes in bytes.
    var inputDigest: String {
        EvaluationState.digest(
            images.map { image in
                "\(image.isAnomalous) \(image.path.identity)" + image.masks.map(\.identity).joined()
            })
    }
}

extension EvaluationState {
    /// Identifies files by their absolute paths and sizes in bytes.
    static func digest(of files: [FilePath]) -> String { digest(files.map(\.identity)) }
}

extension FilePath {
    /// The absolute path and the size in bytes, as a line.
    fileprivate var identity: String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: string)
        return "\(absolute) \((attributes?[.size] as? any BinaryInteger).map { "\($0)" } ?? "")\n"
    }
}
