import MuScScoring

extension Inspection {
    /// Settings that decided nothing of these scores and flags, because others stood in their way: by key, why.
    ///
    /// What is merely a bound that was not reached, such as a time limit, is in force and none of them.
    ///
    /// - Parameter settings: Those that the batch was scored with.
    package func withoutEffect(of settings: ScoringSettings) -> [String: Finding.SettingIdle] {
        var idle: [String: Finding.SettingIdle] = [:]
        let readable = images.count { $0.index != nil }
        switch threshold.rule {
        case .fixed: idle["output.false_alarm_rate"] = .thresholdIsFixed
        case .batch: idle["output.false_alarm_rate"] = .thresholdOfBatch
        case .conformal, .logNormal: break
        }
        if !rscin.applied { idle["scoring.rscin_windows"] = .rscinNotApplied }
        if rscin == .leftToMSM { idle["scoring.rscin"] = .scoresLeftToMSM }
        if outsideJudgments.contains(where: { $0.judged && !$0.besideBatch }) {
            for key in ["scoring.judges", "scoring.time_limit_seconds", "scoring.subsets", "judges.recurring_marks"] {
                idle[key] = .knownGoodAlone
            }
        } else if settings.subsets > 1 {
            idle["judges.recurring_marks"] = .batchInParts
            if case .count(let count) = settings.judges, count >= (readable + settings.subsets - 1) / settings.subsets {
                idle["scoring.judges"] = .partsHoldFewer
            }
        }
        let isDeep = findings.contains { if case .sampleRange = $0 { true } else { false } }
        if case .fixed = settings.sampleRange, !isDeep { idle["images.range"] = .samplesOf8Bits }
        let outside = outsideJudgments.filter(\.judged)
        let judges = outside.reduce(outside.allSatisfy(\.besideBatch) ? readable - 1 : 0) { $0 + $1.images.count }
        if settings.interval.lower == 0, Int(settings.interval.upper * Double(judges)) <= settings.minimumJudges {
            idle["scoring.interval"] = .leastJudgesAreMore
        }
        return idle
    }

    /// Whether known good images judged and set no threshold, because RsCIN is always applied.
    package func wantsKnownGoodThreshold(_ settings: ScoringSettings) -> Bool {
        settings.rscin == .always && threshold.rule == .batch && outsideJudgments.contains { $0.origin.isChecked }
    }
}
