import MuSc

/// Scores the images of a folder by each other, and prints those that are flagged.
@main struct ScoreFolder {
    static func main() throws {
        let folder = FilePath(CommandLine.arguments.dropFirst().first ?? ".")
        let inspection = try Inspector().inspect(folder)
        for image in inspection.images where image.flagged { print(image.name, image.score ?? 0) }
        for finding in inspection.findings { print(finding.sentence) }
    }
}
