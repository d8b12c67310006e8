import Glibc

/// Why results could not be written or read, to which file, and what to do about it.
public struct ResultsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds that a caller may want to tell apart.
    public enum Kind: Sendable, Hashable {
        /// The disk or the quota is full.
        case noSpace
        /// The folder, or the file system, does not let this user write.
        case notWritable
        /// Something that is not a results folder lies where the results belong.
        case occupied
        /// The folder holds no results, or results that cannot be read.
        case unreadable
        /// Any other failure of the system.
        case system
    }

    public var kind: Kind
    /// The file or folder at which it happened.
    public var path: String
    /// What happened, as a sentence without a subject: "cannot be written: …".
    public var detail: String
    /// What the user can do, as a full sentence; empty where nothing is known.
    public var advice: String

    public init(kind: Kind, path: String, detail: String, advice: String = "") {
        self.kind = kind
        self.path = path
        self.detail = detail
        self.advice = advice
    }

    public var description: String {
        advice.isEmpty ? "\(path): \(detail)." : "\(path): \(detail). \(advice)"
    }

    /// The error that a failed system call stands for.
    ///
    /// - Parameters:
    ///   - code: The call's `errno`.
    ///   - action: What was tried, as in "cannot be written".
    ///   - path: The file or folder that it was tried on.
    init(errno code: Int32, _ action: String, path: String) {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT:
            self.init(
                kind: .noSpace, path: path, detail: "\(action): \(reason)",
                advice: "Free some space, or choose another place with --out, and run again. Earlier results are unchanged.")
        case EACCES, EPERM, EROFS:
            self.init(
                kind: .notWritable, path: path, detail: "\(action): \(reason)",
                advice: "Give this user write permission, or choose another place with --out. Earlier results are unchanged.")
        default:
            self.init(kind: .system, path: path, detail: "\(action): \(reason)")
        }
    }
}
