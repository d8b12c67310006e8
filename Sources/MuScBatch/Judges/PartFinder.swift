import MuScImages
import MuScScoring

/// Tells which images show the same part: by the names that somebody gave them, and by what they show.
///
/// Images are met one after the other. One that is a twin of a photograph before it (see `TwinSearch`) shows that one's
/// part, and has nothing to say that the first did not; an image whose name names a part that was met shows that part too,
/// perhaps from another side, and speaks for itself.
struct PartFinder: Sendable {
    /// What an image turned out to be.
    struct Found: Sendable, Hashable {
        /// The number of its part; nil where that was not met before.
        var part: Int?
        /// Whether it is the first photograph of its look: no twin of one before, and not blank.
        var isFirst: Bool
        /// The first photograph of which it is a twin, by the order in which those were kept.
        var twin: Int?
    }

    /// What an image that was met turned out to be; as ``Found``.
    struct Met: Sendable, Hashable {
        var part: Int
        var isFirst: Bool
        var twin: Int?
    }

    /// A photograph that others may be twins of.
    private struct First: Sendable {
        var part: Int
        var key: String?
    }

    private var search: TwinSearch
    private var firsts: [First] = []
    private var partOfKey: [String: Int] = [:]
    /// How many parts were met; their numbers count up from 0.
    private(set) var count = 0

    /// - Parameters:
    ///   - usual: What parts differ by; see `TwinSearch`. 0 looks for no twins.
    ///   - threads: The most threads to use.
    init(usual: Float, threads: Int = 1) { search = TwinSearch(usual: usual, threads: threads) }

    /// How many photographs others may be twins of.
    var firstCount: Int { firsts.count }

    /// Lets another photograph stand for a part's look.
    mutating func replace(_ first: Int, by look: ImageLook?) {
        search.remove(first)
        if let look { search.add(look, as: first) }
    }

    /// What the parts of the images to come differ by.
    var usual: Float {
        get { search.usual }
        set { search.usual = newValue }
    }

    /// Prepares for images that are to be met next, on all threads; what is found stays the same.
    mutating func foresee(_ looks: [ImageLook], areKept: Bool) { search.foresee(looks, areKept: areKept) }

    /// What an image shows, as far as it was met before; nil for a part of its own.
    ///
    /// - Parameters:
    ///   - key: The part that the image's name names, if any.
    ///   - look: nil where it is not known.
    func known(key: String?, look: ImageLook?) -> Found? {
        let twin = look.flatMap { search.twin(of: $0) }
        // Names that tell parts apart go before looks.
        if let twin, firsts[twin].key == nil || key == nil || firsts[twin].key == key {
            return Found(part: firsts[twin].part, isFirst: false, twin: twin)
        }
        return key.flatMap { partOfKey[$0] }.map { Found(part: $0, isFirst: look?.blank == nil) }
    }

    /// Meets an image.
    ///
    /// - Parameters:
    ///   - key, look: As for ``known(key:look:)``.
    ///   - isKept: Whether later images may be twins of it.
    mutating func meet(key: String?, look: ImageLook?, isKept: Bool) -> Met {
        let found = known(key: key, look: look) ?? Found(part: nil, isFirst: look?.blank == nil)
        let part = found.part ?? count
        count = max(count, part + 1)
        if let key, partOfKey[key] == nil { partOfKey[key] = part }
        if isKept, found.isFirst, let look {
            if usual > 0 { search.add(look, as: firsts.count) }
            firsts.append(First(part: part, key: key))
        }
        return Met(part: part, isFirst: found.isFirst, twin: found.twin)
    }
}
