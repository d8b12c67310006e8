import Glibc
import SystemPackage

/// Folders in which results were being put together when the program was killed.
///
/// Whoever publishes results fills a hidden folder beside the place where they are to appear, called as
/// ``temporaryName(for:)`` says, and renames it when it is whole. As long as that program lives, the folder is its own;
/// afterwards it is rubbish.
public enum ResultsLeftovers {
    /// The name of the hidden folder that becomes the results' folder: `._musc.<process>-<random>`.
    ///
    /// - Parameter results: Where the results are to appear.
    public static func temporaryName(for results: FilePath) -> String {
        let name = results.lastComponent?.string ?? "_musc"
        return ".\(name).\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
    }

    /// Removes a leftover of a program that no longer runs.
    ///
    /// - Returns: Whether the folder was removed.
    static func remove(_ name: FileName, in folder: FilePath) -> Bool {
        if let process = name.temporaryProcess, process != getpid(), kill(process, 0) == 0 || errno == EPERM { return false }
        return removeTree(folder.appending(name))
    }

    /// Removes the leftovers beside the place where results are to appear.
    static func removeAll(beside results: FilePath) {
        guard let name = results.lastComponent else { return }
        let folder = results.removingLastComponent()
        for leftover in names(in: folder)
        where leftover.bytes.first == UInt8(ascii: ".") && leftover.withoutTemporaryParts.bytes == Array(name.string.utf8) {
            _ = remove(leftover, in: folder)
        }
    }

    private static func names(in folder: FilePath) -> [FileName] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { return [] }
        defer { closedir(stream) }
        var names: [FileName] = []
        while let entry = readdir(stream) {
            let name = FolderListing.nameBytes(entry)
            if name != [46] && name != [46, 46] { names.append(FileName(bytes: name)) }
        }
        return names
    }

    private static func removeTree(_ path: FilePath) -> Bool {
        for name in names(in: path) {
            let inner = path.appending(name)
            if inner.withPlatformString({ unlink($0) }) != 0 { _ = removeTree(inner) }
        }
        return path.withPlatformString { rmdir($0) } == 0
    }
}

extension FileName {
    /// `_musc` of `._musc.4711-1a2b`; the name itself where it is of another form.
    var withoutTemporaryParts: FileName {
        guard bytes.first == UInt8(ascii: "."), let dot = bytes.dropFirst().lastIndex(of: UInt8(ascii: ".")), dot > 1 else { return self }
        return FileName(bytes: Array(bytes[1..<dot]))
    }

    /// 4711 of `._musc.4711-1a2b`.
    var temporaryProcess: Int32? {
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let digits = bytes[(dot + 1)...].prefix { (48...57).contains($0) }
        return Int32(String(decoding: digits, as: UTF8.self))
    }
}
