import SystemPackage

/// Why a batch that is scored in shards cannot go on: which shard, which file, and what to do.
package enum ShardError: Error, Sendable, CustomStringConvertible {
    /// A file of the plan cannot be read, or is none of this program's.
    case unreadablePlan(FilePath, reason: String)
    /// The plan or its list is not what it was when it was made.
    case changedPlan(FilePath)
    /// The folder holds another plan.
    case occupied(FilePath)
    /// There is no shard of this number.
    case noSuchShard(Int, count: Int)
    /// This machine's weights are not those of the plan.
    case otherWeights(expected: String, found: String)
    /// This machine or program would score otherwise than the plan says; what differs, one sentence part each.
    case otherSettings([String])
    /// A judge cannot be read any more.
    case unreadableJudge(String, reason: String)
    /// Too few images of the batch can judge.
    case tooFewJudges(found: Int, reason: String)
    /// Shards that are not done, ascending.
    case missing([Int], count: Int)
    /// A shard's results cannot be used.
    case damaged(shard: Int, FilePath, reason: String)
    /// A shard's results were made under another plan.
    case otherPlan(shard: Int, FilePath)
    /// The operating system refused a file.
    case system(FilePath, reason: String)
    case scoring(ScoringError)

    package var description: String {
        switch self {
        case .unreadablePlan(let path, let reason):
            "\(path): is no plan that can be used: \(reason): make it with musc plan"
        case .changedPlan(let path):
            "\(path): was changed after the plan was made, and what was scored under the plan would not fit it: "
                + "put the plan back as it was, or make a new one in another folder with musc plan --work"
        case .occupied(let folder):
            "\(folder): holds another plan: name another folder with --work, or remove this one"
        case .noSuchShard(let shard, let count):
            "there is no shard \(shard): the plan has \(count), from 0 to \(count - 1)"
        case .otherWeights(let expected, let found):
            "this machine's weights are not those of the plan (SHA-256 \(found), the plan has \(expected)): "
                + "install the same file on every machine, or share one store with MUSC_WEIGHTS"
        case .otherSettings(let differences):
            "this machine would score otherwise than the plan says: \(differences.joined(separator: "; ")): "
                + "run the same version of musc with the plan's settings on every machine"
        case .unreadableJudge(let name, let reason):
            "\(name): judges by the plan and cannot be read any more: \(reason): bring it back, or make a new plan"
        case .tooFewJudges(let found, let reason):
            "\(found) image\(found == 1 ? "" : "s") of the batch can judge\(reason.isEmpty ? "" : " (\(reason))"): "
                + "at least 2 are needed"
        case .missing(let shards, let count):
            "\(shards.count == 1 ? "shard" : "shards") \(Self.ranges(shards)) of \(count) "
                + "\(shards.count == 1 ? "is" : "are") missing: run musc work for "
                + "\(shards.count == 1 ? "it" : "them"), then musc merge again"
        case .damaged(let shard, let path, let reason):
            "shard \(shard): \(path): is damaged: \(reason): run musc work --shard \(shard) again"
        case .otherPlan(let shard, let path):
            "shard \(shard): \(path): was made under another plan: run musc work --shard \(shard) again"
        case .system(let path, let reason): "\(path): \(reason): check its permissions and the free space"
        case .scoring(let error): "\(error)"
        }
    }

    /// `3, 7-9, 12`: as Slurm's `--array` takes them too.
    static func ranges(_ numbers: [Int]) -> String {
        var parts: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = parts.last, last.upperBound == number - 1 {
                parts[parts.count - 1] = last.lowerBound...number
            } else {
                parts.append(number...number)
            }
        }
        return parts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
