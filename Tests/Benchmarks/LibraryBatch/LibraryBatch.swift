import Foundation
import MuSc

/// Scores a folder with what the library offers, as `Tests/large_batch.sh` does with the command: a line an image, its
/// name and its score.
///
///     LibraryBatch FOLDER DESCRIPTION WEIGHTS
@main struct LibraryBatch {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            FileHandle.standardError.write(Data("usage: LibraryBatch FOLDER DESCRIPTION WEIGHTS\n".utf8))
            exit(2)
        }
        let description = try JSONDecoder().decode(
            BackboneDescription.self, from: Data(contentsOf: URL(filePath: arguments[2])))
        let inspector = try Inspector(
            settings: ScoringSettings(
                preset: .tuned, backbone: description, threads: ProcessInfo.processInfo.activeProcessorCount),
            weights: BackboneWeights(path: arguments[3], for: description))
        for image in try inspector.inspect(FilePath(arguments[1])).images {
            print("\(image.name),\(image.score.map { "\($0)" } ?? "")")
        }
    }
}
