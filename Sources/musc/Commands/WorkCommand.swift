import ArgumentParser
import FoundationEssentials
import MuScBatch
import SystemPackage

/// `musc work`: scores one shard of a plan.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Score one shard of a plan.",
        discussion: """
            A shard that is done answers at once, and one that was interrupted goes on after the last images that it \
            published; so a batch engine may start it again as often as it likes.
            """)

    @OptionGroup var plan: PlanOptions

    @Option(
        help: ArgumentHelp(
            "The shard, from 0 on; in an array job SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX says it.",
            valueName: "number"))
    var shard: Int?

    func run() async throws {
        let shard = try number()
        let bar = ProgressBar(label: "shard \(shard)", isShown: plan.messages.showsProgress)
        defer { bar.finish() }
        do {
            let work = try await plan.ready().work
            let outcome = try work.run(shard) { progress in
                bar.update(progress)
                return true
            }
            let unread = outcome.unreadable > 0 ? "  \(outcome.unreadable) unreadable" : ""
            let tenths = Int((outcome.seconds * 10).rounded())
            Terminal.printResult(
                "shard \(shard)  \(outcome.images) images\(unread)  "
                    + (outcome.wasDone ? "was done" : "\(tenths / 10).\(tenths % 10) s"))
        } catch let error as ShardError {
            var failure = UserError(error)
            if !failure.description.hasPrefix("shard ") { failure.description = "shard \(shard): \(failure.description)" }
            throw failure
        } catch let error as UserError {
            throw UserError("shard \(shard): \(error)", exit: error.exit)
        }
    }

    private func number() throws(UserError) -> Int {
        if let shard { return shard }
        let environment = ProcessInfo.processInfo.environment
        for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"] {
            guard let text = environment[name], !text.isEmpty else { continue }
            guard let number = Int(text) else {
                throw UserError("environment variable \(name): “\(text)” is no number of a shard", exit: .usage)
            }
            return number
        }
        throw UserError(
            "which shard? Name it with --shard, or run musc work in an array job (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX)",
            exit: .usage)
    }
}
