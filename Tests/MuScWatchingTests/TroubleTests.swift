import Foundation
import Glibc
import MuScWatching
import Synchronization
import SystemPackage
import Testing
import WatchFixtures

/// What this machine lets a test do; what it does not is skipped with the reason.
enum Machine {
    /// Mounting takes the rights of root.
    static let mounts = tries("d=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs $d && umount $d && rmdir $d")
    /// A file system in a file takes a loop device, and the program that makes it.
    static let mountsFiles =
        mounts
        && tries(
            "d=$(mktemp -d) && truncate -s 8M $d/i && mkfs.ext4 -q $d/i && mkdir $d/m && mount -o loop $d/i $d/m && umount $d/m && rm -r $d"
        )
    static let mountsOverlays =
        mounts
        && tries(
            """
            d=$(mktemp -d) && mount -t tmpfs tmpfs $d && mkdir $d/l $d/u $d/w $d/m \
            && mount -t overlay overlay -o lowerdir=$d/l,upperdir=$d/u,workdir=$d/w $d/m; s=$?; umount $d/m; umount $d; rmdir $d; exit $s
            """)
    /// Limits are set for a namespace of users of our own, so that nobody else meets them.
    static let confines = tries("unshare --user --map-root-user sh -c 'echo 100 > /proc/sys/user/max_inotify_watches'")
    /// Root may read everything, so that a test of what may not be read runs as somebody else.
    static let dropsRights = getuid() != 0 || tries("setpriv --reuid=65534 --regid=65534 --clear-groups true")
    static let python = tries("python3 -c 'import sqlite3'")

    private static func tries(_ script: String) -> Bool { run("sh", ["-c", script]) == 0 }
}

@Suite("What goes wrong around a watcher", .serialized)
struct TroubleTests {
    @Test("Events are taken in while a long batch is scored on every thread there is")
    func longBatch() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { batch in if batch.folder.lastComponent == "long" { usleep(5_000_000) } })
        try await watching(drop, scorer, settle: 0.2) {
            try drop.drop(2, in: "long")
            #expect(try await eventually { try status(drop, "long")?.state == .running })
            try drop.drop(2, in: "other")
            #expect(try await eventually(within: 4) { try status(drop, "other")?.state == .ready })
            #expect(scorer.batches.isEmpty)
            #expect(await eventually { scorer.batches.count == 2 })
        }
    }

    @Test("A second watcher says who holds the root, a sweep leaves it alone, and a root above or below is held too")
    func twoWatchers() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "a")
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 20) {
            let second = Watcher(
                configuration: try drop.configuration(), ledger: try drop.ledger(), scoring: scorer.scoring, logger: silent)
            let error = await #expect(throws: RootLockError.self) { try await second.run() }
            #expect(error?.description.contains("is taken care of by musc watch (process \(getpid())") == true)

            let summary = try await sweep(drop, scorer)
            #expect(summary.locked.count == 1)
            #expect(summary.done == 0)
            let inner = try await sweep(drop, scorer) { $0.roots = [drop.path("a")] }
            #expect(inner.locked.count == 1)
            #expect(try WatchStatus.read(drop.ledger()).roots.first?.holder?.process == getpid())
        }
        #expect(try await sweep(drop, scorer).done == 1)
    }

    @Test("A root that is moved away and comes back is waited for and taken up again")
    func rootVanishes() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        let away = drop.base.appending("away")
        try await watching(drop, scorer, log: log) {
            try drop.drop(2, in: "a")
            #expect(await eventually { scorer.batches.count == 1 })
            try move(drop.root, to: away)
            #expect(await eventually { log.events.contains("root_missing") })
            try WatchFixtures.drop(2, in: away.appending("b"))
            try move(away, to: drop.root)
            #expect(await eventually { drop.scored("b")?.count == 2 })
            #expect(log.events.contains("root_back"))
            try drop.drop(2, in: "c")
            #expect(await eventually { drop.scored("c")?.count == 2 })
        }
        #expect(scorer.folders == ["a", "b", "c"])
    }

    @Test("A root that is not there yet is waited for")
    func rootMissing() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        rmdir(drop.root.string)
        try await watching(drop, scorer) {
            try drop.drop(2, in: "a")
            #expect(await eventually { drop.scored("a")?.count == 2 })
        }
    }

    @Test(
        "A disk that is unmounted and mounted again is not scored again",
        .enabled(if: Machine.mountsFiles, "a file system in a file cannot be mounted here"))
    func remountedDisk() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        // A file system in a file keeps its content and its inodes while it is not mounted.
        let disk = drop.base.appending("disk.img")
        try #require(run("sh", ["-c", "truncate -s 8M \(disk) && mkfs.ext4 -q \(disk)"]) == 0)
        func mount() -> Bool { run("mount", ["-o", "loop", disk.string, drop.root.string]) == 0 }
        try #require(mount())
        defer { run("umount", ["-l", drop.root.string]) }
        try await watching(drop, scorer, log: log, scored: "a") {
            #expect(await eventually { run("umount", [drop.root.string]) == 0 })
            #expect(await eventually { log.events.filter { $0 == "root_back" }.count == 1 })
            try #require(mount())
            #expect(await eventually { log.events.filter { $0 == "root_back" }.count == 2 })
            try drop.drop(2, in: "b")
            #expect(await eventually { drop.scored("b")?.count == 2 })
        }
        #expect(scorer.folders == ["a", "b"])
    }

    @Test(
        "On a full disk a batch is kept, and scored when there is room", .enabled(if: Machine.mounts, "mounting takes the rights of root"))
    func fullDisk() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try #require(run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", drop.root.string]) == 0)
        defer { run("umount", ["-l", drop.root.string]) }
        try await watching(drop, scorer, settle: 0.5) {
            try drop.drop(3, in: "a")
            let filler = drop.root.appending("filler.tmp").string
            run("sh", ["-c", "cat /dev/zero > \(filler)"])
            #expect(try await eventually { try status(drop, "a")?.state == .failed })
            #expect(try status(drop, "a")?.reason?.contains("No space left") == true)
            // However long it lasts, the tries are not used up.
            try await Task.sleep(for: .seconds(2))
            #expect(try status(drop, "a")?.state != .held)
            unlink(filler)
            #expect(await eventually { drop.scored("a")?.count == 3 })
        }
    }

    @Test(
        "Results that may not be written keep the batch due however long that lasts, and a remount starts it at once",
        .enabled(if: Machine.mounts, "mounting takes the rights of root"))
    func readOnlyResults() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try #require(run("mount", ["-t", "tmpfs", "tmpfs", drop.root.string]) == 0)
        defer { run("umount", ["-l", drop.root.string]) }
        try await watching(drop, scorer, settle: 0.5, change: { $0.retryLimit = 2 }) {
            try drop.drop(3, in: "a")
            run("mount", ["-o", "remount,ro", drop.root.string])
            #expect(try await eventually { try status(drop, "a")?.state == .failed })
            #expect(try status(drop, "a")?.reason?.contains("Read-only file system") == true)
            // Tried every 0.2 s: long past the limit of tries.
            try await Task.sleep(for: .seconds(2))
            #expect(try status(drop, "a")?.state != .held)
            run("mount", ["-o", "remount,rw", drop.root.string])
            #expect(await eventually { drop.scored("a")?.count == 3 })
        }
    }

    @Test(
        "A remount makes what failed due at once, whatever its pause",
        .enabled(if: Machine.mounts, "mounting takes the rights of root"))
    func remountHastens() async throws {
        let drop = try DropFolder()
        let isAway = Mutex(true)
        let scorer = TableScorer(before: { batch in
            if isAway.withLock({ $0 }) { throw ScoringFailure(.unreadable, "Stale file handle", unread: batch.files.map(\.name)) }
        })
        try #require(run("mount", ["-t", "tmpfs", "tmpfs", drop.root.string]) == 0)
        defer { run("umount", ["-l", drop.root.string]) }
        try await watching(drop, scorer, change: { $0.retryDelaySeconds = 3600 }) {
            try drop.drop(3, in: "a")
            #expect(try await eventually { try status(drop, "a")?.state == .failed })
            let answer = try #require(try status(drop, "a")?.answer)
            #expect(answer.contains("musc retry \(drop.path("a"))"), "\(answer)")
            isAway.withLock { $0 = false }
            try #require(run("mount", ["-o", "remount,noatime,size=2m", drop.root.string]) == 0)
            #expect(await eventually { drop.scored("a")?.count == 3 })
        }
    }

    @Test(
        "A folder or file that may not be read is told of, and taken up when it may",
        .enabled(if: Machine.dropsRights, "root may read everything, and setpriv is not there"))
    func unreadable() async throws {
        let drop = try DropFolder()
        let closed = try drop.drop(2, in: "closed")
        let file = try drop.drop(3, in: "open").appending("part_0.ppm")
        chmod(closed.string, 0)
        chmod(file.string, 0)
        var wrapper: [String] = []
        if getuid() == 0 {
            // Nothing is closed to root.
            run("chown", ["-R", "65534:65534", drop.base.string])
            wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        }
        let harness = try Harness("watch", drop, wrapper: wrapper)
        #expect(await harness.said("folder_unreadable"))
        func obstacles() throws -> [WatchStatus.Obstacle] {
            try WatchStatus.read(Ledger(path: drop.ledgerPath, readOnly: true)).roots.first?.obstacles ?? []
        }
        // The ledger has it a moment after the log.
        #expect(try await eventually { try !obstacles().isEmpty })
        let told = try obstacles()
        #expect(told.map(\.path) == [closed.string] && told.first?.kind == .unreadable, "\(told)")
        #expect(told.first?.reason.contains("grant the user that runs musc the rights") == true)
        // Its extension says that it is an image, so that the results can say that it could not be read.
        #expect(await eventually { drop.scored("open")?.count == 3 }, "\(harness.text)")
        #expect(drop.scored("closed") == nil)
        chmod(closed.string, 0o755)
        #expect(await eventually { drop.scored("closed")?.count == 2 }, "\(harness.text)")
        let after = try WatchStatus.read(Ledger(path: drop.ledgerPath, readOnly: true)).roots.first?.obstacles ?? []
        #expect(after.isEmpty, "\(after)")
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
    }

    @Test("When the kernel's queue overflows everything is scanned again and nothing is lost")
    func overflow() async throws {
        let drop = try DropFolder()
        try makeFolder(drop.path("early"))
        let harness = try Harness("watch", drop, ["settle=0.5"])
        #expect(await harness.said("watch_started"))
        let limit = try #require(WatchLimit.setting("max_queued_events"))
        harness.send(SIGSTOP)
        // Created, closed, deleted: three events each. Of the folders that follow no event arrives at all.
        let noise = drop.path("early/noise.log")
        for _ in 0..<(limit / 2) {
            try write([], to: noise)
            unlink(noise.string)
        }
        for number in 0..<20 { try drop.drop(3, in: "batch_\(number)/inner") }
        harness.send(SIGCONT)
        #expect(await eventually { (0..<20).allSatisfy { drop.scored("batch_\($0)/inner")?.count == 3 } }, "\(harness.text.suffix(2000))")
        #expect(harness.text.contains("queue_overflow"))
        // And what is made later in folders found by the scan is seen.
        try drop.drop(2, in: "batch_3/inner/late")
        #expect(await eventually { drop.scored("batch_3/inner/late")?.count == 2 })
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
    }

    @Test(
        "Where watches run out the message names the setting, and the rest is scanned",
        .enabled(if: Machine.confines, "a namespace of users cannot be made here"))
    func watchLimit() async throws {
        let drop = try DropFolder()
        for number in 0..<20 { try makeFolder(drop.path("line_\(number)")) }
        let harness = try Harness(
            "watch", drop, ["poll=1"],
            wrapper: [
                "unshare", "--user", "--map-root-user", "sh", "-c", "echo 8 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"",
            ])
        #expect(await harness.said("watch_limit"))
        #expect(harness.text.contains("fs.inotify.max_user_watches="))
        for number in 0..<20 { try drop.drop(2, in: "line_\(number)") }
        #expect(await eventually { (0..<20).allSatisfy { drop.scored("line_\($0)")?.count == 2 } }, "\(harness.text.suffix(2000))")
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
    }

    @Test("Without any inotify instance everything is scanned", .enabled(if: Machine.confines, "a namespace of users cannot be made here"))
    func instanceLimit() async throws {
        let drop = try DropFolder()
        let harness = try Harness(
            "watch", drop, ["poll=1"],
            wrapper: [
                "unshare", "--user", "--map-root-user", "sh", "-c", "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"",
            ])
        #expect(await harness.said("fs.inotify.max_user_instances="))
        try drop.drop(2, in: "a")
        #expect(await eventually { drop.scored("a")?.count == 2 }, "\(harness.text.suffix(2000))")
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
    }

    @Test("Told to stop, a watcher lets the running batch end")
    func gracefulStop() async throws {
        let drop = try DropFolder()
        let harness = try Harness("watch", drop, ["score=1"])
        try drop.drop(2, in: "a")
        #expect(await harness.said("batch_running"))
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
        #expect(drop.scored("a")?.count == 2)
        #expect(try status(drop, "a")?.state == .done)
    }

    @Test("A batch that does not end in time is left to be scored again")
    func abandonedStop() async throws {
        let drop = try DropFolder()
        let harness = try Harness("watch", drop, ["score=30", "stop=1"])
        try drop.drop(2, in: "a")
        #expect(await harness.said("batch_running"))
        let start = ContinuousClock.now
        harness.send(SIGINT)
        #expect(harness.end() == 0)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(drop.scored("a") == nil)
        let scorer = TableScorer()
        #expect(try await sweep(drop, scorer).done == 1)
        #expect(drop.scored("a")?.count == 2)
    }

    @Test("A stop is bounded also while a batch's scoring hears nothing of it, in the middle of publishing")
    func deafStop() async throws {
        let drop = try DropFolder()
        // Computes, or waits for a disk, and looks at nothing.
        let scorer = TableScorer(before: { _ in usleep(8_000_000) })
        let start = Mutex(ContinuousClock.now)
        try await watching(drop, scorer, change: { $0.stopSeconds = 1 }) {
            try drop.drop(2, in: "a")
            #expect(try await eventually { try status(drop, "a")?.state == .running })
            start.withLock { $0 = .now }
        }
        #expect(start.withLock { ContinuousClock.now - $0 } < .seconds(4))
        // What it publishes all the same is found, and not made twice.
        #expect(await eventually { drop.scored("a")?.count == 2 })
        let again = TableScorer()
        #expect(try await sweep(drop, again).failed == 0)
        #expect(again.batches.isEmpty)
    }

    @Test("SIGHUP reads the configuration again; a bad one is refused and the old one stays in force")
    func reload() async throws {
        let drop = try DropFolder()
        let settings = drop.base.appending("settings")
        try write(Array("60".utf8), to: settings)
        let harness = try Harness("watch", drop, ["settings=\(settings)"])
        #expect(await harness.said("watch_started"))
        try drop.drop(2, in: "a")
        #expect(await harness.said("batch_waiting"))
        try write(Array("soon".utf8), to: settings)
        harness.send(SIGHUP)
        #expect(await harness.said("configuration_refused"))
        #expect(drop.scored("a") == nil)
        try write(Array("0.1".utf8), to: settings)
        harness.send(SIGHUP)
        #expect(await harness.said("configuration_reloaded"))
        #expect(await eventually { drop.scored("a")?.count == 2 }, "\(harness.text)")
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
    }
}
