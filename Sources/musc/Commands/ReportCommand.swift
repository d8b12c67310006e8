import ArgumentParser
import MuScBatch
import MuScResults
import MuScScoring

/// `musc report`: renders overlays and pages again from stored results, without scoring.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Render overlays and pages again from stored results, without scoring.",
        discussion: "For another threshold, colour map or version of the page.")

    @Argument(help: ArgumentHelp("Batches, or their results' folders.", valueName: "folder"))
    var folders: [String]

    @Flag(help: "Open each page.")
    var open = false

    @OptionGroup var options: ScoringOptions

    func run() async throws {
        let configuration = try options.configuration()
        var isFaulty = false
        for folder in folders {
            do throws(ResultsError) {
                let rendered = try ReportRenderer(options: configuration.output)
                    .render(folder: folder, threshold: configuration.statedSettings.threshold.map(Threshold.fixed))
                Terminal.printResult(rendered.report)
                if open { await Browser.open(rendered.report) }
            } catch {
                Terminal.printError("\(error)")
                isFaulty = true
            }
        }
        if isFaulty { throw ExitCode.batchFailed }
    }
}
