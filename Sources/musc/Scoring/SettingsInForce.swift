import MuScBatch
import MuScSupport
import SystemPackage

/// What `run.json` says of the settings of a batch.
struct SettingsInForce: Sendable {
    /// By the names of keys what gives the same scores when it is given back, and under further names how the patches
    /// lay; what had no effect is not among them.
    var texts: [String: String] = [:]
    /// What was said in the configuration and had no effect.
    var findings: [Finding] = []

    private static let sections: Set<Substring> = ["model", "scoring", "judges", "images", "output"]

    /// - Parameters:
    ///   - network: That was made ready for the batch.
    ///   - region: The batch's.
    ///   - knownGood: The folder of images that judge it, if one is named.
    ///   - lineMemory: How many images of its line are remembered.
    init(
        of scores: Inspection, _ network: SizedNetwork, _ configuration: Configuration, region: RegionOfInterest?,
        knownGood: FilePath?, lineMemory: Int
    ) {
        for key in Configuration.keys where Self.sections.contains(key.section) { texts[key.name] = key.get(configuration).flat }
        texts.merge(network.settingsInForce) { $1 }
        let readable = scores.images.count { $0.index != nil }
        if network.settings.judges == .auto {
            let judges = network.estimate.judgeCount(of: readable)
            texts["scoring.judges"] = judges < readable ? "\(judges)" : "all"
        }
        texts["model.region"] = region.map { "\($0)" } ?? ""
        if let region = scores.region { texts["model.region_patches"] = "\(region.count) of \(region.grid.count)" }
        texts["model.grid"] = "\(network.grid.width)x\(network.grid.height)"
        texts["model.tiles"] = "\(network.tiles.count)"
        texts["judges.known_good"] = knownGood?.string ?? ""
        texts["judges.line_memory"] = lineMemory == 0 ? "off" : "\(lineMemory)"

        var idle = scores.withoutEffect(of: network.settings)
        for key in ["model.region", "judges.known_good"] {
            guard let said = configuration.said[key]?.value, said != .empty,
                texts[key] != Configuration.key(named: key)?.get(configuration).flat
            else { continue }
            idle[key] = .overriddenByBatch
        }
        for (key, reason) in idle.sorted(by: { $0.key < $1.key }) {
            // The batch's own value is recorded, and so is what decides once there are more judges or deeper samples.
            if ![.overriddenByBatch, .leastJudgesAreMore, .samplesOf8Bits].contains(reason) { texts[key] = nil }
            if configuration.said[key] != nil { findings.append(.settingWithoutEffect(key: key, reason)) }
        }
        if scores.wantsKnownGoodThreshold(network.settings) { findings.append(.knownGoodWithoutThreshold) }
    }
}
