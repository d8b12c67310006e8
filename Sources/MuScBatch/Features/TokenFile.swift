import FoundationEssentials
import MuScBackbone
import MuScImages
import MuScTensors
import SystemPackage

/// What the tokens of an image were made of.
struct TokenOrigin: Sendable, Hashable {
    /// Pixels of the upright original.
    var size: ImageSize
    /// The frame that was compared; nil where it was the whole.
    var frame: PartFrame?
    /// A small grey copy of what was compared; nil where that is not known.
    var look: ImageLook?

    init(size: ImageSize = 0, frame: PartFrame? = nil, look: ImageLook? = nil) {
        (self.size, self.frame, self.look) = (size, frame, look)
    }

    init(_ photograph: SizedNetwork.Photograph) {
        self.init(size: photograph.original, frame: photograph.frame, look: ImageLook(photograph.image))
    }
}

/// The tokens of one image in a file of their own: safetensors, so that other tools read them too.
///
/// The file appears whole or not at all. Its metadata hold the key and a checksum, and of numbers that are stored as they
/// are a digest for each layer: tokens of another network are refused, and so are damaged ones.
struct TokenFile: Sendable {
    /// How the numbers are stored.
    enum Precision: Sendable {
        /// As they are.
        case single
        /// In half the space, rounded to 11 bits: distances change by some 10⁻⁴ of themselves.
        case half
    }

    var path: FilePath

    /// Writes the tokens of one image.
    ///
    /// - Parameters:
    ///   - channels: Numbers a token has.
    ///   - origin: What they were made of.
    ///   - flushes: False for tokens that can be made again: after a loss of power such a file may be damaged.
    /// - Throws: ``TensorFileError`` where the file system refuses; nothing is left behind then.
    func write(
        _ tokens: ImageTokens, key: TokenKey, channels: Int, as precision: Precision,
        origin: TokenOrigin = TokenOrigin(), flushes: Bool = true
    ) throws(TensorFileError) {
        var content = SafetensorsWriter(
            metadata: ["key": key.description, "width": "\(origin.size.width)", "height": "\(origin.size.height)"])
        if let frame = origin.frame {
            content.metadata["frame"] = (try? JSONEncoder().encode(frame)).map { String(decoding: $0, as: UTF8.self) }
        }
        var sum = Checksum()
        for (layer, values) in zip(key.featureLayers, tokens.layers) {
            let shape = [values.count / channels, channels]
            switch precision {
            case .single:
                content.add("layer.\(layer)", values, shape: shape)
                content.metadata["digest.\(layer)"] = values.withUnsafeBufferPointer { ContentDigest(of: $0).text }
            case .half:
                // A power of two keeps large tokens within the range of half precision, and costs no digit.
                let largest = values.reduce(0) { max($0, abs($1)) }
                let scale: Float = largest > 0 && largest.isFinite ? largest.binade / 8192 : 1
                content.metadata["scale.\(layer)"] = "\(scale)"
                let scaled = values.map { $0 / scale }
                content.add(roundingToHalf: "layer.\(layer)", scaled, shape: shape)
                sum.add(scaled.map { Float(Float16($0)) })
            }
        }
        content.add("image_feature", tokens.imageFeature, shape: [tokens.imageFeature.count])
        sum.add(tokens.imageFeature)
        if let look = origin.look {
            sum.add(look.pixels.map(Float.init))
            content.add("look", look.pixels, shape: [ImageLook.side, ImageLook.side])
            content.metadata["blank"] = look.blank?.rawValue
        }
        content.metadata["checksum"] = sum.text
        try content.write(to: path.string, flushes: flushes)
    }

    /// Reads the tokens and what they were made of.
    ///
    /// - Parameter patches: How many patches each layer must have.
    /// - Throws: ``TokenFileError`` where the file is missing, damaged, or of another key.
    func read(
        key: TokenKey, patches: Int
    ) throws(TokenFileError) -> (tokens: ImageTokens, origin: TokenOrigin) {
        let archive = try open(key: key)
        var tokens = ImageTokens(layers: [], imageFeature: [])
        var sum = Checksum()
        for layer in key.featureLayers {
            var values = try tensor(of: layer, patches: patches, in: archive).floats()
            if let digest = archive.metadata["digest.\(layer)"] {
                guard digest == values.withUnsafeBufferPointer({ ContentDigest(of: $0).text }) else {
                    throw TokenFileError(path: path, fault: .damaged("the digest of layer \(layer) differs"))
                }
            } else {
                sum.add(values)
            }
            if let scale = archive.metadata["scale.\(layer)"].flatMap({ Float($0) }) {
                for index in values.indices { values[index] *= scale }
            }
            tokens.layers.append(values)
        }
        tokens.imageFeature = try imageFeature(in: archive, &sum)
        return (tokens, origin(in: archive))
    }

    /// The tokens as a ``write(_:key:channels:as:origin:flushes:)`` in single precision left them, without reading them.
    ///
    /// - Parameters:
    ///   - patches: How many patches each layer must have.
    ///   - remade: Computes the tokens anew; asked where numbers turn out to be damaged once they are read.
    /// - Throws: ``TokenFileError`` where the file is missing, of another key, or damaged as far as can be told.
    func kept(
        key: TokenKey, patches: Int, remade: @escaping @Sendable () -> ImageTokens?
    ) throws(TokenFileError) -> (tokens: KeptTokens, imageFeature: [Float], origin: TokenOrigin) {
        let archive = try open(key: key)
        var layers: [StoredTensor] = []
        var digests: [ContentDigest] = []
        for layer in key.featureLayers {
            let tensor = try tensor(of: layer, patches: patches, in: archive)
            guard tensor.scalarType == .float32, let digest = archive.metadata["digest.\(layer)"].flatMap({ ContentDigest($0) })
            else { throw TokenFileError(path: path, fault: .damaged("layer \(layer) has no digest")) }
            layers.append(tensor)
            digests.append(digest)
        }
        var sum = Checksum()
        let feature = try imageFeature(in: archive, &sum)
        guard key.alignment == nil || origin(in: archive).frame != nil else {
            throw TokenFileError(path: path, fault: .damaged("its frame is missing"))
        }
        return (
            KeptTokens(path: path, layers: layers, digests: digests, remade: remade), feature, origin(in: archive)
        )
    }

    private func open(key: TokenKey) throws(TokenFileError) -> TensorArchive {
        let archive: TensorArchive
        do {
            archive = try TensorArchive(path: path.string)
        } catch {
            throw TokenFileError(path: path, fault: .damaged("\(error)"))
        }
        guard let found = archive.metadata["key"] else { throw TokenFileError(path: path, fault: .foreign) }
        guard found == key.description else { throw TokenFileError(path: path, fault: .otherKey(found)) }
        return archive
    }

    private func tensor(of layer: Int, patches: Int, in archive: TensorArchive) throws(TokenFileError) -> StoredTensor {
        guard let tensor = archive["layer.\(layer)"], tensor.shape.first == patches else {
            throw TokenFileError(path: path, fault: .damaged("layer \(layer) is missing or of another size"))
        }
        return tensor
    }

    /// The image feature; it and the look, where there is one, are the last of what the checksum is over.
    private func imageFeature(in archive: TensorArchive, _ sum: inout Checksum) throws(TokenFileError) -> [Float] {
        guard let feature = archive["image_feature"] else {
            throw TokenFileError(path: path, fault: .damaged("the image feature is missing"))
        }
        let values = feature.floats()
        sum.add(values)
        if let look = look(in: archive) { sum.add(look.pixels.map(Float.init)) }
        guard archive.metadata["checksum"] == sum.text else {
            throw TokenFileError(path: path, fault: .damaged("its checksum differs"))
        }
        return values
    }

    /// The look alone, of a file of this key; nil where there is none.
    func look(key: TokenKey) -> ImageLook? { (try? open(key: key)).flatMap { look(in: $0) } }

    private func look(in archive: TensorArchive) -> ImageLook? {
        guard let tensor = archive["look"], tensor.scalarType == .uint8,
            tensor.shape == [ImageLook.side, ImageLook.side]
        else { return nil }
        return ImageLook(
            pixels: tensor.withUnsafeBytes { Array($0) }, blank: archive.metadata["blank"].flatMap { BlankReason(rawValue: $0) })
    }

    private func origin(in archive: TensorArchive) -> TokenOrigin {
        func pixels(_ name: String) -> Int { archive.metadata[name].flatMap { Int($0) } ?? 0 }
        return TokenOrigin(
            size: ImageSize(width: pixels("width"), height: pixels("height")),
            frame: archive.metadata["frame"].flatMap { try? JSONDecoder().decode(PartFrame.self, from: Data($0.utf8)) },
            look: look(in: archive))
    }
}

/// A file of tokens that cannot be used.
struct TokenFileError: Error, Sendable, CustomStringConvertible {
    enum Fault: Sendable {
        /// Cut short, changed or unreadable.
        case damaged(String)
        /// A file of something else.
        case foreign
        /// Tokens of another network, size or version.
        case otherKey(String)
    }

    var path: FilePath
    var fault: Fault

    var description: String {
        switch fault {
        case .damaged(let reason): "\(path): is damaged: \(reason)"
        case .foreign: "\(path): is no file of tokens"
        case .otherKey(let key): "\(path): holds tokens of another network, size or version (\(key))"
        }
    }
}

/// A sum that finds bytes which changed on the disk; no protection against intent.
private struct Checksum {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// FNV-1a over 32-bit words.
    mutating func add(_ values: [Float]) {
        for value in values { state = (state ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3 }
    }

    var text: String { String(state, radix: 16) }
}
