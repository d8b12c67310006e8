import MuScSupport
import SystemPackage

/// Where a batch stands as `musc status` tells it: its state, or what a person should know beside that, with what goes on.
package enum BatchStanding: String, Sendable, Codable, CaseIterable {
    /// Its images are still arriving or changing, or are too few; the reason says which.
    case arriving
    /// It is one image, which nothing can be compared with.
    case alone
    /// It is scored next.
    case ready
    case running
    case done
    /// It is scored, and nothing could be flagged whatever the images show.
    case noVerdict = "no_verdict"
    /// It is scored, and its results were moved or deleted.
    case resultsGone = "results_gone"
    /// It is tried again by itself.
    case failed
    case held

    init(_ batch: WatchStatus.Batch) {
        self =
            switch batch.state {
            case .waiting: batch.images == 1 ? .alone : .arriving
            case .ready: .ready
            case .running: .running
            case .done where batch.resultsGone != nil: .resultsGone
            case .done: batch.flagged == nil && batch.reason != nil ? .noVerdict : .done
            case .failed: .failed
            case .held: .held
            }
    }

    /// What goes on: the command, or why none is needed.
    ///
    /// - Parameter folder: The batch's.
    package func answer(_ folder: FilePath) -> String {
        let word = folder.shellWord
        return switch self {
        case .arriving: "nothing need be done; as it is now: musc run \(word)"
        case .alone: "add images of the same kind; where each part has a folder of its own, set watch.batch_level"
        case .ready: "the watcher that runs, or the next musc sweep, scores it"
        case .running: "nothing need be done"
        case .done: "nothing need be done; once more: musc retry \(word)"
        case .noVerdict: "do what the reason says, then musc retry \(word)"
        case .resultsGone: "put them back, or score the batch again: musc retry \(word)"
        case .failed: "it is tried again; at once: musc retry \(word)"
        case .held: "mend the cause, then musc retry \(word)"
        }
    }
}

extension FilePath {
    /// The path as one word of a shell's command line.
    var shellWord: String {
        let text = text
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || "/._-+:@%,".unicodeScalars.contains($0)
        }
        return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
