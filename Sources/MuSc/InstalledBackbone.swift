import FoundationEssentials
import MuScSupport

/// A backbone with its weights found: one of the catalogue, or one that a JSON file describes.
public struct InstalledBackbone: Sendable {
    /// The network's shape, and how it takes images.
    public var description: BackboneDescription
    /// Its weights, opened.
    public var weights: BackboneWeights
    /// SHA-256 of the weights' file, lower-case hexadecimal.
    public var sha256: String

    package init(description: BackboneDescription, weights: BackboneWeights, sha256: String) {
        (self.description, self.weights, self.sha256) = (description, weights, sha256)
    }

    /// Opens the weights of a backbone, as `musc weights fetch` or `musc weights import` left them.
    ///
    /// - Parameters:
    ///   - description: The backbone.
    ///   - pretrained: The training run; nil for the backbone's usual one.
    ///   - store: Where the weights lie.
    /// - Throws: ``WeightsStoreError`` where they are not there, or are not the backbone's.
    public init(
        _ description: BackboneDescription, pretrained: String? = nil, in store: WeightsStore = WeightsStore()
    ) throws(WeightsStoreError) {
        let id = WeightsStore.id(backbone: description.name, pretrained: pretrained)
        self.init(
            description: description, weights: try store.open(description, pretrained: pretrained),
            sha256: store.installed(id)?.sha256 ?? "")
    }

    /// The description of a backbone.
    ///
    /// - Parameter name: A name of the catalogue, or the path of a JSON file, which ends in `.json`.
    /// - Throws: ``BackboneNameError``.
    public static func description(named name: String) throws(BackboneNameError) -> BackboneDescription {
        if let known = BackboneCatalogue.description(named: name) { return known }
        guard name.hasSuffix(".json") else { throw .unknown(name) }
        guard let data = FileManager.default.contents(atPath: name) else { throw .unreadable(path: name) }
        do {
            return try JSONDecoder().decode(BackboneDescription.self, from: data)
        } catch {
            throw .noDescription(path: name, reason: "\(error)")
        }
    }
}

/// A backbone that is not to be had under the name that was given.
public enum BackboneNameError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is none of this name.
    case unknown(String)
    /// The file that is to describe it cannot be read.
    case unreadable(path: String)
    /// The file describes no backbone.
    case noDescription(path: String, reason: String)

    public var description: String {
        switch self {
        case .unknown(let name):
            let names = BackboneCatalogue.all.map(\.name)
            return "model.backbone: there is no backbone “\(name)”"
                + (Suggestion.nearest(to: name, among: names) ?? ": there are \(names.joined(separator: ", "))")
                + "; a path that ends in .json describes one of your own"
        case .unreadable(let path): return "\(path): cannot be read: check that the file exists and is readable"
        case .noDescription(let path, let reason): return "\(path): is no description of a backbone: \(reason)"
        }
    }
}
