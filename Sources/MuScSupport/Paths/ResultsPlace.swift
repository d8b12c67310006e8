import SystemPackage

/// Where the results of batches lie: in each batch's folder, or under one folder that holds those of all
/// (`output.where`), in a folder of one name (`output.folder_name`).
///
/// Whoever writes results or looks for them asks here.
package struct ResultsPlace: Sendable, Hashable {
    /// The folder that holds the results of all batches; nil where they lie in each batch's own.
    package var outer: FilePath?
    package var folderName: String

    package init(outer: FilePath?, folderName: String) {
        (self.outer, self.folderName) = (outer, folderName)
    }

    /// The results' folder of a batch.
    ///
    /// - Parameters:
    ///   - name: Under which name the batch is known below ``outer``; ``BatchName`` finds one that no other batch has.
    ///   - sequence: 1 for a folder's first batch; the results of its further ones are called `_musc-2`, `_musc-3` …
    package func folder(of batch: FilePath, named name: [FilePath.Component], sequence: Int = 1) -> FilePath {
        var path = batch
        if let outer {
            path = outer
            path.append(name)
        }
        return path.appending(sequence == 1 ? folderName : "\(folderName)-\(sequence)")
    }
}

/// Names that tell batches apart which lie in different places.
package enum BatchName {
    /// Two batches that cannot be told apart.
    package struct Clash: Error, Hashable, CustomStringConvertible {
        package var first, second: FilePath

        package init(first: FilePath, second: FilePath) { (self.first, self.second) = (first, second) }

        package var description: String {
            "\(first) and \(second) differ by case or Unicode form alone, and their results would lie in one place on other "
                + "systems: score them one by one, each with an --out of its own"
        }
    }

    /// For each batch as many of its path's last components as no other batch ends in.
    ///
    /// Names that differ by case or by Unicode form alone count as the same, as they are to other systems that read the
    /// results.
    ///
    /// - Parameter batches: Absolute paths.
    /// - Throws: ``Clash`` where whole paths differ by case or form alone, or not at all.
    package static func names(of batches: [FilePath]) throws(Clash) -> [[FilePath.Component]] {
        var names = [[FilePath.Component]?](repeating: nil, count: batches.count)
        let longest = batches.map(\.components.count).max() ?? 0
        for length in 1...max(longest, 1) {
            let endings = batches.map { Array($0.components.suffix(length)) }
            let groups = Dictionary(grouping: batches.indices) { index in endings[index].map(folded) }
            for members in groups.values where members.count == 1 {
                if let index = members.first, names[index] == nil { names[index] = endings[index] }
            }
        }
        for (index, name) in names.enumerated() where name == nil {
            let whole = batches[index].components.map(folded)
            let other = batches.indices.first { $0 != index && batches[$0].components.map(folded) == whole }
            throw Clash(first: batches[min(index, other ?? index)], second: batches[max(index, other ?? index)])
        }
        return names.map { $0 ?? [] }
    }

    /// A name such that names are equal that differ by case or Unicode form alone.
    package static func folded(_ name: FilePath.Component) -> String {
        // Texts of Swift are equal where their canonical forms are. Upper case first: ß and SS are one.
        name.string.uppercased().lowercased()
    }
}
