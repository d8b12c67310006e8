import FoundationEssentials
import Glibc
import SystemPackage

/// What the operating system says of itself.
enum SystemFacts {
    /// A number that stands alone in a file, such as those under `/proc/sys`.
    static func number(in path: String) -> Int? {
        text(of: path).flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
    }

    static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Bytes that this user can still write where a path lies, or would lie once it is made.
    static func freeSpace(at path: FilePath) -> Int? {
        var status = statvfs()
        let place = existingPart(of: path)
        guard place.withPlatformString({ statvfs($0, &status) }) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// The path, or the deepest folder above it that exists.
    static func existingPart(of path: FilePath) -> FilePath {
        var place = path
        while !place.components.isEmpty, place.withPlatformString({ access($0, F_OK) }) != 0 { place.removeLastComponent() }
        return place.isEmpty ? FilePath(".") : place
    }

    /// Whether this user may do what `mode` (`R_OK`, `W_OK`, `X_OK`) says.
    static func allows(_ mode: Int32, _ path: FilePath) -> Bool { path.withPlatformString { access($0, mode) } == 0 }

    static func isFolder(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The name of the user that this process runs as.
    static var userName: String {
        getpwuid(geteuid()).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "user \(geteuid())"
    }

    /// Where a program is found, as a hook's would be.
    static func program(_ name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// `3.2 GB`, `410 MB`.
    static func size(_ bytes: Int) -> String {
        let gigabyte = 1_000_000_000
        if bytes < gigabyte { return "\(bytes / 1_000_000) MB" }
        let tenths = bytes / (gigabyte / 10)
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) GB" : "\(tenths / 10) GB"
    }
}
