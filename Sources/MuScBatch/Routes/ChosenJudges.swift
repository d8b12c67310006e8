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
    /// The number of each own judge's part.
    let partOfOwn: [Int]
    /// Tells images that show a judge's part.
    let finder: PartFinder
    /// What the images from outside say of the threshold.
    let calibration: Calibration
    private let placeOfPosition: [Int: Int]

    /// The part that concerns the threshold, and is told in the results.
    struct Calibration: Sendable, Hashable, Codable {
        /// The score of each part from outside that sets the threshold, by the judges of other parts.
        var scores: [Float] = []
        /// Who judged from outside.
        var judgments: [OutsideJudgment] = []

        /// Names of known good images that stand out and were left out.
        var standingOut: [String] { judgments.flatMap(\.standingOut) }
    }

    /// - Parameters:
    ///   - seated: Own judges and images from outside; those that `calibration` leaves out are taken away.
    ///   - calibration: What ``BlockRoute/calibration(of:by:progress:)`` made of the same images.
    init(positions: [Int], own: BatchTokens, seated: SeatedJudges, calibration: Calibration) {
        self.positions = positions
        self.own = own
        (panel, partOfOwn, finder) = (seated.survey.panel, seated.partOfOwn, seated.survey.finder)
        panel.remove(
            Set(panel.calibrating.filter { calibration.standingOut.contains(seated.survey.panel.members[$0].name) }))
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

/// Judges that were fixed, with the parts that they show.
struct SeatedJudges: Sendable {
    var survey: PartSurvey
    /// The number of each own judge's part.
    var partOfOwn: [Int]

    /// Who judges the judges themselves and those from outside.
    var seats: Seats {
        Seats(
            batch: BatchParts(numbers: partOfOwn, isFirst: partOfOwn.map { _ in true }),
            own: survey.panel.batchJudges ? Array(partOfOwn.indices) : [], panel: survey.panel)
    }

    /// The same, with every image a part of its own where parts leave somebody without a judge.
    var complete: SeatedJudges {
        guard !seats.areComplete else { return self }
        var copy = self
        copy.survey.standApart()
        copy.partOfOwn = Array(partOfOwn.indices)
        return copy
    }
}
