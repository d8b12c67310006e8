import MuScBatch
import SystemPackage

extension [Tuning.Folder] {
    /// The classes of data sets, every second of which is kept back, so that folders that were named alike fall on both sides.
    package init(_ datasets: [Dataset]) {
        let classes = datasets.flatMap { dataset in dataset.classes.map { (dataset.root, $0) } }
        self = classes.enumerated().map { index, entry in
            let (root, labelled) = entry
            let isShared = classes.count { $0.1.name == labelled.name } > 1
            let name = isShared ? "\(root.lastComponent?.string ?? "")/\(labelled.name)" : labelled.name
            let batch = Tuning.Batch(
                name: name, number: index, root: root, files: labelled.images.map { BatchFile($0.path, in: root) },
                labels: labelled.images.map { Tuning.Label(isAnomalous: $0.isAnomalous) }, labelled: labelled)
            return Tuning.Folder(name: name, batches: [batch], isKeptBack: index % 2 == 1)
        }
    }

    /// The checked batches of a line: every second one is kept back, of those with a defective part and of the others.
    ///
    /// A checked part stands for as many as ``LineSample`` says, since people look at what scores high; where nobody made a
    /// spot check, each counts once, and ``LineHalves/isWeighted`` says so.
    ///
    /// - Returns: nil where one half would have no good part, or no defective one.
    package static func halves(of line: LineEvaluation) -> LineHalves? {
        let defects = Set(line.parts.filter(\.isDefective).map(\.batch))
        let (with, without) = (
            line.batches.filter { defects.contains($0.folder.string) }, line.batches.filter { !defects.contains($0.folder.string) }
        )
        let ordered = with + without
        let kept = Set(ordered.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element.folder))
        let halves = [false, true].map { isKeptBack in
            let batches = line.batches.filter { kept.contains($0.folder) == isKeptBack }
            let names = Set(batches.map(\.folder.string))
            return (batches: batches, parts: line.parts.filter { names.contains($0.batch) })
        }
        let samples = halves.map { LineSample($0.parts, batches: $0.batches).weights }
        let weights = samples.map { $0.flatMap { $0.contains(where: { $0 > 0 }) ? $0 : nil } }
        for isWeighted in [true, false] {
            let used = zip(halves, weights).map { half, weights in
                isWeighted ? weights : half.parts.map { _ in 1 }
            }
            guard used.allSatisfy({ $0 != nil }) else { continue }
            let counted = zip(halves, used).map { half, weights in
                zip(half.parts, weights ?? []).filter { $0.1 > 0 }.map(\.0.isDefective)
            }
            guard counted.allSatisfy({ $0.contains(true) && $0.contains(false) }) else { continue }
            let folders = halves.indices.map { index in
                folder(halves[index].batches, halves[index].parts, used[index] ?? [], isKeptBack: index == 1, of: line)
            }
            return LineHalves(folders: folders, isWeighted: isWeighted)
        }
        return nil
    }

    private static func folder(
        _ batches: [CheckedBatch], _ parts: [CheckedPart], _ weights: [Double], isKeptBack: Bool, of line: LineEvaluation
    ) -> Tuning.Folder {
        let labels = Dictionary(grouping: zip(parts, weights), by: \.0.batch).mapValues { own in
            Dictionary(
                own.map { ($0.0.image, Tuning.Label(isAnomalous: $0.0.isDefective, weight: $0.1)) }, uniquingKeysWith: { first, _ in first }
            )
        }
        let own = batches.map { batch in
            // What could not be read when the batch was scored does not end the comparison.
            let files = line.files(of: batch).filter { !batch.unread.contains($0.name) }
            return Tuning.Batch(
                name: batch.folder.lastComponent?.string ?? batch.folder.string,
                number: line.batches.firstIndex { $0.folder == batch.folder } ?? 0, root: batch.folder, files: files,
                labels: files.map { labels[batch.folder.string]?[$0.name] ?? .unknown })
        }
        return Tuning.Folder(name: own.map(\.name).joined(separator: ", "), batches: own, isKeptBack: isKeptBack)
    }
}

/// The two halves into which a tuning divides a line's checked batches.
package struct LineHalves: Sendable {
    package var folders: [Tuning.Folder]
    /// Whether the checked parts stand for the others as they were drawn.
    package var isWeighted: Bool
}
