import Foundation
import Glibc
import SystemPackage

/// The kernel's reports of what happens in folders.
///
/// A thread of its own does nothing but empty the kernel's queue, so that a long listing or a long batch never lets it
/// overflow.
final class Inotify: Sendable {
    /// One report.
    struct Event: Sendable {
        /// The watch that it belongs to; -1 where the queue overflowed.
        var watch: Int32
        /// `IN_…` bits.
        var mask: UInt32
        /// The name in the folder; nil where the report is of the folder itself.
        var name: FileName?

        func has(_ bits: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: bits) != 0 }
        var isFolder: Bool { has(IN_ISDIR) }
        var isOverflow: Bool { has(IN_Q_OVERFLOW) }
    }

    private static let mask =
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
        | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK

    private let descriptor: Int32
    /// The table of mounts, which the kernel says when it changes.
    private let mounts: Int32
    private let stopReader: Int32
    private let stopWriter: Int32

    /// - Throws: ``WatchLimit/instances`` or ``WatchLimit/other(_:)``.
    init() throws(WatchLimit) {
        let descriptor = inotify_init1(Int32(truncatingIfNeeded: IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { throw errno == EMFILE ? .instances : .other(errno) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let code = errno
            close(descriptor)
            throw .other(code)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.descriptor = descriptor
        mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        (stopReader, stopWriter) = (ends[0], ends[1])
    }

    deinit {
        for end in [descriptor, stopReader, stopWriter, mounts] where end >= 0 { close(end) }
    }

    /// Starts the thread that hands over events in the order of the kernel, until ``stop()``.
    ///
    /// - Parameter mountsChanged: Called when something was mounted, unmounted or mounted otherwise.
    func start(_ deliver: @escaping @Sendable ([Event]) -> Void, mountsChanged: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            let size = 1 << 16
            let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<inotify_event>.alignment)
            defer { buffer.deallocate() }
            while true {
                // A negative descriptor is passed over.
                var waiting = [
                    pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: stopReader, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: mounts, events: Int16(POLLPRI), revents: 0),
                ]
                guard poll(&waiting, 3, -1) >= 0 || errno == EINTR else { return }
                if waiting[1].revents != 0 { return }
                if waiting[2].revents != 0 { mountsChanged() }
                guard waiting[0].revents != 0 else { continue }
                let count = read(descriptor, buffer, size)
                if count > 0 { deliver(Self.events(in: UnsafeRawBufferPointer(start: buffer, count: count))) }
            }
        }
        thread.name = "inotify"
        thread.start()
    }

    /// Ends the thread. Events that it has not handed over are lost.
    func stop() {
        var byte: UInt8 = 0
        _ = write(stopWriter, &byte, 1)
    }

    /// Watches a folder, or changes nothing where it is watched already.
    ///
    /// - Returns: The watch's number; the same for a folder that is watched already under another path.
    func add(_ folder: FilePath) throws(WatchLimit) -> Int32 {
        let watch = folder.withPlatformString { inotify_add_watch(descriptor, $0, UInt32(truncatingIfNeeded: Self.mask)) }
        guard watch >= 0 else { throw errno == ENOSPC ? .watches : .other(errno) }
        return watch
    }

    func remove(_ watch: Int32) {
        inotify_rm_watch(descriptor, watch)
    }

    /// Takes apart what the kernel wrote: a header of 16 bytes, then a name padded with zeros, and so on.
    private static func events(in buffer: UnsafeRawBufferPointer) -> [Event] {
        let header = MemoryLayout<inotify_event>.size
        var events: [Event] = []
        var position = 0
        while position + header <= buffer.count {
            let watch = buffer.loadUnaligned(fromByteOffset: position, as: Int32.self)
            let mask = buffer.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
            let length = Int(buffer.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
            let end = min(position + header + length, buffer.count)
            let name = buffer[position + header..<end].prefix { $0 != 0 }
            events.append(Event(watch: watch, mask: mask, name: name.isEmpty ? nil : FileName(bytes: Array(name))))
            position = end
        }
        return events
    }
}

/// Why something cannot be watched.
package enum WatchLimit: Error, Equatable, CustomStringConvertible {
    /// The user's watches are used up.
    case watches
    /// The user's inotify instances are used up.
    case instances
    /// Another `errno`.
    case other(Int32)

    package var description: String {
        switch self {
        case .watches:
            let limit = Self.setting("max_user_watches")
            return """
                the limit of \(limit.map(String.init) ?? "?") watches for this user is reached; raise it with \
                “sysctl fs.inotify.max_user_watches=\(max(2 * (limit ?? 0), 524_288))” (and a line in /etc/sysctl.d/ to keep it)
                """
        case .instances:
            let limit = Self.setting("max_user_instances")
            return """
                the limit of \(limit.map(String.init) ?? "?") inotify instances for this user, or of open files, is reached; raise it \
                with “sysctl fs.inotify.max_user_instances=\(max(2 * (limit ?? 0), 512))” (and a line in /etc/sysctl.d/ to keep it)
                """
        case .other(let code): return "inotify cannot be used (\(Errno(rawValue: code).description)), so folders are scanned at intervals"
        }
    }

    /// A limit of the kernel's: `max_user_watches`, `max_user_instances` or `max_queued_events`.
    package static func setting(_ name: String) -> Int? {
        Int(String(decoding: readWhole(FilePath("/proc/sys/fs/inotify/\(name)")).filter { $0 > 32 }, as: UTF8.self))
    }
}
