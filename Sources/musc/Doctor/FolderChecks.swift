import FoundationEssentials
import Glibc
import MuScWatching
import SystemPackage

/// Whether the drop folders can be read, watched and written to.
enum FolderChecks {
    static func all(_ configuration: Configuration) -> [Check] {
        guard !configuration.watch.roots.isEmpty else {
            return [.warn("folders", "no drop folder is named", "name some, or list them under watch.roots in the file of --config")]
        }
        var watched = 0
        var checks: [Check] = []
        for root in configuration.watch.roots.map({ $0.canonical() }) {
            let (check, folders) = drop(root, configuration)
            checks += check
            watched += folders
        }
        if let folder = configuration.flaggedFolder { checks.append(copies(folder)) }
        return checks + [inotify(folders: watched)]
    }

    /// The folder that flagged photographs are copied to.
    private static func copies(_ folder: FilePath) -> Check {
        let place = SystemFacts.existingPart(of: folder)
        guard SystemFacts.isFolder(place), SystemFacts.allows(W_OK | X_OK, place) else {
            return .fail(
                "output.copy_flagged_to", "\(folder.text) may not be written by \(SystemFacts.userName)",
                "grant it, or name another folder; a service needs ReadWritePaths for it too")
        }
        return .ok("output.copy_flagged_to", folder.text)
    }

    /// What is to be said of one drop folder, and how many folders of it need a watch.
    private static func drop(_ root: FilePath, _ configuration: Configuration) -> ([Check], folders: Int) {
        let name = "folder \(root.text)"
        let user = SystemFacts.userName
        guard SystemFacts.isFolder(root) else {
            return (
                [.fail(name, "does not exist, or \(user) may not reach it", "make it or mount it; or correct watch.roots")], 0
            )
        }
        guard SystemFacts.allows(R_OK | X_OK, root) else {
            return ([.fail(name, "may not be read by \(user)", "grant it: setfacl -R -m u:\(user):rwX -m d:u:\(user):rwX \(root.text)")], 0)
        }
        let survey = Survey(of: root, excluding: configuration)
        var checks: [Check] = []
        let results = configuration.watch.resultsRoot(of: root)
        let place = SystemFacts.existingPart(of: results)
        if let closed = survey.unreadable.first {
            checks.append(
                .warn(
                    name, "\(survey.unreadable.count) folders below it may not be read by \(user), \(closed.text) among them",
                    "grant it: setfacl -R -m u:\(user):rwX -m d:u:\(user):rwX \(root.text)"))
        }
        let closed =
            configuration.watch.outputFolder == nil
            ? ([root] + survey.unwritable).first { !SystemFacts.allows(W_OK | X_OK, $0) }
            : (SystemFacts.allows(W_OK | X_OK, place) ? nil : place)
        if let closed {
            checks.append(
                .fail(
                    name, "results may not be written to \(closed.text) by \(user)",
                    "grant it, or set output.where to a folder that may be written"))
        }
        let room = SystemFacts.freeSpace(at: place)
        if let room, room < 1_000_000_000 {
            checks.append(
                Check(
                    name: name, level: room < 100_000_000 ? .fail : .warn,
                    finding: "\(SystemFacts.size(room)) free for results at \(place.text)",
                    advice: "make room, or set output.where to another disk; overlays take about as much as the photographs"))
        }
        let kind = FileSystemKind.of(root)
        if let kind, !kind.sendsAllEvents, configuration.watch.pollSeconds == 0 {
            checks.append(
                .warn(
                    name, kind.explanation,
                    "it is scanned every \(Int(configuration.watch.silentPollSeconds)) s; set watch.poll_seconds for another interval"))
        }
        if checks.isEmpty {
            let events = kind.map(\.explanation) ?? "file system unknown"
            checks.append(.ok(name, "\(survey.folders) folders; \(events)" + (room.map { "; \(SystemFacts.size($0)) free" } ?? "")))
        }
        return (checks, survey.folders)
    }

    private static func inotify(folders: Int) -> Check {
        let sysctl = "/proc/sys/fs/inotify"
        guard let watches = SystemFacts.number(in: "\(sysctl)/max_user_watches"),
            let instances = SystemFacts.number(in: "\(sysctl)/max_user_instances")
        else { return .warn("inotify", "its limits cannot be told: \(sysctl) is not readable") }
        let finding = "\(folders) folders to watch; limits: \(watches) watches, \(instances) instances"
        func raise(_ key: String, _ value: Int) -> String {
            "echo fs.inotify.\(key)=\(value) | sudo tee /etc/sysctl.d/60-musc.conf && sudo sysctl --system"
        }
        if folders > watches {
            return .fail(
                "inotify", finding, raise("max_user_watches", max(2 * folders, 524_288)) + "; until then the rest is scanned at intervals")
        }
        // Other programs of the same user draw on the same limit.
        if folders > watches / 2 { return .warn("inotify", finding, raise("max_user_watches", max(4 * folders, 524_288))) }
        if instances < 16 { return .warn("inotify", finding, raise("max_user_instances", 128)) }
        return .ok("inotify", finding)
    }

    /// The folders below a root, counted without following links, up to a limit.
    private struct Survey {
        static let limit = 200_000
        var folders = 0
        var unreadable: [FilePath] = []
        var unwritable: [FilePath] = []

        init(of root: FilePath, excluding configuration: Configuration) {
            var queue = [root]
            while let folder = queue.popLast(), folders < Self.limit {
                guard let stream = folder.withPlatformString({ opendir($0) }) else {
                    unreadable.append(folder)
                    continue
                }
                defer { closedir(stream) }
                folders += 1
                if !SystemFacts.allows(W_OK | X_OK, folder) { unwritable.append(folder) }
                while let entry = readdir(stream) {
                    let type = Int32(entry.pointee.d_type)
                    guard type == DT_DIR || type == DT_UNKNOWN else { continue }
                    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath(platformString: $0) }
                    }
                    guard let text = name.lastComponent?.string, !text.hasPrefix("."),
                        text != configuration.watch.resultsFolderName
                    else { continue }
                    let path = folder.appending(name.components)
                    if type == DT_UNKNOWN {
                        var status = stat()
                        guard path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
                    }
                    queue.append(path)
                }
            }
        }
    }
}
