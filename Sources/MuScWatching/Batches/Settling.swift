import SystemPackage

/// Decides when a batch has settled, from what was observed and when.
///
/// A pure state machine: time comes in with every call, nothing sleeps and nothing is read. A batch is ready when its
/// set of images was observed to be the same from one moment to another that is at least the settle time later, and
/// nobody was seen writing to it in between.
package struct Settling: Sendable {
    /// When a batch counts as ready.
    package struct Rules: Sendable, Equatable {
        package var settleSeconds: Double
        package var minImages: Int
        package var maxWaitSeconds: Double
        /// Whether batches become ready by a ready file.
        package var waitsForReadyFile: Bool

        package init(settleSeconds: Double, minImages: Int, maxWaitSeconds: Double, waitsForReadyFile: Bool) {
            self.settleSeconds = settleSeconds
            self.minImages = minImages
            self.maxWaitSeconds = maxWaitSeconds
            self.waitsForReadyFile = waitsForReadyFile
        }

        package init(_ configuration: WatchConfiguration) {
            self.init(
                settleSeconds: configuration.settleSeconds, minImages: configuration.minImages,
                maxWaitSeconds: configuration.maxWaitSeconds, waitsForReadyFile: configuration.readyFile != nil)
        }

        /// A file that was created and never seen closed holds its batch back for this long at most: its writer may have
        /// stalled, but it may also have been put there by means that close nothing.
        var openFileSeconds: Double { 6 * settleSeconds }
    }

    /// What a look into a folder showed.
    package struct Observation: Sendable {
        /// The identity of the images to be scored.
        package var digest: FileSetDigest
        /// How many they are, at least 1.
        package var images: Int
        /// The ready file's identity, where it is there.
        package var readyMark: String?
        /// The ready file's identity when it was last acted on.
        package var spentReadyMark: String?
        /// Whether an image was changed after the ready file was: then it was put there first, and more may come.
        package var changedAfterReady = false
        /// Whether results lie in place that may be of these images.
        package var mayBeScored: Bool

        package init(
            digest: FileSetDigest, images: Int, readyMark: String? = nil, spentReadyMark: String? = nil, mayBeScored: Bool = false
        ) {
            self.mayBeScored = mayBeScored
            self.digest = digest
            self.images = images
            self.readyMark = readyMark
            self.spentReadyMark = spentReadyMark
        }
    }

    package enum Verdict: Sendable, Equatable {
        /// Still changing; to be looked at again at the moment given.
        case changing(until: Moment)
        /// Too few images. They are scored at the moment given if no more arrive; nil for a single one, which waits
        /// for company however long that takes.
        case tooFew(images: Int, until: Moment?)
        /// The ready file is missing.
        case awaitingReadyFile
        case ready
        /// Settled, and would have to wait for something else; but the results in place may be of these images.
        case recognisable
        /// Still changing, but for so long that it is scored as it is.
        case overdue

        var isReady: Bool { self == .ready || self == .recognisable || self == .overdue }
    }

    /// What is remembered of a folder that has images to be scored.
    struct Entry: Sendable {
        var digest: FileSetDigest?
        var stableSince: Moment
        var waitingSince: Moment
        var nextLook: Moment?
        /// Files seen created and not yet closed, with the moment of their creation.
        var beingWritten: [FileName: Moment] = [:]
    }

    package var rules: Rules
    private(set) var entries: [FilePath: Entry] = [:]

    package init(rules: Rules) {
        self.rules = rules
    }

    /// Takes in a look into a folder.
    ///
    /// - Parameters:
    ///   - now: The moment at which the folder was listed.
    ///   - earlier: What a former process observed of the same set, on the same run of the machine.
    package mutating func observe(
        _ folder: FilePath, _ observation: Observation, at now: Moment, earlier: (stableSince: Moment, waitingSince: Moment)? = nil
    ) -> Verdict {
        var entry = entries[folder] ?? Entry(digest: nil, stableSince: now, waitingSince: earlier?.waitingSince ?? now)
        if entry.digest == nil {
            if let earlier, entry.beingWritten.isEmpty, earlier.stableSince <= now {
                entry.stableSince = earlier.stableSince
                entry.waitingSince = min(earlier.waitingSince, entry.waitingSince)
            }
        } else if entry.digest != observation.digest {
            entry.stableSince = now
        }
        entry.digest = observation.digest
        let verdict = judge(entry, observation, at: now)
        entry.nextLook =
            switch verdict {
            case .changing(let until): until
            case .tooFew(_, let until): until
            case .awaitingReadyFile, .ready, .recognisable, .overdue: nil
            }
        entries[folder] = entry
        return verdict
    }

    private func judge(_ entry: Entry, _ observation: Observation, at now: Moment) -> Verdict {
        let verdict = judgeAsNew(entry, observation, at: now)
        guard observation.mayBeScored, !verdict.isReady else { return verdict }
        switch judgeByClock(entry, at: now) {
        case let changing?: return changing
        case nil: return .recognisable
        }
    }

    private func judgeAsNew(_ entry: Entry, _ observation: Observation, at now: Moment) -> Verdict {
        // A ready file that was acted on and lies there still says nothing about images that came after it: these
        // settle by the clock.
        if rules.waitsForReadyFile {
            if let mark = observation.readyMark {
                if mark != observation.spentReadyMark {
                    if let changing = observation.changedAfterReady ? judgeByClock(entry, at: now) : judgeByClosing(entry, at: now) {
                        return changing
                    }
                    return observation.images >= 2 ? .ready : .tooFew(images: 1, until: nil)
                }
            } else {
                return .awaitingReadyFile
            }
        }
        if let changing = judgeByClock(entry, at: now) {
            // What never settles is scored as it is once it has waited for long enough, and again when it has settled.
            let patience = entry.waitingSince + rules.maxWaitSeconds
            guard observation.images >= 2, judgeByClosing(entry, at: now) == nil, case .changing(let until) = changing else {
                return changing
            }
            return now >= patience ? .overdue : .changing(until: min(until, patience))
        }
        if observation.images >= rules.minImages { return .ready }
        let patience = entry.waitingSince + rules.maxWaitSeconds
        if observation.images >= 2, now >= patience { return .ready }
        return .tooFew(images: observation.images, until: observation.images >= 2 ? patience : nil)
    }

    /// - Returns: nil where nothing has changed for as long as it takes.
    private func judgeByClock(_ entry: Entry, at now: Moment) -> Verdict? {
        let settled = entry.stableSince + rules.settleSeconds
        return now < settled ? .changing(until: settled) : judgeByClosing(entry, at: now)
    }

    /// - Returns: nil where no file is being written, as far as is known.
    private func judgeByClosing(_ entry: Entry, at now: Moment) -> Verdict? {
        let closing = entry.beingWritten.values.map { $0 + rules.openFileSeconds }.filter { $0 > now }
        return closing.max().map { .changing(until: min($0, now + max(rules.settleSeconds, 0.1))) }
    }

    /// Takes in that a file of a folder was created, and is being written.
    package mutating func created(_ name: FileName, in folder: FilePath, at now: Moment) {
        touched(folder, at: now)
        entries[folder]?.beingWritten[name] = now
    }

    /// Takes in that a file was closed, moved or removed: whatever it was, nobody writes to it under this name.
    package mutating func closed(_ name: FileName, in folder: FilePath, at now: Moment) {
        touched(folder, at: now)
        entries[folder]?.beingWritten[name] = nil
    }

    /// Takes in that a file was closed that is no image, and so holds nothing up.
    mutating func closedOther(_ name: FileName, in folder: FilePath) {
        entries[folder]?.beingWritten[name] = nil
    }

    /// Takes in that something happened to a folder's files: the settle time begins anew.
    package mutating func touched(_ folder: FilePath, at now: Moment) {
        entries[folder, default: Entry(digest: nil, stableSince: now, waitingSince: now)].stableSince = now
        entries[folder]?.nextLook = now + rules.settleSeconds
    }

    /// Takes in that files came to be by linking or renaming, and nobody ever closes them.
    mutating func neverWritten(_ names: Set<FileName>, in folder: FilePath) {
        guard entries[folder]?.beingWritten.isEmpty == false else { return }
        for name in names { entries[folder]?.beingWritten[name] = nil }
    }

    /// Takes in that a folder need not be looked at until something happens.
    mutating func rest(_ folder: FilePath) {
        entries[folder]?.nextLook = nil
    }

    /// Forgets a folder: nothing in it is to be scored any more.
    package mutating func forget(_ folder: FilePath) {
        entries[folder] = nil
    }

    /// The folders that are to be looked at again now.
    package func due(at now: Moment) -> [FilePath] {
        entries.compactMap { folder, entry in entry.nextLook.map { $0 <= now } == true ? folder : nil }
    }

    /// When the next folder is to be looked at.
    package var nextLook: Moment? { entries.values.compactMap(\.nextLook).min() }

    /// When what is known of a folder was first seen as it is.
    func moments(of folder: FilePath) -> (stableSince: Moment, waitingSince: Moment)? {
        entries[folder].map { ($0.stableSince, $0.waitingSince) }
    }
}
