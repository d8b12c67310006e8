/// Why a batch is where it is, for people: every reason that the watcher itself gives.
///
/// What scoring says of a failure stands in its own words. `musc status` adds to each the command that goes on.
package enum WatchReason: Sendable, Equatable {
    /// Nothing is wrong: images are still arriving.
    case changing
    case awaitingReadyFile
    case single
    /// Too few to be judged by each other, with the local time at which they are scored all the same.
    case tooFew(images: Int, of: Int, deadline: String)
    /// The batch was not the same when its results were to be published.
    case changed
    /// So many images could not be read for a reason that may pass; the others are scored.
    case unread(Int)
    /// The program ended so often while the batch was being scored.
    case interrupted(Int)
    /// Its results were moved or deleted.
    case resultsGone

    package var text: String {
        switch self {
        case .changing: "its images are still arriving or changing"
        case .awaitingReadyFile: "its ready file is not there"
        case .single: "one image cannot be judged; it waits for others"
        case .tooFew(let images, let wanted, let deadline): "\(images) of \(wanted) images; scored without more at \(deadline)"
        case .changed: "its images were changed or replaced while they were scored; it has to settle anew"
        case .unread(let count):
            """
            \(count == 1 ? "one image" : "\(count) images") could not be read for a reason that may pass (see the report); \
            the others are scored, and all are again once \(count == 1 ? "it" : "they") can be read
            """
        case .interrupted(let times): "the program ended \(times) times while it was being scored; see the system's log, memory first"
        case .resultsGone: "its results are no longer where they were put"
        }
    }
}
