import ArgumentParser
import FoundationEssentials
import Glibc
import MuScResults
import MuScVerdicts
import SystemPackage

/// `musc verdict`: what people found of a batch's images.
struct VerdictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verdict",
        abstract: "Say which images of a batch are good and which defective, or list what was said.",
        discussion: """
            What is said is kept beside the photographs, in verdicts.csv. Good images judge the line's next batches, defective \
            ones never judge again. Without --good, --defect, --unsure, --import or --from-folders the verdicts that stand are \
            listed. An image that was judged before is judged anew.
            """)

    @Argument(help: ArgumentHelp("The batch's folder.", valueName: "folder"))
    var folder: String

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Images that show good parts.", valueName: "image"))
    var good: [String] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Images that show defective parts.", valueName: "image"))
    var defect: [String] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Images of which nobody can say; this takes back an earlier word.", valueName: "image")
    )
    var unsure: [String] = []

    @Option(help: ArgumentHelp("What else there is to say of these images.", valueName: "text"))
    var note = ""

    @Option(help: ArgumentHelp("Who says so; the user's name unless given.", valueName: "name"))
    var by: String?

    @Option(name: .customLong("import"), help: ArgumentHelp("A file of verdicts, such as a report saves it.", valueName: "file"))
    var file: String?

    @Flag(help: "Take the images in the folders good, defect and unsure below the batch's: sorted by hand.")
    var fromFolders = false

    @OptionGroup var output: JSONOutput

    @OptionGroup var messages: MessageFlags

    func run() async throws {
        let configuration = try messages.configuration([])
        let place = FilePath(folder)
        var status = stat()
        guard place.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw UserError("\(folder): there is no such folder: name the batch's folder", exit: .usage)
        }
        let results = try? configuration.placesByHand(of: [place]).first?.results
        let batch = BatchVerdicts(of: place, results: results)
        do {
            let isAsked = good.isEmpty && defect.isEmpty && unsure.isEmpty && file == nil && !fromFolders
            if isAsked { return try list(batch.standing()) }
            let written = try add(to: batch)
            await configuration.hooks.tell(written.flatMap { configuration.hooks.deliveries(of: $0, in: place) })
        } catch let error as VerdictFileError {
            throw UserError("\(error)", exit: .batchFailed)
        }
    }

    // MARK: Adding

    /// - Returns: The verdicts that were written.
    private func add(to batch: BatchVerdicts) throws -> [PartVerdict] {
        let (by, at) = (by ?? Self.userName, Date.now.ISO8601Format())
        let said = try named(by: by, at: at)
        var added: [BatchVerdicts.Added] = []
        if !said.isEmpty { added.append(try batch.add(said)) }
        if let unknown = added.first?.unmatched.first {
            throw UserError("\(folder): there is no image \(unknown.row.verdict.image): `ls` names what is there", exit: .usage)
        }
        if let file {
            let handedIn = try batch.add(VerdictsFile.table(at: FilePath(file)))
            tell(handedIn.unmatched, handedIn.problems, in: file)
            added.append(handedIn)
        }
        if fromFolders {
            guard let sorted = try batch.addSorted(note: note, by: by, at: at) else {
                throw UserError("\(folder): there are no images in folders good, defect or unsure: sort them into these", exit: .usage)
            }
            added.append(sorted)
        }
        let written = added.flatMap(\.verdicts)
        if output.json {
            try output.write(written)
            return written
        }
        for verdict in written { Terminal.printResult(Self.line(verdict)) }
        for outlook in added.compactMap(\.outlook) { Terminal.note(outlook) }
        let known = added.reduce(0) { $0 + $1.known }
        if known > 0 { Terminal.note("\(known) of the verdicts stood already") }
        if let first = added.first(where: { !$0.unmatched.isEmpty }), written.isEmpty, known == 0 {
            throw UserError(
                "\(folder): none of the \(first.unmatched.count) verdicts is on an image of this folder: name the folder they are of",
                exit: .batchFailed)
        }
        return written
    }

    /// The verdicts that flags give.
    private func named(by: String, at: String) throws(UserError) -> [PartVerdict] {
        var verdicts: [PartVerdict] = []
        for (images, answer) in [(good, PartVerdict.Answer.good), (defect, .defect), (unsure, .unsure)] {
            for image in images {
                let name = Self.name(image, in: folder)
                if verdicts.contains(where: { $0.image == name && $0.answer != answer }) {
                    throw UserError("\(image): is given two verdicts: give one", exit: .usage)
                }
                verdicts.append(PartVerdict(image: name, answer: answer, note: note, by: by, at: at))
            }
        }
        return verdicts
    }

    /// An image's name relative to its folder; a path that leads there, as shells complete it, is all right too.
    private static func name(_ image: String, in folder: String) -> String {
        var path = FilePath(image).lexicallyNormalized()
        let inner = FilePath(folder).lexicallyNormalized()
        if path.isAbsolute != inner.isAbsolute { return path.isAbsolute ? (path.lastComponent?.string ?? image) : path.string }
        return path.removePrefix(inner) ? path.string : image
    }

    private static var userName: String {
        let environment = ProcessInfo.processInfo.environment
        return environment["USER"] ?? environment["LOGNAME"] ?? ""
    }

    // MARK: Listing

    private func list(_ standing: StandingVerdicts) throws {
        let verdicts = standing.verdicts.sorted { $0.key < $1.key }.map(\.value)
        tell(standing.unmatched, standing.problems, in: VerdictsFile.name.string)
        if output.json { return try output.write(verdicts) }
        for verdict in verdicts { Terminal.printResult(Self.line(verdict)) }
        let counts = PartVerdict.Answer.allCases.map { "\(standing.count($0)) \($0.rawValue)" }.joined(separator: ", ")
        Terminal.note(verdicts.isEmpty ? "\(folder): nobody has said anything of these images yet" : "\(folder): \(counts)")
    }

    /// Says what a file holds that counts for nothing.
    private func tell(_ unmatched: [StandingVerdicts.Unmatched], _ problems: [VerdictProblem], in file: String) {
        for problem in problems { Terminal.note("\(file): \(problem)", .warning) }
        for unmatched in unmatched {
            let image = unmatched.row.verdict.image
            Terminal.note(
                unmatched.isChanged
                    ? "\(file): line \(unmatched.row.line): \(image) is another photograph now, and its verdict counts for nothing"
                    : "\(file): line \(unmatched.row.line): there is no image \(image) in \(folder), under no other name either", .warning)
        }
    }

    private static func line(_ verdict: PartVerdict) -> String {
        let rest = [verdict.at, verdict.by, verdict.note].filter { !$0.isEmpty }
        return ([verdict.image, verdict.answer.rawValue, verdict.origin.rawValue] + rest).joined(separator: "  ")
    }
}
