/// What the names of folders and files say of their content, in any mix of upper and lower case.
struct LabelNames: Sendable {
    /// Names that stand for images without a defect.
    private let normal: Set<String>

    /// - Parameters:
    ///   - layout: The names that the layout itself has for normal images.
    ///   - added: Names that the user gave beside them.
    init(normal layout: Set<String>, added: [String]) {
        normal = layout.union(added.map { $0.lowercased() })
    }

    /// Whether a folder of this name, or a list's label, says that there is no defect.
    func isNormal(_ name: String) -> Bool { normal.contains(name.lowercased()) }

    /// Whether a folder of this name holds what others train on, which is never evaluated.
    static func isTraining(_ name: String) -> Bool {
        ["train", "training", "val", "valid", "validation"].contains(name.lowercased())
    }

    /// Whether a folder of this name is sure to hold masks.
    static func isGroundTruth(_ name: String) -> Bool { words(name) == ["ground", "truth"] || name.lowercased() == "groundtruth" }

    /// Whether a name may be that of masks: a word of it stands for them. A defect may be called so too (`label`), so
    /// that the content decides.
    static func suggestsMasks(_ name: String) -> Bool {
        isGroundTruth(name) || words(name).contains { maskWords.contains($0) }
    }

    /// The name without its words for masks: `crack` of `crack_masks`, empty of `masks`.
    static func withoutMaskWords(_ name: String) -> [String] { words(name).filter { !maskWords.contains($0) } }

    /// The words of a name in lower case: runs of letters, or of digits; `badMasks2` has three.
    static func words(_ name: String) -> [String] {
        var words: [String] = []
        var previous: Character?
        for character in name {
            defer { previous = character }
            guard character.isLetter || character.isNumber else { continue }
            let continues = previous.map { last in
                character.isNumber ? last.isNumber : last.isLetter && !(last.isLowercase && character.isUppercase)
            }
            if continues == true { words[words.count - 1] += character.lowercased() } else { words.append(character.lowercased()) }
        }
        return words
    }

    private static let maskWords: Set<String> = [
        "mask", "masks", "gt", "gts", "groundtruth", "label", "labels", "seg", "segmentation", "segmentations",
        "annotation", "annotations", "anno", "annos",
    ]
}
