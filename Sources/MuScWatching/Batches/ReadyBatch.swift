import SystemPackage

/// A batch that is to be scored: what is handed to the pipeline.
package struct ReadyBatch: Sendable {
    /// The drop folder that it belongs to.
    package var root: FilePath
    /// The folder that holds its images; absolute, as the file system's bytes.
    package var folder: FilePath
    /// The images, in ascending order of names.
    package var files: [ImageFile]
    /// The identity of the set of images. The results must carry it (in `run.json`), and
    /// ``BatchScoring/published`` gives it back: that is how a batch whose results were published just before the
    /// program was killed is recognised and not scored twice.
    package var digest: FileSetDigest
    /// The same with the files' times of change: two sets of the same stamp are the same without their content being read.
    package var stamp: String
    /// Where the results' folder is to appear, in one step.
    package var results: FilePath
    /// 1 for the folder's first batch; more only with ``NewImagesPolicy/newBatch``.
    package var sequence: Int
    /// 1 for the first try.
    package var attempt: Int
    /// Whether it is to be scored even where results of the same set are published.
    var isForced: Bool
    /// Whether it is not to be scored unless the results in place are of it.
    var isProvisional: Bool
    /// Tells the ledger that tells of these results from other ledgers.
    package var ledger: String
    var ledgerID: Int64
    /// What the folder and the files were when the batch was taken up.
    package internal(set) var seal: BatchSeal?
    /// How many images the results cover that lie in place and that these are to take the place of, where they are more.
    package internal(set) var replaced: Int?

    /// Makes sure that the folder and the files are what they were when the batch was taken up. To be called directly
    /// before its results are published.
    ///
    /// - Throws: ``BatchChange``; then nothing may be published, told or remembered of it.
    package func confirm() throws(BatchChange) {
        try seal?.confirm()
    }
}

/// What scoring a batch came to.
package struct BatchOutcome: Sendable, Equatable {
    /// Images of the batch, unreadable ones included.
    package var images: Int
    /// Those flagged as anomalous.
    package var flagged: Int
    /// Those that could not be read.
    package var unreadable: Int
    /// Other files of its folder, which rules leave out.
    package var ignored: Int
    /// Of the unreadable images those for which the reason may pass, such as missing rights or a share that was away.
    package var unread: [FileName]
    /// Why nothing could be flagged, and what would help; nil where something could.
    package var noVerdict: String?
    /// Wall-clock seconds.
    package var seconds: Double
    /// When it was scored, in seconds of the wall clock since 1970; nil for now.
    package var finished: Double?
    /// The page to open, if one was written.
    package var report: FilePath?
    /// Messages about it, put down with the batch's end in one step; those that this ledger has put down before are not
    /// put down again.
    package var deliveries: [Delivery]

    package init(
        images: Int, flagged: Int, unreadable: Int, ignored: Int = 0, noVerdict: String? = nil, seconds: Double, finished: Double? = nil,
        report: FilePath?, deliveries: [Delivery] = [], unread: [FileName] = []
    ) {
        self.images = images
        self.flagged = flagged
        self.unreadable = unreadable
        self.ignored = ignored
        self.noVerdict = noVerdict
        self.seconds = seconds
        self.finished = finished
        self.report = report
        self.deliveries = deliveries
        self.unread = unread
    }
}

/// Results that lie in their place.
package struct PublishedResults: Sendable, Equatable {
    /// The identity of the set of images that they are of.
    package var digest: FileSetDigest
    /// ``ReadyBatch/stamp`` of that set; nil where the results do not say.
    package var stamp: String?
    /// What the images held; nil where the results do not say.
    package var contents: FileContents?
    /// What the ledger is told of them, with the messages that they make.
    package var outcome: BatchOutcome
    /// What a reader should know who expects other results there, such as that they are of other settings; nil for nothing.
    package var remark: String?

    package init(
        digest: FileSetDigest, stamp: String? = nil, contents: FileContents? = nil, outcome: BatchOutcome, remark: String? = nil
    ) {
        self.digest = digest
        self.stamp = stamp
        self.contents = contents
        self.outcome = outcome
        self.remark = remark
    }

    /// What they came to for a batch that they were published for.
    func outcome(of batch: ReadyBatch) -> BatchOutcome {
        var outcome = outcome
        if let contents { outcome.unread = contents.lacks(batch.files.map(\.name)) }
        return outcome
    }

    /// Whether the results are of a batch's images, or of those and others that were there.
    ///
    /// Files of another stamp are read and compared by their content.
    func cover(_ batch: ReadyBatch) -> Bool {
        guard let contents else {
            // Results of an earlier version say no more.
            return digest == batch.digest
        }
        guard contents.lacks(batch.files.map(\.name)).isEmpty else { return false }
        if let stamp, stamp == batch.stamp { return true }
        return contents.cover(batch.files.map(\.name), in: batch.folder)
    }
}

/// What the watcher needs from the pipeline.
package struct BatchScoring: Sendable {
    /// Scores a batch and publishes its results at ``ReadyBatch/results`` by a rename, whole or not at all; until then
    /// they are put together in a hidden folder. It must not create the batch's own folder anew where that has vanished,
    /// and should end early, with `CancellationError`, when its task is cancelled.
    ///
    /// It calls ``ReadyBatch/confirm()`` directly before the rename, and publishes nothing where that throws.
    ///
    /// Throws ``ScoringFailure`` where more is known than that it failed; any other error counts as
    /// ``ScoringFailure/Kind/passing``, or as ``ScoringFailure/Kind/noSpace`` where it is the system's. Where the batch
    /// is not what it was, whatever was thrown counts as that: it has to settle anew.
    package var score: @Sendable (ReadyBatch) async throws -> BatchOutcome
    /// Reads whose results lie in a batch's results' folder; nil where there are none or they do not say.
    ///
    /// It is asked before a batch is scored, and at the start for each batch that was being scored when the program was
    /// killed. What lies half-written beside the folder is then nobody's, and is to be cleared away.
    package var published: @Sendable (ReadyBatch) -> PublishedResults?
    /// Called for a batch whose results were found in place, with these: what goes with results that the scoring writes
    /// is then made for them too. What fails is told and holds nothing up.
    package var adopt: @Sendable (ReadyBatch) async -> Void
    /// Called before that: adds what people found of the batches' parts.
    package var addFoundParts: @Sendable (inout RootIndex) async -> Void
    /// Called after a batch of a root was scored, with what the index of that root is made of.
    package var updateIndex: @Sendable (RootIndex) async throws -> Void

    package init(
        score: @escaping @Sendable (ReadyBatch) async throws -> BatchOutcome,
        published: @escaping @Sendable (ReadyBatch) -> PublishedResults?,
        adopt: @escaping @Sendable (ReadyBatch) async -> Void = { _ in },
        addFoundParts: @escaping @Sendable (inout RootIndex) async -> Void = { _ in },
        updateIndex: @escaping @Sendable (RootIndex) async throws -> Void = { _ in }
    ) {
        self.score = score
        self.published = published
        self.adopt = adopt
        self.addFoundParts = addFoundParts
        self.updateIndex = updateIndex
    }
}

/// Why a batch could not be scored, and what that means for trying again.
package struct ScoringFailure: Error, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// It may work later: tried again with growing delay, a limited number of times.
        case passing
        /// It will fail whatever is tried, as long as the images are the same: held at once.
        case lasting
        /// There is no room for the results, or they may not be written where they belong: tried again until they can be.
        case noSpace
        /// Its files cannot be read for a reason that may pass: tried again for as long as it takes, and at once where
        /// their rights are changed or their disk comes back.
        case unreadable
    }

    package var kind: Kind
    /// What happened, to which file, and what to do.
    package var description: String
    /// The files that could not be read for a reason that may pass.
    package var unread: [FileName]

    package init(_ kind: Kind, _ description: String, unread: [FileName] = []) {
        self.kind = kind
        self.description = description
        self.unread = unread
    }
}
