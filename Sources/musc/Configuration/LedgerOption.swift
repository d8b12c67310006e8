import ArgumentParser
import FoundationEssentials
import Glibc
import MuScWatching
import SystemPackage

/// Where the ledger is.
struct LedgerOption: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the ledger.", valueName: "folder"))
    var state: String?

    /// The ledger's file, for who scores: below `--state`, `MUSC_STATE`, `$STATE_DIRECTORY`, `$XDG_STATE_HOME/musc` or
    /// `~/.local/state/musc`, whichever is given first; below `/var/lib/musc` where there is no home.
    var path: FilePath { LedgerPlace.own(state: state, ProcessInfo.processInfo.environment).path }

    /// The folder of the lines' memories, beside the ledger.
    var lines: FilePath { path.removingLastComponent().appending("lines") }

    func open(readOnly: Bool = false) throws(UserError) -> Ledger { try Self.open(path, readOnly: readOnly) }

    /// A line's batches that were scored, the earliest first; none without a ledger.
    func scored(of line: FilePath) throws(UserError) -> [RootIndex.ScoredBatch] {
        guard SystemFacts.allows(F_OK, path) else { return [] }
        let ledger = try open(readOnly: true)
        do {
            return try [RootIndex.ScoredBatch](in: ledger).ofLine(line)
        } catch {
            throw UserError("\(error)", exit: .batchFailed)
        }
    }

    private static func open(_ path: FilePath, readOnly: Bool) throws(UserError) -> Ledger {
        do {
            return try Ledger(path: path, readOnly: readOnly)
        } catch {
            // A full disk or a busy ledger is no wrong configuration, and a service tries again.
            throw UserError("\(error)", exit: .batchFailed)
        }
    }

    /// The ledger for who looks at what others score: one's own, else that of the machine's service.
    ///
    /// - Throws: ``UserError`` where this user may not read it.
    func known() throws -> LedgerPlace {
        try LedgerPlace.known(state: state, ProcessInfo.processInfo.environment)
    }

    /// Opens the ledger of ``known()``, and makes none where there is none.
    func openKnown(readOnly: Bool = false) throws -> Ledger {
        let place = try known()
        for note in place.notes { Terminal.note(note) }
        guard place.isThere else {
            throw UserError("nothing was watched or swept yet (no ledger at \(place.path)): see --state", exit: .batchFailed)
        }
        if !readOnly { try place.checkWritable() }
        return try Self.open(place.path, readOnly: readOnly)
    }
}

/// A place at which a ledger is, or would be.
package struct LedgerPlace: Sendable, Equatable {
    package var path: FilePath
    /// What is to be said of it.
    package var notes: [String] = []

    /// The folder that the packaged service keeps its ledger in.
    package static let ofMachine: FilePath = "/var/lib/musc"

    var isThere: Bool { SystemFacts.allows(F_OK, path) }

    /// - Parameter state: The value of `--state`.
    static func own(state: String?, _ environment: [String: String], machine: FilePath = ofMachine) -> LedgerPlace {
        if let folder = named(state, environment) { return LedgerPlace(path: file(in: folder)) }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : FilePath($0).appending(".local/state") }
        let base = environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) } ?? home
        return LedgerPlace(path: file(in: base.map { $0.appending("musc") } ?? machine))
    }

    /// One's own ledger where one is named or there; else the machine's where that is there.
    ///
    /// - Throws: ``UserError`` where the machine's is the only one, and this user may not read it.
    package static func known(state: String?, _ environment: [String: String], machine: FilePath = ofMachine) throws -> LedgerPlace {
        var own = own(state: state, environment, machine: machine)
        let service = LedgerPlace(path: file(in: machine))
        guard named(state, environment) == nil, own.path != service.path, SystemFacts.isFolder(machine) else { return own }
        let mayEnter = SystemFacts.allows(X_OK, machine)
        guard !mayEnter || service.isThere else { return own }
        guard !own.isThere else {
            own.notes = ["the service has a ledger of its own: --state \(machine) shows that"]
            return own
        }
        guard mayEnter, SystemFacts.allows(R_OK, service.path) else {
            throw UserError(
                "the service's ledger in \(machine) may not be read by \(SystemFacts.userName): \(service.command), or name another with --state",
                exit: .batchFailed)
        }
        return LedgerPlace(path: service.path, notes: ["the ledger is the service's, in \(machine)"])
    }

    /// - Throws: ``UserError`` with the command that would do it, where this user may not write it.
    func checkWritable() throws(UserError) {
        guard !SystemFacts.allows(W_OK, path) || !SystemFacts.allows(W_OK, path.removingLastComponent()) else { return }
        throw UserError("\(path) may not be written by \(SystemFacts.userName): \(command)", exit: .batchFailed)
    }

    /// The command that has the right.
    private var command: String {
        var status = stat()
        // The folder tells whose the ledger is also where that cannot be seen.
        let folder = path.removingLastComponent()
        let isKnown = path.withPlatformString { stat($0, &status) } == 0 || folder.withPlatformString { stat($0, &status) } == 0
        let owner = isKnown ? getpwuid(status.st_uid).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } : nil
        return "run it as its owner: sudo -u \(owner ?? "root") musc … --state \(folder)"
    }

    private static func named(_ state: String?, _ environment: [String: String]) -> FilePath? {
        let folder = state ?? environment["MUSC_STATE"] ?? environment["STATE_DIRECTORY"]
        return folder.flatMap { $0.isEmpty ? nil : FilePath($0) }
    }

    private static func file(in folder: FilePath) -> FilePath { folder.appending("ledger.sqlite") }
}
