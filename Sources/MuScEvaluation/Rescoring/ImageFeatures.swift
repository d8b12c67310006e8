import FoundationEssentials
import MuScScoring
import MuScTensors
import SystemPackage

/// Image features from a file, one vector an image.
package struct ImageFeatures: Sendable, Hashable {
    /// The images' names; nil where the file does not give them, so that their order counts.
    package var names: [String]?
    /// `[count, width]` row-major.
    package var values: [Float]
    package var width: Int
    /// How the features are stored, in which the reference also multiplies them.
    package var precision = RsCIN.Precision.single
    package var count: Int { width > 0 ? values.count / width : 0 }

    /// - Precondition: `values.count` is a multiple of `width`, and there is a name for each vector or none at all.
    package init(names: [String]? = nil, values: [Float], width: Int) {
        precondition(width > 0 && values.count % width == 0 && (names.map { $0.count == values.count / width } ?? true))
        self.names = names
        self.values = values
        self.width = width
    }

    /// Reads features from `.npy`, `.npz`, safetensors (such as `scores.safetensors` of a batch, whose names are taken
    /// over), or a pickle such as the reference's `.dat` files of features by class; pickles are read without running
    /// anything in them.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - array: The name of the array, in the reference's files the class; nil for the only one, or `image_feature`.
    /// - Throws: ``RescoringError``.
    package init(contentsOf path: FilePath, array: String? = nil) throws(RescoringError) {
        func fault(_ fault: RescoringError.Fault) -> RescoringError { RescoringError(file: path.string, fault: fault) }
        let archive: TensorArchive
        do {
            archive = try TensorArchive(path: path.string)
        } catch {
            throw fault(.unreadable("\(error.fault)"))
        }
        let matrices = archive.names.filter { archive[$0]?.shape.count == 2 && archive[$0]?.count != 0 }
        let name: String
        if let array {
            guard matrices.contains(array) else { throw fault(.noArray(array, there: matrices)) }
            name = array
        } else if matrices.contains("image_feature") {
            name = "image_feature"
        } else if matrices.count == 1 {
            name = matrices[0]
        } else if matrices.isEmpty {
            throw fault(.unreadable("holds no array of shape [images, features]"))
        } else {
            throw fault(.chooseArray(matrices))
        }
        guard let tensor = archive[name] else { throw fault(.noArray(name, there: matrices)) }
        let listed = archive.metadata["names"].flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
        self.init(
            names: listed?.count == tensor.shape[0] ? listed : nil, values: tensor.floats(), width: tensor.shape[1])
        precision = tensor.scalarType == .float16 ? .half : .single
    }

    /// The features in the order of a list of scores: by name where both have names, else in their own order.
    ///
    /// - Returns: `[list.scores.count, width]` row-major.
    /// - Throws: ``RescoringError`` for a score without a feature, or counts that differ.
    package func values(for list: ScoreList) throws(RescoringError) -> [Float] {
        guard let names, let wanted = list.names else {
            guard list.scores.count == count else {
                throw RescoringError(file: nil, fault: .countsDiffer(scores: list.scores.count, features: count))
            }
            return values
        }
        let positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var ordered: [Float] = []
        ordered.reserveCapacity(wanted.count * width)
        for name in wanted {
            guard let position = positions[name] else { throw RescoringError(file: nil, fault: .missingImage(name)) }
            ordered += values[position * width..<(position + 1) * width]
        }
        return ordered
    }
}
