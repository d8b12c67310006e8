import CKernels
import MuScSupport

/// What images that were added to a batch change in its lists, so that the lists need not be kept whole each time.
package struct NearestAddition: Sendable {
    /// The images that were not judged before, and the judges that were not there.
    package var judged, judges: [ImageDigest]
    /// One entry a layer and degree, as the lists have them.
    package var planes: [Plane]

    /// The changes of one plane.
    package struct Plane: Sendable {
        /// The lists of the images that were not judged before; the judges' names are those of the lists thereafter.
        package var rows: NearestJudges.Plane
        /// The squared distances of the other images to the new judges, `[others, judges, patches]`; of an image to itself
        /// any number.
        package var distances: [Float]

        package init(rows: NearestJudges.Plane, distances: [Float]) {
            self.rows = rows
            self.distances = distances
        }
    }

    package init(judged: [ImageDigest], judges: [ImageDigest], planes: [Plane]) {
        self.judged = judged
        self.judges = judges
        self.planes = planes
    }
}

extension NearestJudges {
    /// Takes in what was added; the lists are then those of which the addition was made.
    ///
    /// - Returns: False where the addition is none to these lists, which then stay as they are.
    package mutating func add(_ addition: NearestAddition, threads: Int) -> Bool {
        let distances = judged.count * addition.judges.count * patches
        guard parts == nil, addition.planes.count == planes.count,
            judges.count + addition.judges.count < Self.mostJudges,
            zip(planes, addition.planes).allSatisfy({ plane, added in
                added.rows.depth == plane.depth && added.distances.count == distances
                    && added.rows.bounds.count == addition.judged.count * patches
            })
        else { return false }
        let arrivals = (0..<addition.judges.count).map { UInt16(judges.count + $0) }
        let own = judged.map { digest in addition.judges.firstIndex(of: digest) }
        for (index, added) in addition.planes.enumerated() {
            added.distances.withUnsafeBufferPointer { distances in
                guard let distances = distances.baseAddress else { return }
                planes[index].insert(arrivals, rows: own.count, patches: patches, isa: musc_isa_best(), threads: threads) {
                    row, arrival in
                    own[row] == arrival ? nil : distances + (row * arrivals.count + arrival) * patches
                }
            }
            planes[index].append(added.rows)
        }
        judged += addition.judged
        judges += addition.judges
        return true
    }
}

extension NearestJudges.Plane {
    /// Puts judges into the lists.
    ///
    /// - Parameters:
    ///   - names: The judges' names.
    ///   - count: The number of rows, from the first, into which they are put.
    ///   - distances: For a row and the position of a name the squared distances, `[patches]`; nil for none.
    mutating func insert(
        _ names: [UInt16], rows count: Int, patches: Int, isa: musc_isa, threads: Int,
        _ distances: (_ row: Int, _ arrival: Int) -> UnsafePointer<Float>?
    ) {
        guard !names.isEmpty else { return }
        let depth = depth
        let sources = (0..<count).map { row in names.indices.map { DistanceLine(pointer: distances(row, $0)) } }
        withRows { rows in
            concurrentLoop(sources.count, threads: threads) { row in
                for (arrival, line) in sources[row].enumerated() {
                    guard let line = line.pointer else { continue }
                    musc_insert_nearest(
                        isa, line, names[arrival], patches, depth, rows.squared + row * depth * patches,
                        rows.names + row * depth * patches, rows.bounds + row * patches)
                }
            }
        }
    }

    /// Puts rows behind those that there are.
    mutating func append(_ rows: NearestJudges.Plane) {
        squared.append(contentsOf: rows.squared)
        names.append(contentsOf: rows.names)
        bounds.append(contentsOf: rows.bounds)
    }
}

/// Where distances are read, by several threads.
private struct DistanceLine: @unchecked Sendable {
    let pointer: UnsafePointer<Float>?
}
