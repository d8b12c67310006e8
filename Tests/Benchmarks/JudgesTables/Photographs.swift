import FoundationEssentials
import MuScBackbone
import MuScBatch
import MuScImages
import MuScSupport
import SystemPackage

/// Labelled photographs of one kind of part, as tokens.
struct Photographs {
    var name: String
    var good, defective: BatchTokens

    /// Takes the tokens of labelled files: of each label a seeded choice of at most so many.
    init(
        _ name: String, good: [FilePath], defective: [FilePath], most: (good: Int, defective: Int), inspector: Inspector,
        cache: TokenCache?
    ) throws {
        self.name = name
        var generator = SeededGenerator(seed: 12)
        func chosen(_ files: [FilePath], _ count: Int) throws -> BatchTokens {
            let picked = files.sorted { $0.string < $1.string }.shuffled(using: &generator).prefix(count)
            let tokens = try inspector.tokens(of: picked.map { BatchFile(path: $0, name: $0.lastComponent?.string ?? "") }, cache: cache)
            note("\(name): tokens of \(tokens.readable) photographs")
            return tokens
        }
        self.good = try chosen(good, most.good)
        self.defective = try chosen(defective, most.defective)
    }
}

/// The solar cells of elpv-dataset: `labels.csv` beside `images/`.
struct SolarCells {
    var folder: FilePath

    /// Cells of one type (`mono` or `poly`) that everybody found good (probability 0) or defective (1).
    func files(of type: String) throws -> (good: [FilePath], defective: [FilePath]) {
        let text = try String(contentsOfFile: folder.appending("labels.csv").string, encoding: .utf8)
        var (good, defective): ([FilePath], [FilePath]) = ([], [])
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ")
            guard fields.count == 3, fields[2] == type, let probability = Double(fields[1]) else { continue }
            let file = folder.pushing(FilePath(String(fields[0])))
            if probability == 0 { good.append(file) }
            if probability == 1 { defective.append(file) }
        }
        return (good, defective)
    }
}

/// A folder of labelled photographs as MVTec AD has them: `test/good` and `test/<defect>`.
func labelledFiles(_ folder: FilePath) throws -> (good: [FilePath], defective: [FilePath]) {
    let test = folder.appending("test")
    let labels = try FileManager.default.contentsOfDirectory(atPath: test.string).sorted()
    var (good, defective): ([FilePath], [FilePath]) = ([], [])
    for label in labels {
        let files = try ImageListing.images(in: test.appending(label))
        if label == "good" { good += files } else { defective += files }
    }
    return (good, defective)
}
