import Foundation
import Glibc
import MuScWatching
import SystemPackage

/// A drop folder of real files, with a ledger beside it, that vanishes with the test.
package final class DropFolder: Sendable {
    package let base: FilePath
    package let root: FilePath
    package let ledgerPath: FilePath

    /// - Parameter place: The folder to make it in; nil for the system's own for temporary files.
    package init(in place: FilePath? = nil) throws {
        base = (place ?? FilePath(NSTemporaryDirectory())).canonical()
            .appending("musc-watching-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        root = base.appending("drop")
        ledgerPath = base.appending("state").appending("ledger.sqlite")
        try makeFolder(self.root)
    }

    deinit {
        // The system's own tool copes with names of any bytes.
        run("chmod", ["-R", "u+rwX", "--", base.string])
        run("rm", ["-rf", "--", base.string])
    }

    package func ledger() throws -> Ledger { try Ledger(path: ledgerPath) }

    /// A configuration with times for tests.
    package func configuration(settle: Double = 0, minImages: Int = 2) throws -> WatchConfiguration {
        var configuration = WatchConfiguration(roots: [root])
        configuration.settleSeconds = settle
        configuration.minImages = minImages
        configuration.retryDelaySeconds = 0.2
        return try configuration.validated()
    }

    package func path(_ relative: String) -> FilePath { root.appending(FilePath(relative).components) }

    /// Writes images into a folder below the root, in one go each.
    @discardableResult
    package func drop(_ count: Int, in folder: String, startingAt first: Int = 0) throws -> FilePath {
        try WatchFixtures.drop(count, in: path(folder), startingAt: first)
    }

    /// The names in a folder's results, in order; nil where there are none.
    package func scored(_ folder: String, results: String = "_musc") -> [String]? {
        let path = path(folder).appending(FilePath("\(results)/scores.csv").components)
        guard let text = try? String(contentsOfFile: path.string, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").dropFirst().map(String.init).sorted()
    }
}

/// Writes images into a folder, which is made if need be.
@discardableResult
package func drop(_ count: Int, in folder: FilePath, startingAt first: Int = 0) throws -> FilePath {
    try makeFolder(folder)
    for number in first..<first + count { try write(image(number), to: folder.appending("part_\(number).ppm")) }
    return folder
}

/// A tiny image (PPM) whose content differs with its number.
package func image(_ number: Int) -> [UInt8] {
    Array("P6 2 1 255\n".utf8) + (0..<6).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
}

package func makeFolder(_ folder: FilePath) throws {
    var path = FilePath("/")
    for component in folder.components {
        path.append(component)
        if path.withPlatformString({ mkdir($0, 0o755) }) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    }
}

package func write(_ content: [UInt8], to path: FilePath) throws {
    let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, content, content.count) == content.count else { throw Errno(rawValue: errno) }
}

package func move(_ path: FilePath, to target: FilePath) throws {
    let code = path.withPlatformString { from in target.withPlatformString { rename(from, $0) } }
    guard code == 0 else { throw Errno(rawValue: errno) }
}

package func exists(_ path: FilePath) -> Bool { path.withPlatformString { access($0, F_OK) } == 0 }

/// Runs a program of the system and waits for it.
///
/// - Returns: Its exit status.
@discardableResult
package func run(_ program: String, _ arguments: [String]) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
}
