import SystemPackage

/// Lists a drop folder with everything below it: the truth that events only hasten.
struct Scan {
    let root: FilePath
    let rules: NameRules
    /// Folders that could not be listed, in the order met.
    private(set) var failures: [FolderError] = []

    init(root: FilePath, rules: NameRules) {
        self.root = root
        self.rules = rules
    }

    /// Lists `start` and the folders below it, breadth first.
    ///
    /// - Parameters:
    ///   - start: The root or a folder in it.
    ///   - enter: Called before a folder is listed: the place to put a watch, so that nothing that lands between the
    ///     listing and the watch is missed.
    ///   - visit: Called with every folder's listing.
    mutating func walk(
        from start: FilePath, kinds: inout FileSystemKinds, enter: (FilePath) -> Void = { _ in },
        visit: (FolderListing) -> Void
    ) {
        var queue = [start]
        var next = 0
        // Bind mounts can make a folder its own descendant.
        var seen: Set<FolderID> = []
        while next < queue.count {
            let folder = queue[next]
            next += 1
            if next > 4096 {
                queue.removeFirst(next)
                next = 0
            }
            enter(folder)
            do {
                let listing = try FolderListing.read(folder, root: root, rules: rules, kinds: &kinds, enter: enter)
                guard seen.insert(listing.id).inserted else { continue }
                visit(listing)
                for name in listing.subfolders { queue.append(folder.appending(name)) }
            } catch {
                failures.append(error)
            }
        }
    }
}
