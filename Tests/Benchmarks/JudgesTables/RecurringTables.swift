import MuScBackbone
import MuScBatch
import MuScImages
import MuScSupport

/// A defect cut from one cell and pasted into several of 40 good ones; and what the guard costs on natural batches.
///
/// Defects and batches are others than those by which the guard's numbers were chosen.
func recurringDefects(_ kinds: [Photographs], _ inspector: Inspector) throws {
    let columns = guardColumns(inspector)
    row("\nThe same defect pasted with a jitter of 6 pixels into m of 40 good cells, mean image AUROC of six defects\n")
    row("| m | \(columns.map(\.name).joined(separator: " | ")) | 20 known good alone | the group is named |")
    row("|---|\(String(repeating: "---|", count: columns.count + 2))")
    let pasted = try kinds.flatMap { kind in
        try (4..<4 + 6 / kinds.count).map { try PastedDefect($0, kind, inspector) }
    }
    for count in [2, 4, 8, 12] {
        var results = columns.map { _ in [Double]() }
        var knownGood: [Double] = []
        var named: [Double] = []
        for defect in pasted {
            let batch = defect.good.selecting(Array(count..<40))
                .appending(defect.pasted.selecting(Array(0..<count)))
            for (index, column) in columns.enumerated() {
                let scores = try column.inspector.inspect(batch)
                results[index].append(imageAUROC(scores, good: 40 - count))
                if index == 1 {
                    // Of the groups that hold the mark's parts and no other.
                    let right = scores.recurring.map(\.parts).filter { $0.allSatisfy { $0.image >= 40 - count } }
                    named.append(Double(right.map(\.count).max() ?? 0) / Double(count))
                }
            }
            let judges = [OutsideJudges(origin: .knownGood, tokens: defect.knownGood)]
            knownGood.append(imageAUROC(try inspector.inspect(batch, judgedBy: judges), good: 40 - count))
        }
        row(
            "| \(count) | \(results.map { text(mean($0)) }.joined(separator: " | ")) | \(text(mean(knownGood))) | \(percent(mean(named))) of its parts |"
        )
    }
}

/// Natural batches of 40: what the guard does to them, and how many groups it names.
func naturalBatches(_ kinds: [Photographs], _ inspector: Inspector) throws {
    let columns = guardColumns(inspector)
    row("\nNatural batches of 40 (32 good, 8 defective; tiles all), image AUROC\n")
    row("| | \(columns.map(\.name).joined(separator: " | ")) | groups named |")
    row("|---|\(String(repeating: "---|", count: columns.count + 1))")
    var means = columns.map { _ in [Double]() }
    for kind in kinds {
        var generator = SeededGenerator(seed: 17)
        let draws = kind.good.readable < 60 ? 1 : 10
        var results = columns.map { _ in [Double]() }
        var groups: [Double] = []
        for _ in 0..<draws {
            let good = (0..<kind.good.readable).shuffled(using: &generator).prefix(32)
            let defective = (0..<kind.defective.readable).shuffled(using: &generator).prefix(draws == 1 ? 60 : 8)
            let batch = kind.good.selecting(Array(good)).appending(kind.defective.selecting(Array(defective)))
            for (index, column) in columns.enumerated() {
                let scores = try column.inspector.inspect(batch)
                results[index].append(imageAUROC(scores, good: good.count))
                if index == 1 { groups.append(Double(scores.recurring.count)) }
            }
        }
        for index in results.indices { means[index] += results[index] }
        row("| \(kind.name), \(draws) | \(results.map { text(mean($0)) }.joined(separator: " | ")) | \(text(mean(groups), 1)) |")
    }
    row("| mean | \(means.map { text(mean($0)) }.joined(separator: " | ")) | |")
    let losses = zip(means[0], means[1]).map { $1 - $0 }
    row("| worst change by the guard | | \(text(losses.min() ?? 0)) | |")
}

private func guardColumns(_ inspector: Inspector) -> [(name: String, inspector: Inspector)] {
    func with(_ marks: ScoringSettings.RecurringMarks) -> Inspector {
        var settings = inspector.settings
        settings.recurringMarks = marks
        return inspector.with(settings)
    }
    return [("without the guard", with(.ignore)), ("with the guard", with(.count))]
}

/// One defect, cut from a cell and pasted into twelve good ones.
struct PastedDefect {
    /// Forty good cells; the first are those that were pasted into.
    var good: BatchTokens
    var pasted: BatchTokens
    var knownGood: BatchTokens

    init(_ number: Int, _ kind: Photographs, _ inspector: Inspector) throws {
        var generator = SeededGenerator(seed: UInt64(700 + number))
        let order = (0..<kind.good.readable).shuffled(using: &generator)
        good = kind.good.selecting(Array(order.prefix(40)))
        knownGood = kind.good.selecting(Array(order.dropFirst(40).prefix(20)))
        let judges = OutsideJudges(origin: .knownGood, tokens: kind.good.selecting(Array(order.dropFirst(60).prefix(40))))
        // The defects that stand out most; the map's peak says where they are.
        let scores = try inspector.inspect(kind.defective, judgedBy: [judges])
        let ranked = scores.images.sorted { ($0.score ?? 0) > ($1.score ?? 0) }
        let source = ranked[number * 3 % ranked.count]
        let image = try RGBImage(contentsOf: source.path)
        let peak = source.peak ?? PixelPosition(x: image.width / 2, y: image.height / 2)
        let side = image.width / 5
        let left = min(max(peak.x - side / 2, 0), image.width - side)
        let top = min(max(peak.y - side / 2, 0), image.height - side)
        var tokens: BatchTokens?
        for index in 0..<12 {
            let target = good.images[index]
            var cell = try RGBImage(contentsOf: target.path)
            let dx = Int.random(in: -6...6, using: &generator)
            let dy = Int.random(in: -6...6, using: &generator)
            for y in 0..<side {
                for x in 0..<side {
                    let toX = left + x + dx
                    let toY = top + y + dy
                    guard (0..<cell.width).contains(toX), (0..<cell.height).contains(toY) else { continue }
                    for channel in 0..<3 {
                        cell.pixels[(toY * cell.width + toX) * 3 + channel] =
                            image.pixels[((top + y) * image.width + left + x) * 3 + channel]
                    }
                }
            }
            let resized = cell.resized(
                width: inspector.network.model.imageWidth, height: inspector.network.model.imageHeight,
                filter: inspector.settings.backbone.family.resampling)
            let made = inspector.network.model.tokens(of: NormalizedImage(resized, for: inspector.settings.backbone.family))
            let one = BatchTokens(
                images: [
                    ScoredImage(
                        name: "pasted-\(index)", path: target.path, size: ImageSize(width: cell.width, height: cell.height), index: 0)
                ], layers: made.layers.map { [PatchTokens($0)] }, imageFeatures: [made.imageFeature])
            tokens = tokens?.appending(one) ?? one
        }
        pasted = tokens ?? good.selecting([])
    }
}
