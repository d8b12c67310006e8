import Glibc
import MuScSupport
import SystemPackage

/// What files hold, by their names: the SHA-256 of each.
///
/// By it results are known to be of the same photographs when the files themselves are others: copied to a new disk,
/// brought back from a backup, or touched.
package struct FileContents: Sendable, Equatable {
    /// 64 lower-case hexadecimal digits by name.
    package private(set) var digests: [FileName: String]

    package init(_ digests: [FileName: String]) {
        self.digests = digests
    }

    /// Forgets what some files held.
    package mutating func leaveOut(_ names: [FileName]) {
        for name in names { digests[name] = nil }
    }

    /// Lines as sha256sum(1) writes and checks them, in order of names: two blanks, and a backslash before the digest
    /// where the name holds one, a newline or a carriage return, which are written as `\\`, `\n` and `\r`.
    ///
    /// A name that is not UTF-8 has no line, for JSON could not hold it.
    package var lines: [String] {
        digests.sorted { $0.key < $1.key }.compactMap { name, digest in
            guard let text = String(validating: name.bytes, as: UTF8.self) else { return nil }
            let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\r", with: "\\r")
            return (escaped.utf8.count == text.utf8.count ? "" : "\\") + digest + "  " + escaped
        }
    }

    /// - Parameter lines: Those that are no lines of sha256sum(1) are left out.
    package init(lines: [String]) {
        digests = [:]
        for line in lines {
            var rest = Array(line.utf8)[...]
            let isEscaped = rest.first == UInt8(ascii: "\\")
            if isEscaped { rest = rest.dropFirst() }
            let digest = rest.prefix(64)
            let name = rest.dropFirst(66)
            guard digest.count == 64, digest.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }), !name.isEmpty else {
                continue
            }
            digests[FileName(bytes: isEscaped ? Self.unescaped(name) : Array(name))] = String(decoding: digest, as: UTF8.self)
        }
    }

    private static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var isEscape = false
        for byte in name {
            if isEscape {
                bytes.append(byte == UInt8(ascii: "n") ? 10 : byte == UInt8(ascii: "r") ? 13 : byte)
                isEscape = false
            } else if byte == UInt8(ascii: "\\") {
                isEscape = true
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// The names of files that are not here, of those that could be.
    func lacks(_ names: [FileName]) -> [FileName] {
        names.filter { digests[$0] == nil && String(validating: $0.bytes, as: UTF8.self) != nil }
    }

    /// Whether files hold what was held under their names here. Those that are here and not named do not count: a part
    /// of a batch is covered by what the whole was.
    ///
    /// - Parameters:
    ///   - folder: Where the files are.
    ///   - names: Their names.
    package func cover(_ names: [FileName], in folder: FilePath, threads: Int = 2) -> Bool {
        // The results depend on the mask: one that came or went makes others.
        let hasMask = digests[NameRules.mask] != nil || isFile(folder.appending(NameRules.mask))
        let names = names + (hasMask ? [NameRules.mask] : [])
        // No file is read where one of them was never held.
        guard names.allSatisfy({ digests[$0] != nil }) else { return false }
        return concurrentMap(names.count, threads: threads) { index in
            Self.digest(of: folder.appending(names[index])) == digests[names[index]]
        }.allSatisfy { $0 }
    }

    private func isFile(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether a file can be read to its end.
    static func isReadable(_ path: FilePath) -> Bool { digest(of: path) != nil }

    /// The SHA-256 of a file's content; nil where it cannot be read, or is no file.
    static func digest(of path: FilePath) -> String? {
        // Without O_NONBLOCK a FIFO that took the file's place would hold us for ever.
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return hash.finalize().hexadecimal }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
