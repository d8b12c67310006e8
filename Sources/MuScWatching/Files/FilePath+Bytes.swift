import MuScSupport
import SystemPackage

extension FilePath {
    /// The path as one line of text for people and logs; see ``escapedText(_:)``.
    package var text: String { escapedText(bytes) }

    /// The path of a file in this folder.
    package func appending(_ name: FileName) -> FilePath {
        var joined = bytes
        if joined.last != UInt8(ascii: "/") { joined.append(UInt8(ascii: "/")) }
        joined.append(contentsOf: name.bytes)
        return FilePath(bytes: joined)
    }

    /// Whether this path is `folder` or lies below it. Both must be absolute and lexically normal.
    package func isInside(_ folder: FilePath) -> Bool {
        let inner = bytes
        let outer = folder.bytes
        guard inner.starts(with: outer) else { return false }
        return inner.count == outer.count || outer.last == UInt8(ascii: "/") || inner[outer.count] == UInt8(ascii: "/")
    }

    /// The name that the file of this path has in a batch of `folder`.
    package func name(in folder: FilePath) -> FileName? {
        guard let below = relative(to: folder), !below.isEmpty else { return lastName }
        return FileName(bytes: below.bytes)
    }

    /// The path below `folder`, empty for the folder itself; nil where the path is not inside.
    package func relative(to folder: FilePath) -> FilePath? {
        guard isInside(folder) else { return nil }
        return FilePath(bytes: bytes.dropFirst(folder.bytes.count).drop { $0 == UInt8(ascii: "/") })
    }
}
