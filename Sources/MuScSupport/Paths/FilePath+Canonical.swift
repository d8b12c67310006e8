import Glibc
import SystemPackage

extension FilePath {
    /// The path with every symbolic link resolved, or nil where it does not exist.
    package func resolved() -> FilePath? {
        withPlatformString { text in
            guard let real = realpath(text, nil) else { return nil }
            defer { free(real) }
            return FilePath(platformString: real)
        }
    }

    /// An absolute path without symbolic links for what exists of it; the rest is taken over as it stands.
    package func canonical() -> FilePath {
        if let real = resolved() { return real }
        var absolute = self
        if !absolute.isAbsolute {
            absolute = FilePath(".").resolved() ?? FilePath("/")
            absolute.append(components)
        }
        absolute.lexicallyNormalize()
        guard let last = absolute.lastComponent else { return absolute }
        var parent = absolute.removingLastComponent().canonical()
        parent.append(last)
        return parent
    }
}
