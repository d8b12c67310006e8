import Foundation
import Glibc
import MuScWatching
import SystemPackage
import WatchFixtures

/// A short history of what happens to a drop folder, drawn by chance from a seed: what people and machines do to it while
/// a watcher runs, is killed and started again, with sweeps beside it.
///
/// What it does to files it also does to a model of them, so that it is known what must be there in the end.
final class History {
    private var random: SeededNumbers
    let drop: DropFolder
    /// What people made, by path below the root: the number that an image's content is made of.
    private(set) var files: [String: Int] = [:]
    private var watcher: Harness?
    private var nextNumber = 1
    /// What was done, a line each.
    private(set) var story: [String] = []
    private let options: [String]

    init(seed: UInt64) throws {
        random = SeededNumbers(seed: seed)
        drop = try DropFolder(in: exists("/dev/shm") ? "/dev/shm" : nil)
        let score = ["score=0", "score=0.02", "score=0.1"].randomElement(using: &random) ?? "score=0"
        options = [score, "settle=0.03", "retry=0.02", "min=2", "wait=0.5", "poll=0.5"]
    }

    /// Plays the history, and then lets sweeps finish what is left.
    func play() async throws {
        for _ in 0..<Int.random(in: 4...14, using: &random) {
            try await step()
            if Bool.random(using: &random) { try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random))) }
        }
        stop(SIGKILL)
        try await mend()
    }

    // MARK: Steps

    private func step() async throws {
        switch Int.random(in: 0..<26, using: &random) {
        case 0...3: try create()
        case 4: try write(slowly: true)
        case 5, 6: try write(slowly: false)
        case 7: try renameFile()
        case 8: try replaceKeepingTime()
        case 9: changeRights()
        case 10: try deleteFile()
        case 11, 12: try moveFolder()
        case 13, 14: try swapCurrent()
        case 15: deleteFolder()
        case 16: deleteResults()
        case 17: copyFolder()
        case 18: try vanishRoot()
        case 19: stop([SIGKILL, SIGKILL, SIGTERM].randomElement(using: &random) ?? SIGKILL)
        case 20: try sweepBeside()
        case 21, 22, 23: try swapThereAndBack()
        case 24: try retry()
        default: break
        }
        if watcher == nil, Int.random(in: 0..<3, using: &random) > 0 { try start() }
    }

    private func tell(_ line: String) { story.append(line) }

    private func start() throws {
        watcher = try Harness("watch", drop, options)
        tell("watch")
    }

    private func stop(_ signal: Int32) {
        guard let watcher else { return }
        watcher.send(signal)
        _ = watcher.end()
        self.watcher = nil
        tell("signal \(signal)")
    }

    private func sweepBeside() throws {
        tell("sweep")
        _ = try Harness("sweep", drop, options).end()
    }

    private var folders: [String] {
        Array(Set(files.keys.map { String($0.prefix(upTo: $0.lastIndex(of: "/") ?? $0.startIndex)) })).sorted()
    }

    private func newFolder() -> String {
        ["current", "line/current", "line/b\(nextNumber)", "d\(nextNumber)"].randomElement(using: &random) ?? "d"
    }

    private func anyFolder() -> String? { folders.randomElement(using: &random) }

    private func anyFile() -> String? { files.keys.sorted().randomElement(using: &random) }

    private func number() -> Int {
        nextNumber += 1
        return nextNumber
    }

    private func put(_ file: String, _ number: Int) throws {
        try WatchFixtures.write(image(number), to: drop.path(file))
        files[file] = number
    }

    private func create() throws {
        let folder = Bool.random(using: &random) ? newFolder() : anyFolder() ?? newFolder()
        try makeFolder(drop.path(folder))
        let count = Int.random(in: 1...4, using: &random)
        tell("create \(count) in \(folder)")
        for _ in 0..<count { try put("\(folder)/part_\(Int.random(in: 0..<6, using: &random)).ppm", number()) }
    }

    private func write(slowly: Bool) throws {
        guard let file = anyFile() else { return }
        tell("write \(file)\(slowly ? " slowly" : "")")
        let number = number()
        if slowly {
            try WatchFixtures.write(Array(image(number).prefix(12)), to: drop.path(file))
            usleep(UInt32.random(in: 1000...40_000, using: &random))
        }
        try put(file, number)
    }

    private func renameFile() throws {
        guard let file = anyFile(), let folder = anyFolder(), let number = files[file] else { return }
        let target = "\(folder)/part_\(Int.random(in: 0..<6, using: &random)).ppm"
        tell("rename \(file) \(target)")
        try move(drop.path(file), to: drop.path(target))
        files[file] = nil
        files[target] = number
    }

    /// Other content of the same size under the same times, in place or renamed over it.
    private func replaceKeepingTime() throws {
        guard let file = anyFile() else { return }
        let path = drop.path(file)
        let inPlace = Bool.random(using: &random)
        tell("replace \(file)\(inPlace ? " in place" : "") keeping its time")
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return }
        let number = number()
        let target = inPlace ? path : path.removingLastComponent().appending(".new.ppm")
        try WatchFixtures.write(image(number), to: target)
        _ = target.withPlatformString { utimensat(AT_FDCWD, $0, [status.st_atim, status.st_mtim], 0) }
        if !inPlace { try move(target, to: path) }
        files[file] = number
    }

    private func changeRights() {
        guard let file = anyFile() else { return }
        let mode: mode_t = [0, 0o644, 0o600].randomElement(using: &random) ?? 0
        tell("chmod \(String(mode, radix: 8)) \(file)")
        chmod(drop.path(file).string, mode)
    }

    private func deleteFile() throws {
        guard let file = anyFile() else { return }
        tell("delete \(file)")
        unlink(drop.path(file).string)
        files[file] = nil
    }

    private func rename(folder: String, to target: String) throws {
        try makeFolder(drop.path(target).removingLastComponent())
        try move(drop.path(folder), to: drop.path(target))
        for (file, number) in files where file.hasPrefix(folder + "/") {
            files[file] = nil
            files[target + file.dropFirst(folder.count)] = number
        }
    }

    private func moveFolder() throws {
        guard let folder = anyFolder() else { return }
        let target = "line/moved_\(number())"
        tell("move \(folder) \(target)")
        try rename(folder: folder, to: target)
    }

    /// What a line does that writes into `current` always.
    private func swapCurrent() throws {
        guard let folder = folders.first(where: { $0.hasSuffix("current") }) else { return try create() }
        let target = "\(folder.hasPrefix("line") ? "line/" : "")shift_\(number())"
        let count = Int.random(in: 0...4, using: &random)
        tell("swap \(folder) \(target), \(count) new")
        try rename(folder: folder, to: target)
        try makeFolder(drop.path(folder))
        for part in 0..<count { try put("\(folder)/part_\(part).ppm", number()) }
    }

    /// Another folder is in the place of one for a moment, under the same names; then the first is back.
    private func swapThereAndBack() throws {
        guard let folder = anyFolder() else { return }
        let (first, second) = (drop.base.appending("first"), "line/other_\(number())")
        tell("swap \(folder) for \(second) and back")
        try move(drop.path(folder), to: first)
        try makeFolder(drop.path(folder))
        let names = files.keys.filter { $0.hasPrefix(folder + "/") && !$0.dropFirst(folder.count + 1).contains("/") }.sorted()
        for file in names {
            let number = number()
            try WatchFixtures.write(image(number), to: drop.path(file))
            files[second + file.dropFirst(folder.count)] = number
        }
        usleep(UInt32.random(in: 0...60_000, using: &random))
        try makeFolder(drop.path("line"))
        try move(drop.path(folder), to: drop.path(second))
        try move(first, to: drop.path(folder))
    }

    private func retry() throws {
        guard let folder = anyFolder() else { return }
        tell("retry \(folder)")
        try drop.ledger().retry(drop.path(folder))
    }

    private func deleteFolder() {
        guard let folder = anyFolder() else { return }
        tell("delete \(folder)")
        run("rm", ["-rf", drop.path(folder).string])
        for file in files.keys where file.hasPrefix(folder + "/") { files[file] = nil }
    }

    private func deleteResults() {
        guard let folder = anyFolder() else { return }
        tell("delete results of \(folder)")
        run("rm", ["-rf", drop.path("\(folder)/_musc").string])
    }

    private func copyFolder() {
        guard let folder = anyFolder() else { return }
        let target = "copy_\(number())"
        tell("copy \(folder) \(target)")
        run("cp", ["-a", drop.path(folder).string, drop.path(target).string])
        for (file, number) in files where file.hasPrefix(folder + "/") { files[target + file.dropFirst(folder.count)] = number }
    }

    private func vanishRoot() throws {
        tell("unmount for a while")
        let away = drop.base.appending("away")
        try move(drop.root, to: away)
        usleep(UInt32.random(in: 1000...100_000, using: &random))
        try move(away, to: drop.root)
    }

    // MARK: The end

    /// Mends what is broken and sweeps until nothing is left to do.
    private func mend() async throws {
        for file in files.keys { chmod(drop.path(file).string, 0o644) }
        var configuration = try drop.configuration()
        configuration.retryDelaySeconds = 0.01
        configuration.maxWaitSeconds = 0
        let sweep = Sweep(configuration: configuration, ledger: try drop.ledger(), scoring: TableScorer().scoring, logger: silent)
        for _ in 0..<12 {
            let summary = try await sweep.run()
            if summary.done == 0, summary.failed == 0 { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What does not hold, a sentence each.
    func faults() throws -> [String] {
        var faults: [String] = []
        if let text = try? String(contentsOfFile: drop.base.appending("violations").string, encoding: .utf8) {
            faults += text.split(separator: "\n").map(String.init)
        }
        for (file, number) in files where FileManager.default.contents(atPath: drop.path(file).string).map(Array.init) != image(number) {
            faults.append("\(file) was changed")
        }
        let batches = try WatchStatus.read(drop.ledger()).roots.first?.batches ?? []
        for folder in folders {
            let names = files.keys.filter { $0.hasPrefix(folder + "/") && !$0.dropFirst(folder.count + 1).contains("/") }
                .map { FileName(String($0.dropFirst(folder.count + 1))) }
            let batch = batches.first { $0.folder == drop.path(folder).string }
            let table = tableContents(drop.path("\(folder)/_musc"))
            let isCovered = table?.contents.cover(names, in: drop.path(folder)) == true
            // What was deleted is not made again unasked, and that is said.
            let isGone = table == nil && batch?.standing == .resultsGone
            if names.count >= 2 {
                if !isCovered, !isGone {
                    faults.append(
                        "\(folder): its table is not of its images (\(batch?.state.rawValue ?? "unknown"): \(batch?.reason ?? "-"))")
                }
                if batch?.state != .done {
                    faults.append("\(folder) is \(batch?.state.rawValue ?? "unknown") in the end: \(batch?.reason ?? "-")")
                }
            } else if !isCovered, !isGone, batch?.reason?.isEmpty != false {
                faults.append("\(folder): its image is neither in a table nor in a reason")
            }
        }
        faults += try faultsOfMessages()
        let hidden =
            FileManager.default.enumerator(atPath: drop.root.string)?.compactMap { $0 as? String }.filter { $0.contains("/.table") } ?? []
        faults += hidden.map { "\($0) was left" }
        return faults
    }

    /// Every table in place was told of, and each message was put down once.
    private func faultsOfMessages() throws -> [String] {
        let messages = try told(drop)
        var faults: [String] = []
        let keys = messages.map(\.key)
        for key in Set(keys) where keys.count(where: { $0 == key }) > 1 { faults.append("the message \(key) was put down twice") }
        for folder in folders {
            guard let table = tableContents(drop.path("\(folder)/_musc")) else { continue }
            if !keys.contains(table.id) { faults.append("\(folder): nobody was told of its table") }
        }
        return faults
    }
}

/// Numbers by SplitMix64 (Steele, Lea, Flood 2014), the same for the same seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
