import FoundationEssentials

/// The memory of this process by Linux's `/proc`.
enum ProcessMemory {
    /// Sets the peak back to what is in use now; without `/proc/self/clear_refs` it stays.
    static func restartPeak() {
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    }

    /// The most bytes that were resident at once; 0 where the system does not say.
    static var peak: Int {
        guard let status = SystemFacts.text(of: "/proc/self/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = Int(line.filter(\.isNumber))
        else { return 0 }
        return kilobytes << 10
    }
}
