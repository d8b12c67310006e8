import FoundationEssentials
import Glibc
import MuScBackbone
import MuScImages
import MuScSupport
import MuScTensors
import SystemPackage

/// Tokens of images that may be asked for again, in a folder that may be deleted at any time.
///
/// Tokens are kept as the network gave them, so that scores are the same whether they came from the cache or not. What
/// cannot be read, is damaged or of another network counts as missing; what cannot be written is not kept.
package struct TokenCache: Sendable {
    package let folder: FilePath
    package let key: TokenKey
    /// Bytes that the folder may take; past it, what was not used for longest goes.
    package let byteLimit: Int

    /// - Parameter folder: Made where it is missing.
    package init(folder: FilePath, key: TokenKey, byteLimit: Int = 2 << 30) {
        self.folder = folder
        self.key = key
        self.byteLimit = byteLimit
    }

    /// `$CACHE_DIRECTORY/tokens` under systemd, else below `$XDG_CACHE_HOME/musc` or `~/.cache/musc`; nil where none is set.
    package static var standardFolder: FilePath? {
        let environment = ProcessInfo.processInfo.environment
        func folder(_ variable: String, _ below: String) -> FilePath? {
            environment[variable].flatMap { $0.isEmpty ? nil : FilePath($0).pushing(FilePath(below)) }
        }
        return folder("CACHE_DIRECTORY", "tokens") ?? folder("XDG_CACHE_HOME", "musc/tokens")
            ?? folder("HOME", ".cache/musc/tokens")
    }

    private func file(of image: BatchFile) -> TokenFile {
        var hash = StableHash()
        hash.add(Array(key.description.utf8))
        hash.add([0])
        hash.add(FileIdentity(image.path).bytes)
        if let page = image.page { hash.add(Array("#\(page)".utf8)) }
        return TokenFile(path: folder.appending(hash.text + ".tokens"))
    }

    /// The tokens, the image feature and what they were made of, where they are kept; the tokens unread.
    ///
    /// - Parameter remade: Computes the tokens anew; asked where they turn out to be damaged.
    func tokens(
        of image: BatchFile, patches: Int, remade: @escaping @Sendable () -> ImageTokens?
    ) -> (tokens: KeptTokens, imageFeature: [Float], origin: TokenOrigin)? {
        let file = file(of: image)
        // An earlier version kept no looks.
        guard let kept = try? file.kept(key: key, patches: patches, remade: remade), kept.origin.look != nil else { return nil }
        Self.touch(file.path)
        return kept
    }

    /// Whether there is a file for the image's tokens.
    func mayHold(_ image: BatchFile) -> Bool { access(file(of: image).path.string, R_OK) == 0 }

    /// Says that a file was used now: the time of change serves as the time of last use.
    static func touch(_ path: FilePath) {
        _ = utimensat(AT_FDCWD, path.string, nil, 0)
    }

    /// Where the tokens of an image are kept, as the file is now: its name, size, times, inode.
    func place(of image: BatchFile) -> FilePath { file(of: image).path }

    /// Keeps the tokens of an image, if the disk allows, and the file is still the one that was read.
    ///
    /// - Parameter place: ``place(of:)`` from before the file was read.
    func keep(_ tokens: ImageTokens, of image: BatchFile, at place: FilePath?, origin: TokenOrigin, channels: Int) {
        let file = file(of: image)
        guard file.path == place else { return }
        try? file.write(tokens, key: key, channels: channels, as: .single, origin: origin, flushes: false)
    }

    /// Makes the folder, so that ``keep`` can write.
    func prepare() {
        try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    }

    /// Removes what was not used for longest until the folder keeps to its limit.
    func trim() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        var files: [(path: FilePath, bytes: Int, used: Int)] = []
        for name in names {
            var status = stat()
            let path = folder.appending(name)
            guard stat(path.string, &status) == 0 else { continue }
            files.append((path, Int(status.st_size), status.st_mtim.tv_sec))
        }
        var total = files.reduce(0) { $0 + $1.bytes }
        guard total > byteLimit else { return }
        for file in files.sorted(by: { $0.used < $1.used }) where total > byteLimit {
            if unlink(file.path.string) == 0 { total -= file.bytes }
        }
    }
}
