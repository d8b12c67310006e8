import MuScScoring

/// The phases by hand, for measurements that share the tokens of one image among many batches.
extension Inspector {
    /// The same network with other settings of scoring; size and layers stay this inspector's.
    package func with(_ settings: ScoringSettings) -> Inspector {
        var copy = self
        copy.network = network.with(settings)
        return copy
    }

    /// The tokens of files, at the settings' image size.
    ///
    /// - Throws: ``ScoringError``.
    package func tokens(
        of files: [BatchFile], cache: TokenCache? = nil, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> BatchTokens {
        try FeatureExtraction(network: network, cache: cache).tokens(of: files, progress: progress)
    }

    /// The same network with samples of more than 8 bits taken by the range that suits these files, where it follows from
    /// them.
    ///
    /// - Throws: ``ScoringError``.
    package func ranged(for files: [BatchFile]) throws(ScoringError) -> Inspector {
        var copy = self
        copy.network = try network.seen(files).network
        return copy
    }

    /// One layer's tokens in units of their spread over the images, as the aggregated tokens of any degree are made of them.
    ///
    /// - Throws: ``SpillError`` where they are in a file that cannot be read.
    package func standardised(_ tokens: [PatchTokens]) throws(SpillError) -> StandardisedTokens {
        try PatchComparison(network: network, region: nil).standardised(tokens)
    }

    /// Inspects images whose tokens are there already, all at once.
    ///
    /// - Parameters:
    ///   - tokens: Of this inspector's network and size.
    ///   - outside: Images from outside the batch that judge along; at most one group of each origin.
    ///   - barred: Names of images that do not judge.
    ///   - nearest: Where the batch finds what it kept when it was scored before; nil to compare all.
    /// - Throws: ``ScoringError``.
    package func inspect(
        _ tokens: BatchTokens, judgedBy outside: [OutsideJudges] = [], barred: Set<String> = [], nearest: NearestCache? = nil,
        progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        try WholeRoute(network: network, region: nil, barred: barred).inspection(
            of: tokens, judgedBy: outside, nearest: nearest, findings: [], progress: progress)
    }

    /// Inspects files with all their tokens at once, whatever route a batch like this takes.
    ///
    /// - Parameter barred: Names of images that do not judge.
    /// - Throws: ``ScoringError``.
    package func inspectWhole(
        _ files: [BatchFile], judgedBy outside: [OutsideJudges] = [], barred: Set<String> = [],
        progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        let seen = try network.seen(files)
        let tokens = try FeatureExtraction(network: seen.network, cache: nil).tokens(of: files, progress: progress)
        return try WholeRoute(network: seen.network, region: seen.region, barred: barred).inspection(
            of: tokens, judgedBy: outside, nearest: nil, findings: seen.findings, progress: progress)
    }

    /// Inspects files in blocks, by so many of them, whatever route a batch like this takes.
    ///
    /// - Parameter barred: Names of images that do not judge.
    /// - Throws: ``ScoringError``.
    package func inspectInBlocks(
        _ files: [BatchFile], judges: Int, judgedBy outside: [OutsideJudges] = [], barred: Set<String> = [], cache: TokenCache? = nil
    ) throws(ScoringError) -> Inspection {
        let seen = try network.seen(files)
        return try BlockRoute(network: seen.network, region: seen.region, cache: cache, barred: barred).inspection(
            of: files, judges: judges, judgedBy: outside, findings: seen.findings
        ) { _ in true }
    }
}
