import MuScHooks
import MuScWatching

/// A processor that loads its network when the first batch asks for it, and anew when the configuration changes.
actor LazyProcessor {
    private var configuration: Configuration
    private let fetching: Bool
    private var processor: BatchProcessor?

    init(configuration: Configuration, fetching: Bool) {
        self.configuration = configuration
        self.fetching = fetching
    }

    /// The processor, loaded where it is not yet.
    ///
    /// - Throws: ``UserError`` where settings or weights cannot be used.
    func ready() async throws(UserError) -> BatchProcessor {
        if let processor { return processor }
        let loaded = try await BatchProcessor.ready(configuration, fetching: fetching)
        processor = loaded
        return loaded
    }

    /// Takes a new configuration, once its network is loaded; until then, and where it fails, the old one stays.
    func replace(_ new: Configuration) async throws(UserError) {
        processor = try await BatchProcessor.ready(new, fetching: fetching)
        configuration = new
    }
}

extension BatchScoring {
    /// What the watcher needs, done by a processor: batches are scored and published where the watcher has them.
    ///
    /// - Parameters:
    ///   - ledger: Gets messages about verdicts that are taken in.
    ///   - configuration: Says who is told of results that are found in place; asked anew each time.
    init(_ lazy: LazyProcessor, ledger: Ledger, configuration: @escaping @Sendable () -> Configuration) {
        let keeper = IndexKeeper()
        self.init(
            score: { batch in
                let processor: BatchProcessor
                do throws(UserError) {
                    processor = try await lazy.ready()
                } catch {
                    throw ScoringFailure(.passing, error.description)
                }
                let news = processor.takeInVerdicts(on: batch.folder, in: batch.root)
                do throws(LedgerError) {
                    if !news.isEmpty { try ledger.deliveries.enqueue(news) }
                } catch {
                    Terminal.printError("\(error)")
                }
                return try await processor.score(batch)
            },
            published: { batch in PublishedResults(of: batch, configuration()) },
            adopt: { batch in batch.adopt(configuration()) },
            addFoundParts: { index in index = await keeper.addingFoundParts(to: index, memories: JudgeSources(configuration()).memories) },
            updateIndex: { index in try await keeper.update(index) })
    }
}
