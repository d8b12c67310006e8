import MuScScoring

extension BatchScorer {
    /// The images of `count` that judge, as the settings have it.
    func judges(among count: Int, notes: inout [String]) -> [Int] {
        switch settings.judges {
        case .all: return Array(0..<count)
        case .count(let wanted):
            guard wanted < count else { return Array(0..<count) }
            notes.append("\(wanted) of the \(count) images judged, the same for all (seeded choice).")
            return Self.choose(wanted, of: count)
        case .auto:
            let most = mostJudges(of: count)
            guard most < count else { return Array(0..<count) }
            notes.append(
                "\(most) of the \(count) images judged, the same for all (seeded choice): all would take mutual scoring "
                    + "about \(Int(scoringSeconds(images: count, judges: count))) s, and scoring.time_limit_seconds is "
                    + "\(Int(settings.timeLimit)).")
            return Self.choose(most, of: count)
        }
    }

    /// A seeded choice, the same for every batch of so many images.
    private static func choose(_ wanted: Int, of count: Int) -> [Int] {
        var generator = SeededGenerator(seed: UInt64(count))
        return Array((0..<count).shuffled(using: &generator).prefix(max(wanted, 2))).sorted()
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
    package func chosenJudges(of count: Int) -> [Int] {
        var notes: [String] = []
        return judges(among: count, notes: &notes)
    }

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

    /// Seconds that mutual scoring takes by the speed of two cores of a server of today.
    ///
    /// Not by this machine's: the same batch has the same judges, and so the same scores, on every machine and with
    /// any number of threads.
    package func scoringSeconds(images: Int, judges: Int) -> Double {
        scoringOperations(images: images, judges: judges)
            / (settings.precision == .fast ? Self.nominalFast : Self.nominalExact)
    }

    /// Operations a second of mutual scoring on two cores with AVX-512, rounded down (`musc bench` prints them).
    private static let nominalExact = 150e9
    private static let nominalFast = 400e9

    /// With 64 judges scores are as with all (findings: 0.852 against 0.854), and the nearest 5 % are three.
    private static let leastChosenJudges = 64
}
