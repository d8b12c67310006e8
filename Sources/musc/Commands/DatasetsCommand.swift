import ArgumentParser
import MuScEvaluation
import SystemPackage

/// `musc datasets`: what data sets need before they can be evaluated elsewhere.
struct DatasetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets", abstract: "Prepare published data sets.", subcommands: [Prepare.self])

    /// `musc datasets prepare visa`
    struct Prepare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the list that MuSc's reference implementation wants: VisA's meta.json.",
            discussion: "`musc evaluate` needs no preparation; it reads VisA's split_csv/1cls.csv as published.")

        @Argument(help: ArgumentHelp("visa", valueName: "dataset"))
        var dataset: Dataset.Layout

        @Option(help: ArgumentHelp("The data set's folder, which holds split_csv.", valueName: "folder"))
        var data = "./data/visa"

        func validate() throws {
            guard dataset == .visa else { throw ValidationError("\(dataset.rawValue) needs no preparation; visa does.") }
        }

        func run() throws {
            let root = FilePath(data)
            do {
                let listing = try VisAListing(table: root.appending("split_csv").appending("1cls.csv"))
                let file = root.appending("meta.json")
                try listing.writeMetaJSON(to: file)
                Terminal.printResult("\(file)  \(listing.entries.count) images")
            } catch {
                throw UserError("\(error)", exit: .usage)
            }
        }
    }
}
