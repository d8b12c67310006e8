import Glibc
import MuScHooks
import SystemPackage

/// Whether hooks can be run and webhooks sent. Nobody outside is called.
enum HookChecks {
    static func all(_ configuration: Configuration) -> [Check] {
        let hooks = configuration.hooks
        var checks: [Check] = []
        for (key, words) in [
            (Receiver.onBatch, hooks.onBatch), (Receiver.onFlagged, hooks.onFlagged), (Receiver.onVerdict, hooks.onVerdict),
        ] {
            guard let name = words?.first else { continue }
            if let program = SystemFacts.program(name) {
                checks.append(.ok(key, program))
            } else {
                checks.append(
                    .fail(
                        key, "\(name) is not there, or may not be run by \(SystemFacts.userName)",
                        "give the program's full path, and make it executable"))
            }
        }
        guard !hooks.webhooks.isEmpty else { return checks }
        if SystemFacts.program("curl") == nil {
            checks.append(.fail("hooks.webhook", "curl, which sends webhooks, is not installed", "apt-get install curl"))
        } else {
            for url in hooks.webhooks { checks.append(webhook(url)) }
        }
        if let file = hooks.webhookHeadersFile { checks.append(headers(file)) }
        return checks
    }

    private static func webhook(_ url: String) -> Check {
        let host = url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        let isLocal = ["localhost", "127.", "[::1]"].contains { host.hasPrefix($0) }
        if url.hasPrefix("http://"), !isLocal {
            return .warn("hooks.webhook", "\(host): results and headers are sent unencrypted", "use https:// where the receiver can")
        }
        return .ok("hooks.webhook", "\(host)")
    }

    private static func headers(_ file: FilePath) -> Check {
        let key = "hooks.webhook_headers_file"
        var status = stat()
        guard file.withPlatformString({ stat($0, &status) }) == 0, SystemFacts.allows(R_OK, file) else {
            return .fail(key, "\(file) cannot be read by \(SystemFacts.userName)", "check the path and its permissions")
        }
        if status.st_mode & 0o007 != 0 {
            return .warn(key, "\(file) may be read by every user", "chmod o= \(file)")
        }
        return .ok(key, "\(file)")
    }
}
