import MuScImages
import SystemPackage

/// Why a batch could not be scored.
public enum ScoringError: Error, Sendable, CustomStringConvertible {
    /// The batch's folder is missing or cannot be read.
    case listing(ListingError)
    /// Fewer images could be read than it takes for one to be judged.
    case tooFewImages(TooFewImages)
    /// The region does not fit the photographs.
    case region(RegionError)
    /// The progress handler answered false.
    case cancelled
    /// Mutual scoring would take more memory than there is.
    case memory(MemoryShortage)
    /// Tokens could not be kept in a file, or not be read from it.
    case spill(SpillError)
    /// Tokens of an image are no numbers or infinite.
    case notFinite(image: String, backbone: String)

    public var description: String {
        switch self {
        case .listing(let error): "\(error)"
        case .tooFewImages(let images): "\(images)"
        case .region(let error): "\(error)"
        case .cancelled: "stopped before the batch was scored: run it again"
        case .memory(let shortage): "\(shortage)"
        case .spill(let error): "\(error)"
        case .notFinite(let image, let backbone):
            "\(image): the network gave values that are no numbers, so no score of the batch could be trusted: the "
                + "weights of \(backbone) are damaged or not its own; compare them with musc weights verify, or import "
                + "them again"
        }
    }
}

/// The images of a batch that is too small.
public struct TooFewImages: Sendable, Hashable, CustomStringConvertible {
    public var readable: Int
    public var unreadable: Int
    /// The name of the first image that could not be read, and why not; nil where all could.
    public var firstUnreadable: String?
    public var reason: String?
    /// How many of the readable images are copies of others.
    public var copies: Int
    /// Files that could not be read for a reason that may pass.
    public var mayBeReadLater: [FilePath]

    package init(_ images: [ScoredImage], copies: Int = 0) {
        self.copies = copies
        mayBeReadLater = images.filter(\.mayBeReadLater).map(\.path)
        let unread = images.filter { $0.index == nil }
        (readable, unreadable) = (images.count - unread.count, unread.count)
        (firstUnreadable, reason) = (unread.first?.name, unread.first?.error)
    }

    public var description: String {
        if readable == 0, let firstUnreadable {
            let files = unreadable == 1 ? "The file is no" : "None of the \(unreadable) files is a"
            return "\(files) readable image. \(firstUnreadable): \(reason ?? "") Check the export, then musc run FOLDER, or "
                + "musc retry FOLDER where musc watches it."
        }
        let equal = copies == 0 ? "" : " of which \(copies) show\(copies == 1 ? "s" : "") the same as another"
        let others =
            firstUnreadable.map { name in
                let files = unreadable == 1 ? "1 file could not be read" : "\(unreadable) files could not be read, such as"
                return ". \(files) \(name): \(reason ?? "")"
            } ?? ""
        return "\(readable) readable image\(readable == 1 ? "" : "s")\(equal): images are judged by each other, so at "
            + "least 2 are needed, and 20 or more are better\(others)"
    }
}
