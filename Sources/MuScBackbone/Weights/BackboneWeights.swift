import MuScTensors

/// The tensors of one backbone under canonical names, wherever and however the file keeps them.
///
/// Names and shapes are checked when the value is made; the numbers are read from the mapped file each time they
/// are asked for, tensor by tensor, so that a network in use takes its own memory and no more.
public struct BackboneWeights: Sendable {
    /// The file.
    public let path: String
    /// The scheme by which the file names its tensors.
    public let naming: WeightsNaming
    private let archive: TensorArchive
    private let entries: [String: Entry]

    private struct Entry: Sendable {
        /// Where the values are; nil for zeros.
        var source: WeightsNaming.Source?
        var shape: [Int]
    }

    /// Finds the backbone's tensors in the archive.
    ///
    /// The naming scheme and a prefix (`module.`, `backbone.`, `model.` …) are recognised by content. What surrounds
    /// an image encoder in published files is passed over: text towers, heads, mask tokens, poolers.
    ///
    /// - Throws: ``WeightsError`` naming every tensor that is missing, misshapen or has no place.
    package init(archive: TensorArchive, for description: BackboneDescription) throws(WeightsError) {
        guard let found = NamingMatch(archive) else {
            throw .unknownNaming(path: archive.path, names: archive.names)
        }
        path = archive.path
        naming = found.naming
        self.archive = archive
        let (entries, mismatch) = Self.entries(archive, found, description)
        guard mismatch.isEmpty else {
            var mismatch = mismatch
            mismatch.fitting = BackboneCatalogue.all.filter { other in
                other != description && Self.entries(archive, found, other).mismatch.isEmpty
            }.map(\.name)
            throw .mismatch(mismatch)
        }
        self.entries = entries
    }

    /// Opens the file at `path` and finds the backbone's tensors in it.
    ///
    /// - Throws: ``WeightsError``.
    public init(path: String, for description: BackboneDescription) throws(WeightsError) {
        let archive: TensorArchive
        do { archive = try TensorArchive(path: path) } catch { throw .file(error) }
        try self.init(archive: archive, for: description)
    }

    /// The canonical names, sorted.
    public var names: [String] { entries.keys.sorted() }

    /// The canonical tensor's shape, or nil where the backbone has none of this name.
    public func shape(_ canonicalName: String) -> [Int]? { entries[canonicalName]?.shape }

    /// The canonical tensor's values, row-major.
    ///
    /// - Throws: ``WeightsError/file(_:)`` with `missingTensor` where the backbone has none of this name.
    public func floats(_ canonicalName: String) throws(WeightsError) -> [Float] {
        guard let entry = entries[canonicalName] else {
            throw .file(TensorFileError(path: path, fault: .missingTensor(canonicalName)))
        }
        switch entry.source {
        case nil: return [Float](repeating: 0, count: entry.shape.reduce(1, *))
        case .tensor(let name): return try read(name)
        case .masked(let name, let mask): return zip(try read(name), try read(mask)).map { $0 * $1 }
        case .keyless(let queries, let values):
            return try read(queries) + [Float](repeating: 0, count: entry.shape[0] / 3) + read(values)
        case .transposed(let name):
            return Self.transposed(try read(name), rows: entry.shape[1], columns: entry.shape[0])
        case .joined(let names):
            var values: [Float] = []
            values.reserveCapacity(entry.shape.reduce(1, *))
            for name in names { values += try read(name) }
            return values
        case .positions(let classToken, let patches): return try read(classToken) + read(patches)
        case .patchPositions(let name): return [Float](repeating: 0, count: entry.shape[1]) + (try read(name))
        }
    }

    /// Calls `body` with the canonical tensor's values, row-major; the pointer is valid only inside.
    ///
    /// - Throws: As ``floats(_:)``.
    func withFloats<Value>(
        _ canonicalName: String, _ body: (UnsafeBufferPointer<Float>) -> Value
    ) throws(WeightsError) -> Value {
        guard case .tensor(let name)? = entries[canonicalName]?.source else {
            return try floats(canonicalName).withUnsafeBufferPointer(body)
        }
        do { return try archive.tensor(name).withFloats(body) } catch { throw .file(error) }
    }

    /// The weights under canonical names as float32, to be written to a file of their own.
    ///
    /// - Throws: ``WeightsError`` as ``floats(_:)``.
    package func canonicalFile(metadata: [String: String] = [:]) throws(WeightsError) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: metadata)
        for name in names { writer.add(name, try floats(name), shape: shape(name) ?? []) }
        return writer
    }

    /// Reads every tensor of the backbone once and looks for NaN and infinities.
    ///
    /// - Throws: ``WeightsError/notFinite(path:tensor:count:)`` for the first tensor that holds some.
    package func checkFinite() throws(WeightsError) {
        for canonicalName in names {
            for name in entries[canonicalName]?.source?.names ?? [] {
                let count: Int
                do {
                    count = try archive.tensor(name).withFloats { values in values.count { !$0.isFinite } }
                } catch {
                    throw .file(error)
                }
                if count > 0 { throw .notFinite(path: path, tensor: name, count: count) }
            }
        }
    }

    private func read(_ name: String) throws(WeightsError) -> [Float] {
        do { return try archive.tensor(name).floats() } catch { throw .file(error) }
    }

    /// The transpose of a `rows × columns` matrix.
    private static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: values.count) { result, initialised in
            for column in 0..<columns {
                for row in 0..<rows {
                    result.initializeElement(at: column * rows + row, to: values[row * columns + column])
                }
            }
            initialised = values.count
        }
    }
}

extension BackboneWeights {
    /// Where each tensor of the backbone stands in the archive, and all that does not fit.
    private static func entries(
        _ archive: TensorArchive, _ found: NamingMatch, _ description: BackboneDescription
    ) -> (entries: [String: Entry], mismatch: WeightsMismatch) {
        var mismatch = WeightsMismatch(path: archive.path, backbone: description.name, naming: found.naming)
        var entries: [String: Entry] = [:]
        var used: Set<String> = []
        for (canonicalName, shape) in description.tensorShapes {
            let sources = found.naming.sources(of: canonicalName).map(found.inFile)
            let present = sources.filter { source in source.names.allSatisfy { archive[$0] != nil } }
            if let source = present.first(where: { fits($0, shape, archive) }) {
                entries[canonicalName] = Entry(source: source, shape: shape)
                used.formUnion(source.names)
                continue
            }
            if present.isEmpty, let substitute = description.substitute(for: canonicalName) {
                if substitute == .zeros { entries[canonicalName] = Entry(source: nil, shape: shape) }
                continue
            }
            used.formUnion(present.flatMap(\.names))
            guard let source = present.first ?? sources.first else {
                mismatch.missing.append(.init(name: canonicalName, expected: shape))
                continue
            }
            for (name, expected) in zip(source.names, source.shapes(for: shape)) {
                guard let tensor = archive[name] else {
                    mismatch.missing.append(.init(name: name, expected: expected))
                    continue
                }
                guard !sameShape(tensor.shape, expected) else { continue }
                mismatch.misshapen.append(.init(name: name, expected: expected, found: tensor.shape))
            }
        }
        mismatch.extra = archive.names.filter { !used.contains($0) && !found.isBeside($0, archive) }
        return (entries, mismatch)
    }

    private static func fits(_ source: WeightsNaming.Source, _ shape: [Int], _ archive: TensorArchive) -> Bool {
        zip(source.names, source.shapes(for: shape)).allSatisfy { name, expected in
            archive[name].map { sameShape($0.shape, expected) } ?? false
        }
    }

    /// Whether the shapes are equal but for dimensions of 1 in front.
    private static func sameShape(_ a: [Int], _ b: [Int]) -> Bool {
        a.drop { $0 == 1 }.elementsEqual(b.drop { $0 == 1 })
    }
}
