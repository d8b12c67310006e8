/// Which mask belongs to which image, by their names alone.
///
/// An image `000` has the mask `000`, or `000` with an ending (or a beginning) that all masks share: `000_mask`,
/// `000_GT`, `mask_000`. Nothing is paired by the order of names: `10_GT` comes before `1_GT`, and one mask that is
/// missing would shift all that follow.
struct MaskPairing {
    /// What stands before and after an image's name in its mask's.
    struct Affix: Hashable, Comparable {
        var before: String
        var after: String

        var suggestsMasks: Bool { LabelNames.suggestsMasks(before) || LabelNames.suggestsMasks(after) }

        func name(of stem: String) -> String { before + stem + after }

        /// For people: `*_mask`.
        var pattern: String { "\(before)*\(after)" }

        static func < (a: Affix, b: Affix) -> Bool { (a.before, a.after) < (b.before, b.after) }
    }

    /// Why images and masks cannot be paired.
    enum Fault: Error, Equatable {
        /// The image at this index has no mask.
        case missing(image: Int)
        /// The image at this index has several masks that could be its own, or shares its name with another image.
        case ambiguous(image: Int, reason: String)
    }

    /// For each image the index of its mask.
    let masks: [Int]
    /// Masks that belong to none of the images, by index.
    let leftOver: [Int]

    /// - Parameters:
    ///   - images: The images' names without extension.
    ///   - masks: The masks' names without extension.
    /// - Throws: ``Fault`` unless every image has exactly one mask.
    init(images: [String], masks: [String]) throws(Fault) {
        if let twin = Self.repeated(images) {
            throw .ambiguous(image: twin, reason: "another image has the same name, so that one mask fits both")
        }
        guard !images.isEmpty else {
            (self.masks, leftOver) = ([], Array(masks.indices))
            return
        }
        let all = Set(masks)
        // What fits the first image; then, of these, what fits all.
        let candidates = Set(masks.flatMap { Self.affixes(around: images[0], in: $0) })
        var fitting = candidates.filter { affix in images.allSatisfy { all.contains(affix.name(of: $0)) } }
        if fitting.count > 1 {
            let named = fitting.filter(\.suggestsMasks)
            if !named.isEmpty { fitting = named }
        }
        guard let affix = fitting.first else { throw Self.fault(images, masks, all) }
        guard fitting.count == 1 else {
            let patterns = fitting.sorted().map(\.pattern).joined(separator: " and ")
            throw .ambiguous(image: 0, reason: "masks named \(patterns) both fit")
        }
        var indices: [String: Int] = [:]
        for (index, name) in masks.enumerated() where indices.updateValue(index, forKey: name) != nil {
            if let image = images.firstIndex(where: { affix.name(of: $0) == name }) {
                throw .ambiguous(image: image, reason: "two masks are called \(name)")
            }
        }
        self.masks = images.compactMap { indices[affix.name(of: $0)] }
        let used = Set(self.masks)
        leftOver = masks.indices.filter { !used.contains($0) }
    }

    /// The image to name where nothing fits all: the first that the commonest affix leaves without a mask.
    private static func fault(_ images: [String], _ masks: [String], _ all: Set<String>) -> Fault {
        let affixes = Set(images.prefix(32).flatMap { image in masks.flatMap { Self.affixes(around: image, in: $0) } })
        let best = affixes.max { a, b in
            let (countA, countB) = (images.count { all.contains(a.name(of: $0)) }, images.count { all.contains(b.name(of: $0)) })
            return countA == countB ? a < b : countA < countB
        }
        guard let best else { return .missing(image: 0) }
        return .missing(image: images.firstIndex { !all.contains(best.name(of: $0)) } ?? 0)
    }

    /// All ways to read a mask's name as an image's with something around it. A number or a word is never cut in two:
    /// `12_GT` is no mask of image 1.
    private static func affixes(around image: String, in mask: String) -> [Affix] {
        guard !image.isEmpty else { return [] }
        return mask.ranges(of: image).compactMap { range in
            let affix = Affix(before: String(mask[..<range.lowerBound]), after: String(mask[range.upperBound...]))
            let cuts = continues(affix.before.last, image.first) || continues(image.last, affix.after.first)
            return cuts ? nil : affix
        }
    }

    private static func continues(_ a: Character?, _ b: Character?) -> Bool {
        guard let a, let b else { return false }
        return a.isNumber && b.isNumber || a.isLetter && b.isLetter
    }

    private static func repeated(_ names: [String]) -> Int? {
        var seen: Set<String> = []
        return names.firstIndex { !seen.insert($0).inserted }
    }
}
