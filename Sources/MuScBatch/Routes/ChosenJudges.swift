import MuScScoring

/// The images that judge a batch which is scored block by block: chosen ones of its own, and those from outside.
///
/// With the judges fixed, an image's patch scores depend on that image and the judges alone; so the batch can be scored
/// in pieces, in any order and on any machine, with the memory of the judges and one piece.
struct ChosenJudges: Sendable {
    /// Positions of the batch's own judges among its files, ascending.
    private(set) var positions: [Int]
    /// The tokens of the batch's own judges, in the same order; all are readable.
    private(set) var own: BatchTokens
    /// The judges from outside, without those that stand out.
    private(set) var panel: JudgePanel
    /// What the images from outside say of the threshold.
    let calibration: Calibration
    private let placeOfPosition: [Int: Int]

    /// The part that concerns the threshold, and is told in the results.
    struct Calibration: Sendable, Hashable, Codable {
        /// The score of each image from outside that sets the threshold, by the judges less itself.
        var scores: [Float] = []
        /// Who judged from outside.
        var judgments: [OutsideJudgment] = []

        /// Names of known good images that stand out and were left out.
        var standingOut: [String] { judgments.flatMap(\.standingOut) }
    }

    /// - Parameters:
    ///   - panel: All images from outside; those that `calibration` leaves out are taken away.
    ///   - calibration: What ``BlockRoute/calibration(of:by:progress:)`` made of the same images.
    init(positions: [Int], own: BatchTokens, panel: JudgePanel, calibration: Calibration) {
        self.positions = positions
        self.own = own
        self.panel = panel.without(calibration.standingOut)
        self.calibration = calibration
        placeOfPosition = Dictionary(zip(positions, positions.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The index among ``own`` of the batch's file at this position; nil where it does not judge.
    func place(of position: Int) -> Int? { placeOfPosition[position] }

    /// What somebody should look at.
    var findings: [Finding] {
        let names = calibration.standingOut
        return names.isEmpty ? [] : [.knownGoodStandOut(names)]
    }

    /// How many of so many readable images judged, where not all did; else nil.
    func count(among readable: Int) -> Int? {
        panel.batchJudges && positions.count < readable ? positions.count : nil
    }
}

extension JudgePanel {
    /// The panel without the calibrating members of these names.
    func without(_ names: [String]) -> JudgePanel {
        var copy = self
        copy.remove(Set(calibrating.filter { names.contains(members[$0].name) }))
        return copy
    }
}
