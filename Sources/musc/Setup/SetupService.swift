import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// Who looks after the folders: the package's service, or one of the user's own.
struct SetupService {
    let plan: SetupPlan
    /// Whether the Debian package's service, user and folders are meant, rather than the user's own.
    let isSystem: Bool

    private static let systemUser = "musc"
    private static let systemState = "/var/lib/musc"
    /// Below it lie the weights, as the units have it.
    private static let systemCache = "/var/cache"
    /// The drop folder that the units may write to as they are shipped.
    static let systemDrop = "/srv/drop"

    /// The program's own path.
    private var program: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "musc" }

    private var isSystemUserThere: Bool { getpwnam(Self.systemUser) != nil }

    /// Makes a drop folder where there is none, writable by its group; in the package's case by the service.
    func makeFolder(_ folder: String) async throws {
        if SystemFacts.isFolder(FilePath(folder)) { return }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw UserError("\(folder) cannot be made: \(error)", exit: .usage)
        }
        if isSystem, isSystemUserThere, let user = getpwnam(Self.systemUser) {
            _ = chown(folder, user.pointee.pw_uid, user.pointee.pw_gid)
            _ = chmod(folder, 0o2775)
        }
    }

    /// Imports the weights, or fetches them where they are missing; as the user who will read them.
    func provideWeights(of backbone: String, from file: String?) async {
        let arguments = file.map { ["weights", "import", $0, "--as", backbone] } ?? ["weights", "fetch", backbone]
        Terminal.note("\(arguments.joined(separator: " ")) …")
        if await !runOurselves(arguments) {
            Terminal.note("the weights are not there yet: see the message above", .warning)
        }
    }

    /// Runs `musc doctor` as the user who will do the work.
    func check() async -> Bool {
        let state = isSystem && isSystemUserThere ? ["--state", Self.systemState] : []
        return await runOurselves(["doctor", "--config", plan.file] + state)
    }

    /// Has the folders looked after.
    ///
    /// - Returns: What was done, and how it is undone.
    func enable(_ mode: SetupCommand.Mode) async throws -> (done: [String], undo: [String]) {
        switch mode {
        case .none:
            return (["enabled nothing: start it with musc watch --config \(plan.file)"], [])
        case .watch: return try await enable(unit: "musc.service")
        case .timer: return try await enable(unit: "musc-sweep.timer")
        case .cron: return try await enableCron()
        }
    }

    private func enable(unit: String) async throws -> (done: [String], undo: [String]) {
        guard SystemFacts.isFolder("/run/systemd/system") else {
            throw UserError(
                "systemd does not run here: choose --mode cron, or run musc watch --config \(plan.file) under your supervisor", exit: .usage
            )
        }
        let scope = isSystem ? [] : ["--user"]
        if isSystem {
            let places = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"]
            guard places.contains(where: { FileManager.default.fileExists(atPath: "\($0)/\(unit)") }) else {
                throw UserError(
                    "\(unit) is not installed: install the Debian package, or copy watch-config/*.service and *.timer to /etc/systemd/system",
                    exit: .usage)
            }
            if let file = dropIn(unit) { try writeDropIn(file) }
        } else {
            try writeUserUnits()
        }
        guard await run("systemctl", scope + ["daemon-reload"]), await run("systemctl", scope + ["enable", "--now", unit]) else {
            throw UserError("systemctl could not enable \(unit): see its message above", exit: .usage)
        }
        let words = (["systemctl"] + scope).joined(separator: " ")
        var undo = ["\(words) disable --now \(unit)"]
        var done = ["enabled and started \(unit) (\(words) status \(unit))"]
        if isSystem, let file = dropIn(unit) { undo.append("rm \(file)") }
        if !isSystem { done.append("so that it runs while you are logged out: loginctl enable-linger") }
        return (done, undo)
    }

    /// The file that lets the package's service write to folders other than its own drop folder; nil where none is needed.
    private func dropIn(_ unit: String) -> String? {
        let service = unit.replacing(".timer", with: ".service")
        let others = plan.roots.contains { $0 != Self.systemDrop && !$0.hasPrefix(Self.systemDrop + "/") }
        return others ? "/etc/systemd/system/\(service).d/musc-setup.conf" : nil
    }

    private func writeDropIn(_ file: String) throws(UserError) {
        let paths = plan.roots.map { "\"\($0.replacing("%", with: "%%"))\"" }.joined(separator: " ")
        let text = "# Written by musc setup.\n[Unit]\nRequiresMountsFor=\(paths)\n[Service]\nReadWritePaths=\(paths)\n"
        do {
            let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw UserError("\(file) cannot be written: \(error)", exit: .usage)
        }
    }

    /// Units of the user's own: the same program, without the package's user and folders.
    private func writeUserUnits() throws {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(environment["HOME"] ?? "/")/.config"
        let folder = "\(base)/systemd/user"
        let units = [
            "musc.service": """
            [Unit]
            Description=Find defects in photographs dropped into folders
            [Service]
            Type=notify
            ExecStart="\(program)" watch --config "\(plan.file)"
            ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
            Restart=on-failure
            TimeoutStopSec=60
            [Install]
            WantedBy=default.target

            """,
            "musc-sweep.service": """
            [Unit]
            Description=Score photographs dropped into folders
            [Service]
            Type=oneshot
            ExecStart="\(program)" sweep --config "\(plan.file)"

            """,
            "musc-sweep.timer": """
            [Unit]
            Description=Score photographs dropped into folders every five minutes
            [Timer]
            OnCalendar=*:0/5
            [Install]
            WantedBy=timers.target

            """,
        ]
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, text) in units { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"), options: .atomic) }
        } catch {
            throw UserError("\(folder) cannot be written: \(error)", exit: .usage)
        }
    }

    private func enableCron() async throws -> (done: [String], undo: [String]) {
        let quoted = "'" + plan.file.replacing("'", with: "'\\''").replacing("%", with: "\\%") + "'"
        if isSystem {
            let file = "/etc/cron.d/musc"
            let user = isSystemUserThere ? Self.systemUser : "root"
            let text = """
                # Written by musc setup.
                XDG_CACHE_HOME=\(Self.systemCache)
                */5 * * * * \(user) \(program) sweep --config \(quoted) --state \(Self.systemState) --no-progress

                """
            do {
                try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
            } catch {
                throw UserError("\(file) cannot be written: \(error)", exit: .usage)
            }
            return (["wrote \(file), which sweeps every five minutes"], ["rm \(file)"])
        }
        let line = "*/5 * * * * \(program) sweep --config \(quoted)"
        let former = (try? await Subprocess.run(.name("crontab"), arguments: ["-l"], output: .string(limit: 1 << 20)).standardOutput) ?? ""
        guard !former.split(separator: "\n").contains(where: { $0 == line }) else { return (["left the crontab as it is"], []) }
        let table = former + (former.isEmpty || former.hasSuffix("\n") ? "" : "\n") + line + "\n"
        let written = try? await Subprocess.run(
            .name("crontab"), arguments: ["-"], input: .string(table), output: .discarded, error: .currentStandardError)
        guard written?.terminationStatus.isSuccess == true else {
            throw UserError("crontab could not be written; add this line to it: \(line)", exit: .usage)
        }
        return (["added a line to your crontab, which sweeps every five minutes"], ["remove the line with musc sweep from crontab -e"])
    }

    /// Runs this program again, as the service's user where the package's service is set up.
    private func runOurselves(_ arguments: [String]) async -> Bool {
        guard isSystem, isSystemUserThere else { return await run(program, arguments) }
        return await run(
            "runuser",
            ["-u", Self.systemUser, "--", "env", "HOME=\(Self.systemState)", "XDG_CACHE_HOME=\(Self.systemCache)", program] + arguments)
    }

    private func run(_ name: String, _ arguments: [String]) async -> Bool {
        let executable: Executable = name.contains("/") ? .path(FilePath(name)) : .name(name)
        let result = try? await Subprocess.run(
            executable, arguments: Arguments(arguments), output: .currentStandardOutput, error: .currentStandardError)
        return result?.terminationStatus.isSuccess == true
    }
}
