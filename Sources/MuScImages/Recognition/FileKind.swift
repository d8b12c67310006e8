import MuScSupport
import SystemPackage

/// What a file of a batch's folder is taken for, by its first bytes and by its name: one answer for every command.
package enum FileKind: Sendable, Hashable {
    /// A format that is read; or only the name says so, and the file is to be reported as damaged.
    case image
    /// A format that is known and not read, which is to be reported with its remedy.
    case unread(UnreadFormat)
    /// A file that programs put beside photographs: measurements, settings, tables.
    case sidecar
    /// Nothing that belongs to a batch.
    case other

    /// Whether the file belongs to its batch, scored or named as unreadable.
    package var belongsToBatch: Bool {
        switch self {
        case .image, .unread: true
        case .sidecar, .other: false
        }
    }

    /// How many of a file's first bytes tell its kind.
    static let headBytes = 512

    /// What a file is taken for.
    ///
    /// The content goes first, so that a JPEG called `photo.heic` is read. But camera raw begins like TIFF, and previews
    /// like any JPEG: these are told by their names.
    ///
    /// - Parameters:
    ///   - name: The file's name, as the file system's bytes.
    ///   - head: Its first 512 bytes, fewer where there are fewer; none where it cannot be read.
    init(name: [UInt8], head: [UInt8]) {
        let ending = fileExtension(name)
        let promised = UnreadFormat(extension: ending)
        if Self.previews.contains(ending) {
            self = .sidecar
        } else if let unread = UnreadFormat.detect(head) {
            self = .unread(unread)
        } else if let format = ImageFormat.detect(head) {
            self = format == .tiff && promised == .cameraRaw ? .unread(.cameraRaw) : .image
        } else if ImageFormat.extensions.contains(ending) {
            self = .image
        } else if let promised {
            self = .unread(promised)
        } else {
            self = Self.sidecars.contains(ending) ? .sidecar : .other
        }
    }

    /// What the file at a path is taken for; it is opened only where its name does not decide that it belongs to a
    /// batch.
    ///
    /// - Parameter name: The last component as the file system's bytes.
    package static func belongsToBatch(_ path: FilePath, name: [UInt8]) -> Bool {
        promisesImage(name) || FileKind(name: name, head: head(of: path)).belongsToBatch
    }

    /// Whether a name ends as those of images do, read or not.
    package static func promisesImage(_ name: [UInt8]) -> Bool {
        let ending = fileExtension(name)
        return ImageFormat.extensions.contains(ending) || UnreadFormat(extension: ending) != nil
    }

    /// The first bytes of a file; none where it cannot be read.
    static func head(of path: FilePath) -> [UInt8] {
        // Without waiting: to open a pipe that nobody writes to would take for ever.
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else { return [] }
        defer { try? file.close() }
        return [UInt8](unsafeUninitializedCapacity: headBytes) { buffer, count in
            count = (try? file.read(into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
        }
    }

    /// Small copies that cameras put beside what they took: a JPEG by content, but of a photograph or film that is there
    /// already.
    private static let previews: Set<String> = ["thm"]

    private static let sidecars: Set<String> = [
        "xml", "json", "jsonl", "txt", "csv", "tsv", "yaml", "yml", "ini", "toml", "md", "html", "htm", "log", "xmp", "md5",
        "sha256", "xls", "xlsx", "ods", "db", "nfo", "url", "desktop", "aae", "lst", "dat",
    ]
}

/// What follows a name's last dot, in lower case; empty where there is none.
func fileExtension(_ name: [UInt8]) -> String {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return "" }
    return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
}

/// Camera raw that lies beside an image of the same name, `IMG_1.NEF` beside `IMG_1.JPG`: the same photograph twice, of
/// which the image is scored.
package struct RawBesideImage: Sendable {
    private var stems: Set<[UInt8]> = []

    /// - Parameter names: Of all files of one folder.
    package init(_ names: some Sequence<[UInt8]>) {
        for name in names where ImageFormat.extensions.contains(fileExtension(name)) { stems.insert(Self.stem(name)) }
    }

    package func contains(_ name: [UInt8]) -> Bool {
        UnreadFormat(extension: fileExtension(name)) == .cameraRaw && stems.contains(Self.stem(name))
    }

    private static func stem(_ name: [UInt8]) -> [UInt8] {
        name[..<(name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex)].map { (65...90).contains($0) ? $0 + 32 : $0 }
    }
}
