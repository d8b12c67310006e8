import ArgumentParser
import FoundationEssentials
import Glibc
import MuScBatch
import MuScSupport
import MuScWatching
import SystemPackage

/// `musc line`: what is remembered of each line's earlier batches.
struct LineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "line",
        abstract: "Show or forget what is remembered of each line's earlier batches.",
        discussion: """
            Under a drop folder, batches of the same parent folder are one line. Of each line's images that were not \
            flagged a sample is remembered (judges.line_memory), which judges along where a batch is small.
            """,
        subcommands: [List.self, Show.self, Forget.self], defaultSubcommand: List.self)

    /// `musc line list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the lines, one a row.")

        @OptionGroup var output: JSONOutput

        @OptionGroup var state: LedgerOption

        func run() throws {
            let lines = LineMemory.lines(in: state.lines)
            if output.json { return try output.write(lines) }
            if lines.isEmpty { Terminal.note("no line is remembered in \(state.lines)") }
            for line in lines {
                Terminal.printResult(
                    "\(line.line)  \(line.images.count) images  \(line.key.backbone) \(line.key.imageSize) px  "
                        + "\(line.bytes / 1_000_000) MB  \(LocalTime.text(line.updated))")
            }
        }
    }

    /// `musc line show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the remembered images of a line: where each lay, since when it is remembered, what it shows.")

        @Argument(help: ArgumentHelp("The line's folder, as `musc line list` names it.", valueName: "folder"))
        var folder: String

        @OptionGroup var output: JSONOutput

        @OptionGroup var state: LedgerOption

        func run() throws {
            let wanted = Line.path(folder)
            let said = LineStatistics(
                LineVerdicts(of: wanted, memories: state.lines).parts,
                scored: try state.scored(of: wanted).map { ($0.folder, $0.images) })
            let lines = LineMemory.lines(in: state.lines).filter { $0.line == wanted.string }.map { line in
                var line = line
                if said.checked > 0 { line.verdicts = said }
                return line
            }
            if output.json {
                guard lines.isEmpty, said.checked > 0 else { return try output.write(lines) }
                return try output.write([VerdictsAlone(line: wanted.string, verdicts: said)])
            }
            guard !lines.isEmpty || said.checked > 0 else { throw Line.unknown(wanted) }
            for sentence in said.sentences { Terminal.printResult(sentence) }
            for line in lines {
                Terminal.printResult("\(line.line)  \(line.key.backbone) \(line.key.imageSize) px  \(LocalTime.text(line.updated))")
                for image in line.images.sorted(by: { ($0.batch, $0.name) < ($1.batch, $1.name) }) {
                    Terminal.printResult(
                        "  \(FilePath(image.batch).appending(image.name))  \(image.when.map { LocalTime.text($0) } ?? "unknown when")"
                            + (image.content.map { "  content \($0.prefix(8))" } ?? ""))
                }
            }
        }

        /// A line of which nothing is remembered but what people found.
        private struct VerdictsAlone: Encodable {
            let line: String
            let images: [String] = []
            let verdicts: LineStatistics
        }
    }

    /// `musc line forget`.
    struct Forget: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget what is remembered of lines, for instance after the product or the camera has changed.")

        @Argument(help: ArgumentHelp("The lines' folders, as `musc line list` names them.", valueName: "folder"))
        var folders: [String] = []

        @Flag(help: "Forget every line.")
        var all = false

        @Option(
            help: ArgumentHelp(
                "Forget this image of a line alone, as a defect that was not flagged; its batch offers it again when it is "
                    + "scored anew.", valueName: "name"))
        var image: String?

        @OptionGroup var state: LedgerOption

        func validate() throws {
            guard all != !folders.isEmpty else {
                throw ValidationError("Name the lines to forget, or say --all.")
            }
            guard image == nil || folders.count == 1 else {
                throw ValidationError("Name the one line whose image is to be forgotten.")
            }
        }

        func run() throws {
            let known = Set(LineMemory.lines(in: state.lines).map(\.line))
            for line in all ? known.sorted().map({ FilePath($0) }) : folders.map(Line.path) {
                guard known.contains(line.string) else { throw Line.unknown(line) }
                if let image { return try forget(image, of: line) }
                do {
                    let count = try LineMemory.forget(line, in: state.lines)
                    Terminal.printResult("\(line)  \(count) images forgotten")
                } catch {
                    throw UserError("\(line): cannot be forgotten: \(error)", exit: .batchFailed)
                }
            }
        }

        private func forget(_ image: String, of line: FilePath) throws {
            let forgotten: [String]
            do {
                forgotten = try LineMemory.forget(image, of: line, in: state.lines)
            } catch {
                throw UserError("\(line): \(image): cannot be forgotten: \(error.reason)", exit: .batchFailed)
            }
            guard !forgotten.isEmpty else {
                throw UserError("\(line): no image \(image) is remembered: `musc line show` names all", exit: .usage)
            }
            for path in forgotten { Terminal.printResult("\(path)  forgotten") }
        }
    }

    /// A line's folder as the command line has it.
    enum Line {
        /// The folder as the watcher knows it: absolute, without links where it exists.
        static func path(_ folder: String) -> FilePath {
            let resolved = realpath(folder, nil)
            defer { free(resolved) }
            if let resolved { return FilePath(String(cString: resolved)) }
            return FilePath(folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder)
                .lexicallyNormalized()
        }

        static func unknown(_ line: FilePath) -> UserError {
            UserError("\(line): nothing is remembered of such a line: `musc line list` names all", exit: .usage)
        }
    }
}
