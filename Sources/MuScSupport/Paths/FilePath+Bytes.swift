import SystemPackage

extension FilePath {
    /// A path from the file system's bytes, in any encoding or none, up to the first zero.
    package init(bytes: some Sequence<UInt8>) {
        let platform = bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
        self.init(platformString: platform + [0])
    }

    /// The path's bytes without a terminating zero.
    package var bytes: [UInt8] {
        withPlatformString { text in
            var bytes: [UInt8] = []
            var position = text
            while position.pointee != 0 {
                bytes.append(UInt8(bitPattern: position.pointee))
                position += 1
            }
            return bytes
        }
    }
}
