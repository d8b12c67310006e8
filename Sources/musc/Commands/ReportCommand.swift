import ArgumentParser
import MuScResults

/// `musc report`: renders overlays and pages again from stored results, without scoring.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Render overlays and pages again from stored results, without scoring.",
        discussion: """
            For another threshold, colour map or version of the page. --threshold 0.5 sets one by hand; --threshold auto \
            takes the automatic one again.
            """)

    @Argument(help: ArgumentHelp("Batches, or their results' folders.", valueName: "folder"))
    var folders: [String]

    @Flag(help: "Also write one page that holds all its pictures, report-single.html: it can be sent.")
    var singleFile = false

    @Option(
        help: ArgumentHelp(
            "Whose photographs that page holds: flagged (those worth a look included) or all.", valueName: "images"))
    var images: OutputOptions.SingleFile?

    @Flag(help: "Open each page.")
    var open = false

    @Option(key: "output.threshold") var threshold: GivenFlag?
    @OptionGroup var pictures: PictureFlags
    @OptionGroup var messages: MessageFlags

    func validate() throws {
        guard images == nil || singleFile else {
            throw ValidationError("--images goes with --single-file: without it the page shows all.")
        }
    }

    func run() async throws {
        let configuration = try messages.configuration([self.threshold].compactMap { $0 } + pictures.given)
        // Only the flag undoes a threshold: a configuration says auto as a matter of course.
        let threshold: ReportRenderer.ThresholdChoice =
            self.threshold?.value == .text("auto")
            ? .automatic : configuration.statedSettings.threshold.map { .fixed($0) } ?? .stored
        var output = configuration.output
        output.singleFile = singleFile ? images ?? .flagged : nil
        var isFaulty = false
        for folder in folders {
            do throws(ResultsError) {
                let rendered = try ReportRenderer(options: output).render(folder: folder, threshold: threshold)
                Terminal.printResult(rendered.report)
                if let single = rendered.singleFile { Terminal.printResult("\(single.path)  \(megabytes(single.bytes))") }
                if open { await Browser.open(rendered.singleFile?.path ?? rendered.report) }
            } catch {
                Terminal.printError("\(error)")
                isFaulty = true
            }
        }
        if isFaulty { throw ExitCode.batchFailed }
    }

    private func megabytes(_ bytes: Int) -> String {
        let tenths = Int((Double(bytes) / 100_000).rounded())
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}

extension OutputOptions.SingleFile: ExpressibleByArgument {}
