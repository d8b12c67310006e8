import MuSc

/// Scores the images of a folder by each other, and writes the report beside them.
@main struct WriteReport {
    static func main() throws {
        let folder = FilePath(CommandLine.arguments.dropFirst().first ?? ".")
        print(try Inspector().inspect(folder).writeReport(of: folder))
    }
}
