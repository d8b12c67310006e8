import FoundationEssentials
import MuScBatch
import SystemPackage

/// What one image added to a scored folder of 200 costs, and that the scores are those of a scoring from nothing.
///
/// Times are of scoring: from files to scores, without results. Tokens and lists are kept in a folder of their own.
func addedImage(_ cells: FilePath, _ inspector: Inspector, sha256: String) throws {
    let folder = FilePath(FileManager.default.temporaryDirectory.path(percentEncoded: false))
        .appending("musc-added-\(UInt64.random(in: 0...(.max)))")
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    let cache = TokenCache(folder: folder, key: TokenKey(inspector.network, weightsSHA256: sha256))
    let nearest = NearestCache(cache, batch: cells)
    let (good, defective) = try SolarCells(folder: cells).files(of: "mono")
    let files = (good.prefix(185) + defective.prefix(16)).map { BatchFile(path: $0, name: $0.lastComponent?.string ?? "") }

    func scored(_ files: [BatchFile], cache: TokenCache?, nearest: NearestCache?) throws -> (Inspection, Double) {
        let start = ContinuousClock.now
        let scores = try inspector.inspect(try inspector.tokens(of: files, cache: cache), nearest: nearest)
        return (scores, (ContinuousClock.now - start) / .seconds(1))
    }
    let (_, whole) = try scored(Array(files.dropLast()), cache: cache, nearest: nearest)
    let (more, added) = try scored(files, cache: cache, nearest: nearest)
    let (fewer, removed) = try scored(Array(files.dropFirst()), cache: cache, nearest: nearest)
    let (again, _) = try scored(files, cache: cache, nearest: nil)
    let (fewerAgain, _) = try scored(Array(files.dropFirst()), cache: cache, nearest: nil)
    row("\nOne image added to a scored folder of 200 cells, from files to scores\n")
    row("| | s | share of the whole | largest difference of patch scores from a full scoring |")
    row("|---|---|---|---|")
    row("| 200 from nothing | \(text(whole, 2)) | | |")
    row("| one added | \(text(added, 2)) | 1/\(text(whole / added, 0)) | \(difference(more, again)) |")
    row("| then one taken away | \(text(removed, 2)) | 1/\(text(whole / removed, 0)) | \(difference(fewer, fewerAgain)) |")
}

private func difference(_ a: Inspection, _ b: Inspection) -> Float {
    zip(a.patchMaps, b.patchMaps).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
