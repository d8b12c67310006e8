import MuScImages
import MuScScoring

/// Which of a batch's images show the same part, and which were the first photograph of what they show.
struct BatchParts: Sendable, Hashable {
    /// One entry a readable image: images of one number show the same part.
    var numbers: [Int]
    /// One entry a readable image: false for twins of others, for blank images, and for those that people found defective.
    var isFirst: [Bool]

    /// Every image shows a part of its own.
    init(apart count: Int) { self.init(numbers: Array(0..<count), isFirst: Array(repeating: true, count: count)) }

    init(numbers: [Int], isFirst: [Bool]) { (self.numbers, self.isFirst) = (numbers, isFirst) }

    /// The highest score of each part's images; blank images tell nothing of the batch's scores.
    func scoresOfParts(_ scores: [Float]) -> [Float] {
        guard !parts.areApart || isFirst.contains(false) else { return scores }
        var place: [Int: Int] = [:]
        var highest: [Float] = []
        let shown = Set(numbers.indices.filter { isFirst[$0] }.map { numbers[$0] })
        for index in numbers.indices where shown.contains(numbers[index]) {
            if let known = place[numbers[index]] {
                highest[known] = max(highest[known], scores[index])
            } else {
                place[numbers[index]] = highest.count
                highest.append(scores[index])
            }
        }
        return highest
    }

    /// For scoring functions.
    var parts: ImageParts { ImageParts(numbers) }

    /// Who is a neighbour of whom in image-feature space.
    var neighbours: RsCIN.Neighbours {
        RsCIN.Neighbours(parts: parts, speaks: isFirst.allSatisfy { $0 } ? nil : isFirst)
    }
}

/// Seats the images that are concerned with a batch: those that somebody found good first, then its own, then those of the line's past.
struct PartSurvey: Sendable {
    private let settings: ScoringSettings
    private(set) var finder: PartFinder
    private(set) var panel: JudgePanel
    /// The members of the panel among the photographs that others may be twins of.
    private var memberOfFirst: [Int: Int] = [:]

    /// - Parameters:
    ///   - outside: None of them blank.
    ///   - batch: The number of readable images of the batch.
    ///   - usual: What known good parts differ by; nil to find out.
    ///   - batchJudges: Whether the batch's own images judge, where that is settled; nil to find out.
    init(
        _ outside: [OutsideJudges], batch: Int, settings: ScoringSettings, usual: Float? = nil, batchJudges: Bool? = nil
    ) {
        self.settings = settings
        finder = PartFinder(usual: 0, threads: settings.threads)
        let settled = batchJudges.map { $0 ? (knownGood: 0, all: 0) : (knownGood: Int.max, all: Int.max) }
        panel = JudgePanel(outside, batch: batch, checkedParts: settled, settings: settings)
        let good = panel.checked
        guard !good.isEmpty else { return }
        let order = JudgeChoice.order(good.map { panel.members[$0].name })
        finder.usual = usual ?? Self.usual(order.map { panel.looks[$0] }, settings)
        seat(order)
        func parts(_ positions: Range<Int>) -> Int { Set(positions.map { panel.partOfMember[$0] }).count }
        let checkedParts = (knownGood: parts(panel.positions(of: .knownGood)), all: parts(good))
        guard checkedParts.all < good.count, settled == nil else { return }
        // Whether they judge alone, their parts decide.
        let (numbers, silent) = (panel.partOfMember, panel.silent)
        panel = JudgePanel(outside, batch: batch, checkedParts: checkedParts, settings: settings)
        panel.partOfMember.replaceSubrange(good, with: numbers[good])
        panel.silence(silent)
    }

    /// What the parts of images usually differ by, by the first of them; 0 where twins are not looked for.
    ///
    /// - Parameter looks: In the order in which judges are chosen.
    static func usual(_ looks: some Sequence<ImageLook?>, _ settings: ScoringSettings) -> Float {
        guard settings.looksForTwins else { return 0 }
        let known = looks.lazy.compactMap { $0 }.filter { $0.blank == nil }
        return TwinSearch.usualDifference(Array(known.prefix(TwinSearch.sampleCount)), threads: settings.threads)
    }

    /// Sets what parts of the batch usually differ by, before its own images are met.
    ///
    /// Where they do not judge, known good images have said it.
    mutating func begin(usual: Float) {
        if panel.batchJudges || panel.members.isEmpty { finder.usual = usual }
    }

    /// Seats members of the panel.
    private mutating func seat(_ positions: some Sequence<Int>) {
        let positions = Array(positions)
        let keys = keys(of: positions.map { panel.members[$0].name })
        let looks = positions.map { panel.looks[$0] }
        for (place, (position, key)) in zip(positions, keys).enumerated() {
            foresee(looks, from: place, areKept: true)
            memberOfFirst[finder.firstCount] = position
            let found = finder.meet(key: key, look: seen(panel.looks[position]), isKept: true)
            panel.partOfMember[position] = found.part
            if !found.isFirst { panel.silence(CollectionOfOne(position)) }
        }
    }

    /// A look where the settings go by looks; else none, so that blank images judge as any other.
    private func seen(_ look: ImageLook?) -> ImageLook? { settings.looksForTwins ? look : nil }

    /// The parts that names name.
    func keys(of names: [String]) -> [String?] {
        settings.samePart?.parts(of: names) ?? names.map { _ in nil }
    }

    /// Prepares for images that are met next, each so many together; what is found stays the same.
    ///
    /// - Parameters:
    ///   - looks: Of all that are met.
    ///   - place: Among them, of the one that is to be met now.
    ///   - areKept: Whether later images may be twins of those that are met next.
    mutating func foresee(_ looks: [ImageLook?], from place: Int, areKept: Bool) {
        guard settings.looksForTwins, place % TwinSearch.foresight == 0 else { return }
        finder.foresee(looks[place...].prefix(TwinSearch.foresight).compactMap { $0 }, areKept: areKept)
    }

    /// Meets an image of the batch.
    ///
    /// - Parameter isJudge: Whether it judges where it is the first photograph of what it shows.
    mutating func meet(key: String?, look: ImageLook?, isJudge: Bool) -> PartFinder.Met {
        let look = seen(look)
        var found = finder.meet(key: key, look: look, isKept: isJudge)
        // A known good image that is a twin of one of the batch leaves it the word, as a copy does.
        if isJudge, panel.batchJudges, let twin = found.twin, let member = memberOfFirst[twin] {
            panel.silence(CollectionOfOne(member))
            finder.replace(twin, by: look)
            memberOfFirst[twin] = nil
            found.isFirst = true
        }
        return found
    }

    /// Meets an image that must not judge; twins of it do not judge either.
    mutating func meetBarred(key: String?, look: ImageLook?) -> PartFinder.Met {
        var found = finder.meet(key: key, look: look, isKept: true)
        found.isFirst = false
        return found
    }

    /// Takes every image for a part of its own.
    mutating func standApart() {
        finder = PartFinder(usual: 0)
        panel.standApart()
    }

    /// Seats the line's past, after the batch's own images.
    mutating func end() { seat(panel.positions(of: .linePast)) }
}

extension PartSurvey {
    /// Seats a whole batch.
    ///
    /// - Parameters:
    ///   - tokens: Each content once.
    ///   - wanted: How many of its images judge at most.
    ///   - barred: Names of images that do not judge.
    /// - Returns: Its parts and its own judges, ascending, which are none where others judge alone.
    mutating func seat(_ tokens: BatchTokens, wanted: Int, barred: Set<String> = []) -> (parts: BatchParts, judges: [Int]) {
        let names = tokens.images.filter { $0.index != nil }.map(\.name)
        let wanted = JudgeChoice.count(wanted)
        let order = JudgeChoice.order(names)
        begin(usual: Self.usual(order.prefix(wanted).map { tokens.looks[$0] }, settings))
        let keys = keys(of: names)
        var parts = BatchParts(apart: tokens.readable)
        var judges: [Int] = []
        let silent = order.filter { barred.contains(names[$0]) }
        for index in silent {
            parts.numbers[index] = meetBarred(key: keys[index], look: tokens.looks[index]).part
            parts.isFirst[index] = false
        }
        let heard = order.filter { !barred.contains(names[$0]) }
        let looks = heard.map { tokens.looks[$0] }
        for (place, index) in heard.enumerated() {
            let isJudge = panel.batchJudges && judges.count < wanted
            foresee(looks, from: place, areKept: isJudge)
            let found = meet(key: keys[index], look: tokens.looks[index], isJudge: isJudge)
            (parts.numbers[index], parts.isFirst[index]) = (found.part, found.isFirst)
            if isJudge, found.isFirst { judges.append(index) }
        }
        end()
        return (parts, judges.sorted())
    }
}

// MARK: What is to be said

extension BatchParts {
    /// What somebody should know of the batch's parts.
    ///
    /// - Parameters:
    ///   - images: The readable images.
    ///   - blank: For each of them why it says nothing of a part; nil where it may.
    ///   - barred: Names of those that do not judge because people found them defective.
    func findings(
        images: [ScoredImage], blank: [BlankReason?], barred: Set<String>, _ settings: ScoringSettings
    ) -> [Finding] {
        let names = images.map(\.name)
        var findings: [Finding] = []
        let nothing = zip(names, blank).compactMap { name, reason in reason.map { Finding.BlankImage(name: name, reason: $0) } }
        if settings.looksForTwins, !nothing.isEmpty { findings.append(.blank(nothing)) }
        let groups = Dictionary(grouping: images.indices) { numbers[$0] }.values.filter { $0.count > 1 }
        let twins = groups.filter { group in group.contains { !isFirst[$0] && blank[$0] == nil && !barred.contains(names[$0]) } }
        if !twins.isEmpty {
            findings.append(.twins(twins.map { $0.map { names[$0] } }.sorted { $0[0] < $1[0] }))
        }
        if let pattern = settings.samePart {
            let named = pattern.parts(of: names).compactMap { $0 }
            findings.append(
                named.isEmpty
                    ? .settingWithoutEffect(key: "judges.same_part", .namesWithoutPart)
                    : .partsByName(pattern, parts: Set(named).count, images: named.count, of: names.count))
        }
        return findings
    }
}

extension JudgePanel {
    /// What somebody should know of the known good images' parts.
    var findingsOnParts: [Finding] {
        let good = positions(of: .knownGood)
        let shown = Set(good.map { partOfMember[$0] }).count
        return shown < good.count ? [.knownGoodParts(shown, images: good.count)] : []
    }
}

extension ScoredBlock {
    /// What somebody should know of the parts of a batch that was scored in blocks.
    func findings(on found: BatchParts, barred: Set<String>, _ settings: ScoringSettings) -> [Finding] {
        found.findings(images: images.filter { $0.index != nil }, blank: parts.map(\.blank), barred: barred, settings)
    }
}

extension [OutsideJudges] {
    /// The same without blank images, which judge nobody and stand for no part, and what is to be said of them.
    var withoutBlank: (judges: [OutsideJudges], findings: [Finding]) {
        var findings: [Finding] = []
        let judges = map { group in
            let blank = group.tokens.looks.indices.filter { group.tokens.looks[$0]?.blank != nil }
            guard !blank.isEmpty else { return group }
            let images = group.tokens.images.filter { $0.index != nil }
            findings.append(.blankJudges(group.origin, blank.map { images[$0].name }))
            let kept = images.indices.filter { !blank.contains($0) }
            return group.selecting(kept)
        }
        return (judges, findings)
    }
}
