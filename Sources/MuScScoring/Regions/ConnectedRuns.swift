/// Runs of pixels row by row, joined where they touch, corners included (8-connected).
///
/// Union-find over runs: a run's root is the earliest run of its region. Regions are counted in the order in which their
/// first pixels come.
package struct ConnectedRuns: Sendable {
    /// The columns of each run, row after row, from the left.
    package private(set) var runs: [Range<Int>] = []
    /// The row of each run.
    package private(set) var rows: [Int] = []
    private var parents: [Int] = []
    private var above = 0..<0

    package init() {}

    /// Adds the runs of the next row, from left to right, apart by at least one pixel.
    ///
    /// - Parameter row: More than the rows before it; a row that is passed over has no runs.
    package mutating func add(_ columns: [Range<Int>], row: Int) {
        if let last = rows.last, last + 1 < row { above = runs.count..<runs.count }
        let first = runs.count
        var next = above.lowerBound
        for run in columns {
            let index = runs.count
            runs.append(run)
            rows.append(row)
            parents.append(index)
            // Runs of the row above touch this one where they overlap it when widened by one pixel on each side.
            while next < above.upperBound, runs[next].upperBound < run.lowerBound { next += 1 }
            var touching = next
            while touching < above.upperBound, runs[touching].lowerBound <= run.upperBound {
                let (a, b) = (root(touching), root(index))
                if a != b { parents[max(a, b)] = min(a, b) }
                touching += 1
            }
        }
        above = first..<runs.count
    }

    private mutating func root(_ run: Int) -> Int {
        var run = run
        while parents[run] != run {
            parents[run] = parents[parents[run]]
            run = parents[run]
        }
        return run
    }

    /// The region of each run, counted from zero, and the number of regions.
    package mutating func regions() -> (ofRun: [Int], count: Int) {
        var ofRun = [Int](repeating: 0, count: runs.count)
        var count = 0
        // A root is the earliest run of its region, so that it is met first.
        for run in runs.indices {
            let root = root(run)
            if root == run {
                ofRun[run] = count
                count += 1
            } else {
                ofRun[run] = ofRun[root]
            }
        }
        return (ofRun, count)
    }
}
