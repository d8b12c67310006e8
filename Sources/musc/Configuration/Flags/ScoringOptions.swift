import ArgumentParser

/// The flags of the commands that score batches: `run`, `sweep`, `watch` and `plan`.
struct ScoringOptions: ParsableArguments {
    static let mostUsed = "Most used"

    @OptionGroup(title: mostUsed) var usual: UsualFlags
    @OptionGroup(title: "Who judges, and what is flagged") var judges: JudgeFlags
    @OptionGroup(title: "Pictures") var pictures: PictureFlags
    @OptionGroup(title: "The network") var backbone: BackboneFlags
    @OptionGroup(title: "The network") var view: ViewFlags
    @OptionGroup(title: "How images are scored (rarely needed)") var method: MethodFlags
    @OptionGroup(title: "Machine and messages") var machine: MachineFlags
    @OptionGroup(title: "Machine and messages") var messages: MessageFlags

    var fetchWeights: Bool { backbone.fetchWeights }

    /// The configuration of file, environment and these flags.
    ///
    /// - Parameter others: Flags that a command has beside these.
    func configuration(and others: [GivenFlag?] = []) throws(ConfigurationFault) -> Configuration {
        try messages.configuration(
            usual.given + judges.given + pictures.given + backbone.given + view.given + method.given + machine.given
                + others.compactMap { $0 })
    }
}

/// The flags of the commands that score no batch of a user's: `bench` and `evaluate`.
struct TrialOptions: ParsableArguments {
    @Option(key: "model.image_size") var imageSize: GivenFlag?
    @Option(key: "scoring.judges") var judges: GivenFlag?
    @OptionGroup(title: "The network") var backbone: BackboneFlags
    @OptionGroup(title: "The network") var view: ViewFlags
    @OptionGroup(title: "How images are scored") var method: MethodFlags
    @OptionGroup(title: "Machine and messages") var machine: MachineFlags
    @OptionGroup(title: "Machine and messages") var messages: MessageFlags

    var fetchWeights: Bool { backbone.fetchWeights }

    var given: [GivenFlag] {
        [imageSize, judges].compactMap { $0 } + backbone.given + view.given + method.given + machine.given
    }

    /// The configuration of file, environment and these flags.
    func configuration() throws(ConfigurationFault) -> Configuration { try messages.configuration(given) }
}
