import FoundationEssentials
import Glibc

/// Which file is the configuration's.
///
/// The one of `--config`, else of the variable `MUSC_CONFIG`, else the user's own, else the machine's. None is looked for
/// in the folder that one works in: hooks are commands, and whoever may write to a drop folder must not have them run.
struct ConfigurationPlace: Sendable {
    /// nil where there is none, and the defaults hold.
    var file: String?
    /// What is to be said of it.
    var notes: [(level: LogLevel, text: String)] = []

    /// The user's own: in `$XDG_CONFIG_HOME` or `~/.config`; nil for who has no home.
    static var ofUser: String? {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/.config" : nil }
        let base = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home
        return base.map { "\($0)/musc/musc.yaml" }
    }

    /// The machine's, as the Debian package and `sudo musc setup` have it.
    static let ofMachine = "/etc/musc/musc.yaml"

    /// - Parameter config: The value of `--config`; an empty one, as an empty `MUSC_CONFIG`, is for no file.
    static func find(_ config: String?) -> ConfigurationPlace {
        if let named = config ?? ProcessInfo.processInfo.environment["MUSC_CONFIG"] {
            guard !named.isEmpty else { return ConfigurationPlace() }
            return ConfigurationPlace(file: named, notes: [(.debug, "configuration: \(named)")])
        }
        var notes: [(level: LogLevel, text: String)] = []
        for file in [ofUser, ofMachine].compactMap({ $0 }) where access(file, F_OK) == 0 {
            guard access(file, R_OK) == 0 else {
                notes.append((.warning, "\(file) may not be read by \(SystemFacts.userName), and is passed over"))
                continue
            }
            return ConfigurationPlace(file: file, notes: notes + [(.info, "configuration: \(file)")])
        }
        return ConfigurationPlace(notes: notes)
    }
}
