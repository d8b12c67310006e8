import MuScBackbone
import MuScTensors
import SystemPackage

/// The tokens of one image in a file of their own: safetensors, so that other tools read them too.
///
/// The file appears whole or not at all. Its metadata hold the key and a checksum: tokens of another network are
/// refused, and so are damaged ones.
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
    ///   - size: Pixels of the upright original.
    /// - Throws: ``TensorFileError`` where the file system refuses; nothing is left behind then.
    func write(
        _ tokens: ImageTokens, key: TokenKey, channels: Int, as precision: Precision,
        size: (width: Int, height: Int) = (0, 0)
    ) throws(TensorFileError) {
        var content = SafetensorsWriter(
            metadata: ["key": key.description, "width": "\(size.width)", "height": "\(size.height)"])
        var sum = Checksum()
        for (layer, values) in zip(key.featureLayers, tokens.layers) {
            let shape = [values.count / channels, channels]
            switch precision {
            case .single:
                content.add("layer.\(layer)", values, shape: shape)
                sum.add(values)
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
        content.metadata["checksum"] = sum.text
        try content.write(to: path.string)
    }

    /// Reads the tokens alone; see ``readSized(key:patches:)``.
    func read(key: TokenKey, patches: Int) throws(TokenFileError) -> ImageTokens {
        try readSized(key: key, patches: patches).tokens
    }

    /// Reads the tokens and the size of the upright original.
    ///
    /// - Parameter patches: How many patches each layer must have.
    /// - Throws: ``TokenFileError`` where the file is missing, damaged, or of another key.
    func readSized(
        key: TokenKey, patches: Int
    ) throws(TokenFileError) -> (tokens: ImageTokens, width: Int, height: Int) {
        let archive: TensorArchive
        do {
            archive = try TensorArchive(path: path.string)
        } catch {
            throw TokenFileError(path: path, fault: .damaged("\(error)"))
        }
        guard let found = archive.metadata["key"] else { throw TokenFileError(path: path, fault: .foreign) }
        guard found == key.description else { throw TokenFileError(path: path, fault: .otherKey(found)) }
        var tokens = ImageTokens(layers: [], imageFeature: [])
        var sum = Checksum()
        for layer in key.featureLayers {
            guard let tensor = archive["layer.\(layer)"], tensor.shape.first == patches else {
                throw TokenFileError(path: path, fault: .damaged("layer \(layer) is missing or of another size"))
            }
            var values = tensor.floats()
            sum.add(values)
            if let scale = archive.metadata["scale.\(layer)"].flatMap({ Float($0) }) {
                for index in values.indices { values[index] *= scale }
            }
            tokens.layers.append(values)
        }
        guard let feature = archive["image_feature"] else {
            throw TokenFileError(path: path, fault: .damaged("the image feature is missing"))
        }
        tokens.imageFeature = feature.floats()
        sum.add(tokens.imageFeature)
        guard archive.metadata["checksum"] == sum.text else {
            throw TokenFileError(path: path, fault: .damaged("its checksum differs"))
        }
        func pixels(_ name: String) -> Int { archive.metadata[name].flatMap { Int($0) } ?? 0 }
        return (tokens, pixels("width"), pixels("height"))
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
