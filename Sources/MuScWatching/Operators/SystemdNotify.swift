import Foundation
import Glibc

/// Tells systemd how the service is doing, by the protocol of `sd_notify(3)`; does nothing where systemd did not ask.
package struct SystemdNotify: Sendable {
    private let address: String?
    /// Seconds within which systemd wants to hear of us again and again, if it does.
    package let watchdogSeconds: Double?

    /// - Parameter environment: Where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are read.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        address = environment["NOTIFY_SOCKET"]
        let process = environment["WATCHDOG_PID"].flatMap { Int32($0) }
        let interval = environment["WATCHDOG_USEC"].flatMap { Double($0) }
        watchdogSeconds = process == nil || process == getpid() ? interval.map { $0 / 1e6 } : nil
    }

    /// Sends assignments such as `READY=1`, one a line.
    package func send(_ state: String) {
        guard let address, let first = address.utf8.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var path = Array(address.utf8)
        // A leading @ stands for the zero byte of an abstract address.
        if first == UInt8(ascii: "@") { path[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: name.sun_path)
        guard path.count < capacity else { return }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size - capacity + path.count)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(state.utf8)
        withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                _ = sendto(descriptor, message, message.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL), target, length)
            }
        }
    }
}
