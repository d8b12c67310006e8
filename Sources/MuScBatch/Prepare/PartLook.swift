import MuScImages
import MuScScoring
import MuScSupport

/// What was settled of a batch's parts before its photographs are compared.
struct SettledParts: Sendable {
    /// nil where photographs are compared as they were taken.
    var frame: AlignmentFrame?
    /// What is to be said where there is no frame.
    var finding: Finding?
    /// What was found in the photographs that were looked at, by file.
    var looks: [String: BatchAlignment.Look] = [:]
    /// The frame's size in most photographs.
    var size = ImageSize(side: 1)

    /// What is to be said of the parts.
    ///
    /// - Parameter grid: On which the frame is compared.
    func findings(on grid: PatchGrid) -> [Finding] {
        guard let frame else { return [finding].compactMap { $0 } }
        return [
            .partsAligned(
                Finding.PartsAligned(
                    isTurned: frame.isTurned, follows: frame.follows, found: looks.values.count { $0.part.fault == nil },
                    of: looks.count, frame: size, grid: grid))
        ]
    }
}

extension SizedNetwork {
    /// Settles whether and how parts are turned and cropped.
    ///
    /// - Parameters:
    ///   - files: The batch's photographs, and those that judge along.
    ///   - survey: Of their sizes.
    ///   - memory: Frames in which such parts were compared before; nil for none.
    ///   - hasRegion: Whether only a part of the photographs counts, which is given as they were taken.
    func parts(in files: [BatchFile], _ survey: PhotographSurvey, align: PartAlignment, memory: FrameMemory?, hasRegion: Bool)
        -> SettledParts
    {
        guard align != .none, let photograph = survey.mostFrequent else { return SettledParts() }
        guard Double(survey.distorted) <= Self.mostOfOtherShape * Double(survey.readable) else {
            return SettledParts(finding: align == .auto ? nil : .alignmentLeftOut(because: .shapes))
        }
        guard
            let look = PartLook(network: self, choice: align, files: files)
                .decision(photograph: photograph, known: memory?.frames ?? [])
        else {
            return SettledParts()
        }
        switch look.decision {
        case .frame(let frame):
            if hasRegion { return SettledParts(finding: .alignmentLeftOut(because: .region)) }
            memory?.keep(frame)
            return SettledParts(frame: frame, looks: look.looks, size: frame.size(in: photograph))
        case .leftAlone(let absence):
            let saysSo = align != .auto || absence.scatters
            return SettledParts(finding: saysSo ? .partsLeftAsTaken(absence) : nil)
        }
    }

    /// The share of photographs of another shape than most with which parts are not looked for.
    private static let mostOfOtherShape = 0.1
}

/// Looks for parts in a batch's photographs, or in a sample of them, and settles whether they are turned and cropped.
struct PartLook: Sendable {
    let network: SizedNetwork
    let choice: PartAlignment
    /// The batch's photographs, and those that judge along.
    let files: [BatchFile]

    /// The most photographs that are looked at to settle the frame; a seeded choice.
    private static let most = 64
    /// So many are looked at first, and if parts are found in less than a third of these, no others: where nine of ten
    /// photographs of a batch show one, that happens in less than one batch of ten thousand.
    private static let first = 6

    /// - Parameters:
    ///   - photograph: The size of most photographs.
    ///   - known: Frames in which such parts were compared before; the first that fits is used again.
    /// - Returns: nil where nothing could be looked at.
    func decision(photograph: ImageSize, known: [AlignmentFrame]) -> (
        decision: AlignmentDecision, looks: [String: BatchAlignment.Look]
    )? {
        let copy = FoundPart.copySize(of: photograph)
        let sample = JudgeChoice.order(files.map(\.name)).prefix(Self.most).map { files[$0] }
        var looks = look(at: Array(sample.prefix(Self.first)), copy: copy)
        let found = looks.count { $0.look.part.fault == nil }
        // Photographs that texture fills are decoded no further than that.
        if choice != .auto || 3 * found >= looks.count { looks += look(at: Array(sample.dropFirst(Self.first)), copy: copy) }
        let parts = looks.map(\.look.part)
        guard !parts.isEmpty else { return nil }
        let byFile = Dictionary(looks.map { ($0.key, $0.look) }, uniquingKeysWith: { first, _ in first })
        if let frame = known.first(where: { $0.copy == copy && $0.fits(parts) }) { return (.frame(frame), byFile) }
        return (.settle(parts, choice: choice, copy: copy, threads: network.settings.threads), byFile)
    }

    private func look(at files: [BatchFile], copy: ImageSize) -> [(key: String, look: BatchAlignment.Look)] {
        concurrentMap(files.count, threads: network.settings.threads) { index -> (key: String, look: BatchAlignment.Look)? in
            let file = files[index]
            guard let found = try? FoundPart.find(in: file.path, options: network.decodingOptions(file), copy: copy) else { return nil }
            return (BatchAlignment.key(file), BatchAlignment.Look(part: found.part, photograph: found.photograph))
        }.compactMap { $0 }
    }
}
