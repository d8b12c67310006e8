import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A pipe for what a hook writes: the beginning goes to our standard error, and the rest nowhere.
///
/// A hook that writes hundreds of megabytes would otherwise fill the system's journal. The hook is never held up: what is
/// left out is read all the same, by a thread that ends when the hook and the programs it has started have closed the pipe.
final class BoundedOutput: Sendable {
    /// Bytes that are passed on.
    static let limit = 1 << 16

    /// What the hook writes to.
    let end: FileDescriptor
    private let isDrained = Mutex(false)

    /// - Parameters:
    ///   - name: The program's, for the word on what is left out.
    ///   - target: Where the beginning goes.
    /// - Returns: nil where the process has no descriptors left.
    init?(of name: String, to target: Int32 = STDERR_FILENO) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        end = FileDescriptor(rawValue: ends[1])
        let reader = ends[0]
        Thread.detachNewThread { [self] in
            Self.pass(from: reader, to: target, name)
            close(reader)
            isDrained.withLock { $0 = true }
        }
    }

    /// Closes our end, and gives what was written before a moment to be passed on.
    func finish() async {
        try? end.close()
        // A program that the hook leaves behind may keep the pipe open for ever.
        for _ in 0..<25 where !isDrained.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private static func pass(from reader: Int32, to target: Int32, _ name: String) {
        var left = limit
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            guard left > 0 else { continue }
            put(buffer[..<min(count, left)], to: target)
            left -= count
            guard left <= 0 else { continue }
            put(Array("\nmusc: \(name) writes more than \(limit >> 10) KiB, and the rest is left out\n".utf8)[...], to: target)
        }
    }

    private static func put(_ bytes: ArraySlice<UInt8>, to target: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
