import Glibc

/// Processors that this process may run on, at least 1.
func processorCount() -> Int {
    var set = cpu_set_t()
    guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return max(Int(get_nprocs()), 1) }
    return max(withUnsafeBytes(of: set) { bytes in bytes.reduce(0) { $0 + $1.nonzeroBitCount } }, 1)
}
