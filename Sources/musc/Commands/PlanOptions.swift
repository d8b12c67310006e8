import ArgumentParser
import FoundationEssentials
import MuSc
import MuScBackbone
import MuScBatch
import MuScSupport
import MuScWeights
import SystemPackage

/// What `work` and `merge` share: the plan, and what this machine has of its own.
struct PlanOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The plan, as musc plan printed it.", valueName: "file"))
    var plan: String

    @Option(help: ArgumentHelp("Threads that compute; SLURM_CPUS_PER_TASK or all cores unless given.", valueName: "count"))
    var threads: Int?

    @Flag(help: "Fetch the weights where they are missing.")
    var fetchWeights = false

    /// Of the configuration's file hooks and log are taken; the rest stands in the plan.
    @OptionGroup var messages: MessageFlags

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: \(threads) is not a number of threads from 1 to 1024.")
        }
    }

    /// Reads the plan, and makes this machine ready for it.
    ///
    /// - Throws: ``UserError``, `ShardError` or `ConfigurationFault`.
    func ready() async throws -> (processor: BatchProcessor, work: ShardWork) {
        let path = FilePath(plan).absolute()
        let plan = try ShardPlan(path: path)
        var configuration = try configuration(of: plan)
        let environment = ProcessInfo.processInfo.environment
        let counts = [threads] + ["MUSC_THREADS", "SLURM_CPUS_PER_TASK"].map { environment[$0].flatMap { Int($0) } }
        if let threads = counts.compactMap({ $0 }).first, threads > 0 {
            configuration.scoring["scoring.threads"] = .text("\(threads)")
            configuration.output.threads = threads
        }
        var installed = try await InstalledBackbone.find(configuration, fetching: fetchWeights)
        installed.sha256 = try Self.sum(of: installed, configuration)
        let processor = try BatchProcessor(configuration: configuration, installed: installed)
        let work = try ShardWork(
            plan, in: path.removingLastComponent(), network: processor.inspector.network,
            weightsSHA256: installed.sha256)
        return (processor, work)
    }

    /// The plan's values, with hooks and log of this machine's file.
    private func configuration(of plan: ShardPlan) throws(ConfigurationFault) -> Configuration {
        let given = plan.configuration.sorted { $0.key < $1.key }
            .map { GivenFlag(key: $0.key, flag: "plan", value: ConfigurationValue(scalar: $0.value)) }
        var configuration = try ConfigurationLayers.configuration(file: nil, environment: [:], flags: given)
        let own = try messages.configuration([])
        configuration.hooks = own.hooks
        (configuration.logLevel, configuration.logFormat) = (own.logLevel, own.logFormat)
        return configuration
    }

    /// The sum of the weights' file as it is now: on another machine it may have been changed since it was installed.
    private static func sum(
        of installed: InstalledBackbone, _ configuration: Configuration
    ) throws(UserError) -> String {
        let store = WeightsStore()
        let id = WeightsStore.id(backbone: installed.description.name, pretrained: configuration.pretrained)
        guard let record = store.installed(id) else { return installed.sha256 }
        do throws(WeightsStoreError) {
            return try WeightsStore.sha256(of: store.path(of: record))
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
    }
}

extension UserError {
    /// The error of a batch in shards: status 2 where usage or configuration is wrong, else 1.
    init(_ error: ShardError) {
        let exit: Exit =
            switch error {
            case .unreadablePlan, .changedPlan, .occupied, .noSuchShard, .otherWeights, .otherSettings: .usage
            case .unreadableJudge, .tooFewJudges, .missing, .damaged, .otherPlan, .system, .scoring: .batchFailed
            }
        self.init("\(error)", exit: exit)
    }
}
