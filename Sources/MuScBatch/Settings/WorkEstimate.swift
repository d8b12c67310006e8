import MuScBackbone
import MuScScoring

/// What the work on a batch takes by its settings, and how many of its images judge for that: the same on every machine.
package struct WorkEstimate: Sendable {
    let settings: ScoringSettings
    let tiles: TilePlan

    var grid: PatchGrid { PatchGrid(width: tiles.gridWidth, height: tiles.gridHeight) }

    /// Of images of these names those that judge, as the settings have it; ascending.
    func judges(among names: [String]) -> [Int] {
        let wanted = judgeCount(of: names.count)
        return wanted < names.count ? JudgeChoice.positions(among: names, count: wanted) : Array(names.indices)
    }

    /// How many of so many images judge, as the settings have it.
    package func judgeCount(of count: Int) -> Int {
        switch settings.judges {
        case .all: count
        case .count(let wanted): min(wanted, count)
        case .auto: mostJudges(of: count)
        }
    }

    /// What a reader of the results should know where not all images judged.
    func findingOnJudges(_ judges: Int, of count: Int) -> Finding {
        var chosen = Finding.JudgesChosen(judges: judges, images: count)
        if settings.judges == .auto {
            chosen.tooSlow = .init(all: scoringSeconds(images: count, judges: count), limit: settings.timeLimit)
        }
        return .chosenJudges(chosen)
    }

    /// The most judges with which mutual scoring keeps to the time limit, in steps of 16; at least
    /// ``leastChosenJudges``, for with fewer the scores scatter.
    private func mostJudges(of count: Int) -> Int {
        guard scoringSeconds(images: count, judges: count) > settings.timeLimit else { return count }
        let fitting = stride(from: Self.leastChosenJudges, to: count, by: 16).reversed().first { judges in
            scoringSeconds(images: count, judges: judges) <= settings.timeLimit
        }
        return min(fitting ?? Self.leastChosenJudges, count)
    }

    /// The images of a batch of so many that judge.
    package func chosenJudges(of count: Int) -> [Int] { judges(among: (0..<count).map { "\($0)" }) }

    /// Operations of mutual scoring, a multiply-add counted as two.
    package func scoringOperations(images: Int, judges: Int) -> Double {
        // One product serves both directions where both images judge.
        let pairs = Double(judges) * (Double(images) - Double(judges + 1) / 2)
        let window = settings.window.patches(on: grid)
        let sharesProducts = window == nil && settings.degrees.count > 1
        let scoring = MutualScoring(interval: settings.interval, window: window, threads: 1)
        let products = Double(grid.count * grid.count) * scoring.computedShare(on: grid)
        let steps = settings.featureLayers.count * (sharesProducts ? 1 : settings.degrees.count)
        return 2 * pairs * products * Double(settings.backbone.width) * Double(steps)
    }

    /// The share of all pairs of two images' patches that mutual scoring computes: less than 1 within a window.
    package var computedShare: Double {
        MutualScoring(interval: settings.interval, window: settings.window.patches(on: grid), threads: 1)
            .computedShare(on: grid)
    }

    /// Seconds that mutual scoring takes by the speed of two cores of a server of today.
    ///
    /// Not by this machine's: the same batch has the same judges, and so the same scores, on every machine and with
    /// any number of threads.
    package func scoringSeconds(images: Int, judges: Int) -> Double {
        scoringOperations(images: images, judges: judges)
            / (settings.precision.isFast ? Self.nominalFast : Self.nominalExact)
    }

    /// Operations a second of mutual scoring on two cores with AVX-512, rounded down (`musc bench` prints them).
    private static let nominalExact = 150e9
    private static let nominalFast = 400e9

    /// The nearest 5 % of 64 are three, and with fewer judges scores scatter ("How a batch is scored", How many judges).
    private static let leastChosenJudges = 64

    // MARK: The network

    /// Seconds that one image takes in the network, at most, by the speed of two cores of a server of today.
    ///
    /// With all blocks, also where the last are not run: a batch has the same automatic size whatever RsCIN asks for.
    package var featureSeconds: Double {
        featureOperations(blocks: settings.backbone.depth, endsWithClassToken: false)
            / (settings.precision.isFast ? Self.fastFeatures : Self.exactFeatures)
    }

    /// Operations of the network for one image, margins of tiles included; a multiply-add counted as two.
    package var featureOperations: Double {
        featureOperations(
            blocks: settings.networkBlocks,
            endsWithClassToken: settings.imageFeature == .classToken
                && !settings.featureLayers.contains(settings.backbone.depth - 1))
    }

    private func featureOperations(blocks: Int, endsWithClassToken: Bool) -> Double {
        Double(tiles.count)
            * settings.backbone.operations(
                patches: tiles.tileWidth * tiles.tileHeight, blocks: blocks,
                endsWithClassToken: endsWithClassToken)
    }

    /// Operations a second of the network on two cores with AVX-512, rounded down (`musc bench` prints them).
    private static let exactFeatures = 130e9
    private static let fastFeatures = 300e9
}
