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
    /// Where the results' folder is to appear, in one step.
    package var results: FilePath
    /// 1 for the folder's first batch; more only with ``NewImagesPolicy/newBatch``.
    package var sequence: Int
    /// 1 for the first try.
    package var attempt: Int
    /// Whether it is to be scored even where results of the same set are published.
    var isForced: Bool
    var ledgerID: Int64
}

/// What scoring a batch came to.
package struct BatchOutcome: Sendable, Equatable {
    /// Images of the batch, unreadable ones included.
    package var images: Int
    /// Those flagged as anomalous.
    package var flagged: Int
    /// Those that could not be read.
    package var unreadable: Int
    /// Why nothing could be flagged, and what would help; nil where something could.
    package var noVerdict: String?
    /// Wall-clock seconds.
    package var seconds: Double
    /// The page to open, if one was written.
    package var report: FilePath?
    /// Messages about it, put down with the batch's end in one step.
    package var deliveries: [Delivery]

    package init(
        images: Int, flagged: Int, unreadable: Int, noVerdict: String? = nil, seconds: Double, report: FilePath?, deliveries: [Delivery] = []
    ) {
        self.images = images
        self.flagged = flagged
        self.unreadable = unreadable
        self.noVerdict = noVerdict
        self.seconds = seconds
        self.report = report
        self.deliveries = deliveries
    }
}

/// Results that lie in their place.
package struct PublishedResults: Sendable, Equatable {
    /// The identity of the set of images that they are of.
    package var digest: FileSetDigest
    package var outcome: BatchOutcome

    package init(digest: FileSetDigest, outcome: BatchOutcome) {
        self.digest = digest
        self.outcome = outcome
    }
}

/// What the watcher needs from the pipeline.
package struct BatchScoring: Sendable {
    /// Scores a batch and publishes its results at ``ReadyBatch/results`` by a rename, whole or not at all; until then
    /// they are put together in a hidden folder. It must not create the batch's own folder anew where that has vanished,
    /// and should end early, with `CancellationError`, when its task is cancelled.
    ///
    /// Throws ``ScoringFailure`` where more is known than that it failed; any other error counts as
    /// ``ScoringFailure/Kind/passing``, or as ``ScoringFailure/Kind/noSpace`` where it is the system's.
    package var score: @Sendable (ReadyBatch) async throws -> BatchOutcome
    /// Reads whose results lie in a results' folder; nil where there are none or they do not say.
    ///
    /// It is asked before a batch is scored, and at the start for each batch that was being scored when the program was
    /// killed. What lies half-written beside the folder is then nobody's, and is to be cleared away.
    package var published: @Sendable (_ results: FilePath) -> PublishedResults?
    /// Called after a batch of a root was scored, with what the index of that root is made of.
    package var updateIndex: @Sendable (RootIndex) async throws -> Void

    package init(
        score: @escaping @Sendable (ReadyBatch) async throws -> BatchOutcome,
        published: @escaping @Sendable (_ results: FilePath) -> PublishedResults?,
        updateIndex: @escaping @Sendable (RootIndex) async throws -> Void = { _ in }
    ) {
        self.score = score
        self.published = published
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
        /// There is no room for the results: tried again until there is.
        case noSpace
    }

    package var kind: Kind
    /// What happened, to which file, and what to do.
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
