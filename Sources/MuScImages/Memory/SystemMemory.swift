import Glibc
import SystemPackage

/// How much memory this process can still have before the system says no, or kills it.
package enum SystemMemory {
    /// Bytes: the least of what the kernel counts as available, what the process's control groups allow (of both
    /// versions), and what its limit of address space (`ulimit -v`) leaves; nil where the system does not say.
    package static var available: Int? {
        [machine(), addressSpace(), controlGroups()].compactMap(\.self).min()
    }

    /// `MemAvailable` of `/proc/meminfo`: what is free, and what the system would give up.
    private static func machine() -> Int? {
        for line in text("/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }

    private static func addressSpace() -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != .max,
            let most = Int(exactly: limit.rlim_cur),
            let pages = text("/proc/self/statm").split(separator: " ").first.flatMap({ Int($0) })
        else { return nil }
        return max(most - pages * Int(sysconf(Int32(_SC_PAGESIZE))), 0)
    }

    /// The tightest limit on the way from the process's control group to the root.
    ///
    /// A line of `/proc/self/cgroup` reads `0::/path` in version 2 and `4:memory:/path` in version 1.
    private static func controlGroups() -> Int? {
        var least: Int?
        for line in text("/proc/self/cgroup").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isSecondVersion = fields[0] == "0" && fields[1].isEmpty
            guard isSecondVersion || fields[1].split(separator: ",").contains("memory") else { continue }
            let mount = isSecondVersion ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            var path = Substring(fields[2])
            while true {
                if let left = left(in: mount + path, isSecondVersion: isSecondVersion) { least = min(least ?? .max, left) }
                guard path.count > 1, let slash = path.lastIndex(of: "/") else { break }
                path = path[..<slash]
            }
        }
        return least
    }

    /// What one group has left; nil where it has no limit. Content of files that could be dropped does not count as used.
    private static func left(in group: String, isSecondVersion: Bool) -> Int? {
        func number(_ name: String) -> Int? { Int(text("\(group)/\(name)").prefix { $0 != "\n" }) }
        let names =
            isSecondVersion
            ? (limit: "memory.max", used: "memory.current", prefix: "")
            : (limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", prefix: "total_")
        // Version 1 writes the largest number of pages where there is no limit.
        guard let limit = number(names.limit), limit < 1 << 60, let used = number(names.used) else { return nil }
        let table = text("\(group)/memory.stat").split(separator: "\n").map { $0.split(separator: " ") }
        let droppable = ["active_file", "inactive_file"].reduce(0) { sum, name in
            sum + (table.first { $0.first.map { $0 == names.prefix + name } ?? false }.flatMap { Int($0.last ?? "") } ?? 0)
        }
        return max(limit - max(used - droppable, 0), 0)
    }

    /// A small file of the kernel's; empty where there is none.
    private static func text(_ path: String) -> String {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else { return "" }
        defer { try? file.close() }
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
            count = (try? file.read(into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
