import ArgumentParser
import FoundationEssentials
import MuScBatch
import SystemPackage

/// `musc merge`: puts the shards' results together.
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Put the shards of a plan together, and write the batch's results.",
        discussion: """
            Refuses while a shard is missing or damaged, and names it. Prints what `musc run` prints of the batch.
            """)

    @OptionGroup var plan: PlanOptions

    @Flag(help: "Print a JSON object instead of a line.")
    var json = false

    func run() async throws {
        do {
            let (processor, work) = try await plan.ready()
            var merged = try work.merged()
            work.removeLeftovers()
            merged.inspection.timings.append(
                StageTiming(stage: "\(work.plan.shards.count) workers, all together", seconds: merged.workerSeconds))
            let made = (try? Date(work.plan.made, strategy: .iso8601)) ?? .now
            let folder = FilePath(work.plan.folder)
            let place = try processor.configuration.placesByHand(of: [folder], at: work.plan.configuration[PlanCommand.results])[0]
            let outcome = try processor.publish(
                merged.inspection, by: processor.inspector.network, folder: folder, results: place.results,
                origin: BatchOrigin(fileSet: work.plan.configuration[PlanCommand.fileSet]), copies: place.copies,
                started: work.plan.made
            ) { Date.now.timeIntervalSince(made) }
            Terminal.printResult(json ? outcome.result.json : outcome.line)
            let hooks = processor.configuration.hooks
            await hooks.tell(hooks.deliveries(of: outcome.result))
        } catch let error as ShardError {
            throw UserError(error)
        }
    }
}
