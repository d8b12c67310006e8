/// Folders among photographs that appliances and systems keep their own things in: previews, what was deleted, snapshots.
///
/// Hidden folders (`.snapshot`, `.Trash-1000`, `.@__thumb`) are left out by the rule for hidden names.
package enum ForeignFolder {
    private static let names: Set<[UInt8]> = Set(
        [
            // Synology, QNAP and other appliances: previews, the bin, snapshots.
            "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@sharebin", "@tmp",
            // Windows, macOS, Samba, and file systems of Linux.
            "$recycle.bin", "recycler", "system volume information", "__macosx", "network trash folder", "temporary items",
            "lost+found",
        ].map { Array($0.utf8) })

    /// Whether a folder of this name is not entered, whatever `watch.ignore` says. Letters of either case match.
    package static func isNamed(_ name: [UInt8]) -> Bool {
        names.contains(name.map { (65...90).contains($0) ? $0 + 32 : $0 })
    }
}
