import Glibc
import Synchronization
import SystemPackage

/// Tells whether a folder was moved since, even if it is back by now.
///
/// A folder that was swapped for another while its images were read looks untouched once it is swapped back: neither its
/// number nor its files' have changed. The kernel says so all the same. On a file system that sends no events, and where
/// no further watch is to be had, nobody does.
///
/// A user has few of the kernel's queues, so that each is given back as soon as the batch is dealt with: ``end()``.
final class MoveWatch: Sendable {
    /// -1 once it has ended.
    private let descriptor: Mutex<Int32>

    /// - Parameter folder: It and the folders above it are watched.
    init?(_ folder: FilePath) {
        let descriptor = inotify_init1(Int32(truncatingIfNeeded: IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        self.descriptor = Mutex(descriptor)
        var path = folder
        while !path.components.isEmpty {
            let mask = UInt32(truncatingIfNeeded: IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW)
            // Of a folder above that is not ours to read nothing can be said.
            _ = path.withPlatformString { inotify_add_watch(descriptor, $0, mask) }
            path.removeLastComponent()
        }
    }

    deinit { end() }

    /// Ends watching, whoever still holds this: from now on it tells nothing.
    func end() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    /// Whether one of the folders was moved or deleted.
    ///
    /// What was said stays in the kernel's queue, so that it can be asked again.
    var wasMoved: Bool {
        descriptor.withLock { descriptor in
            // A negative descriptor is passed over.
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&waiting, 1, 0) > 0 && waiting.revents & Int16(POLLIN) != 0
        }
    }
}
