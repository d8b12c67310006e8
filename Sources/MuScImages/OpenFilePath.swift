import Glibc
import SystemPackage

extension FilePath {
    /// Where an open file or folder really lies: its path at this moment, without links.
    ///
    /// Other than a path that is looked at before it is opened, this cannot be exchanged in between.
    ///
    /// - Returns: nil where the system does not tell, as without `/proc`.
    package init?(ofOpenFile descriptor: Int32) {
        let path = [CChar](unsafeUninitializedCapacity: Int(PATH_MAX) + 1) { buffer, count in
            let length = buffer.baseAddress.map { readlink("/proc/self/fd/\(descriptor)", $0, Int(PATH_MAX)) } ?? 0
            count = max(length, 0)
        }
        guard !path.isEmpty else { return nil }
        self.init(platformString: path + [0])
    }

    /// Whether an open file or folder lies in this folder or below it; this folder is absolute and without links.
    package func holds(openFile descriptor: Int32) -> Bool {
        // Without /proc nothing is known; links were looked at when the folder was listed.
        guard let real = FilePath(ofOpenFile: descriptor) else { return true }
        return real.starts(with: self)
    }
}
