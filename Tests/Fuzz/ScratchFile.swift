import Glibc

/// Calls `body` with the path of a file of these bytes, which lies in memory and is the same for all calls.
func withFile(of bytes: [UInt8], _ body: (_ path: String) -> Void) {
    ftruncate(ScratchFile.descriptor, 0)
    let written = bytes.withUnsafeBytes { pwrite(ScratchFile.descriptor, $0.baseAddress, $0.count, 0) }
    require(written == bytes.count)
    body(ScratchFile.path)
}

private enum ScratchFile {
    static let descriptor: Int32 = {
        var name = Array("/dev/shm/musc-fuzz-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        require(descriptor >= 0)
        unlink(name)
        return descriptor
    }()
    static let path = "/proc/self/fd/\(descriptor)"
}
