import CKernels
import MuScSupport

extension MutualScoring {
    /// Scores the patches of some images by some images at several degrees of aggregation.
    ///
    /// Without a window or a region, and with more than one degree, all degrees share one product of the vectors before they are
    /// aggregated; otherwise each degree is scored for itself. Which way is taken does not show but in rounding.
    ///
    /// - Parameters:
    ///   - tokens: The tokens of all images concerned in one layer.
    ///   - degrees: LNAMD's degrees r: positive odd numbers.
    ///   - judged: Indices of the images to score, each once.
    ///   - judges: Indices of the images that judge, each once. An image never judges itself.
    ///   - parts: Images of one part do not judge each other.
    /// - Returns: `[judged.count, grid.count]` row-major: the mean over the degrees of
    ///   ``patchScores(of:judged:judges:parts:)``.
    /// - Precondition: At least one degree, and every judged image has at least one judge of another part.
    package func patchScores(
        of tokens: StandardisedTokens, degrees: [Int], judged: [Int], judges: [Int], parts: ImageParts = .apart
    ) -> [Float] {
        precondition(!degrees.isEmpty)
        let patches = tokens.grid.count
        guard !judged.isEmpty, patches > 0 else { return [] }
        guard sharesProducts(degrees, on: tokens.grid) else {
            return degrees.reduce(into: [Float](repeating: 0, count: judged.count * patches)) { mean, r in
                let unit = LNAMD.aggregate(tokens, r: r, threads: threads)
                let scores = patchScores(of: unit, judged: judged, judges: judges, parts: parts)
                for index in mean.indices { mean[index] += scores[index] / Float(degrees.count) }
            }
        }
        let isFast = usesIntegers(patches: patches)
        let distances = DegreeDistances(
            tokens, degrees: degrees, judges: judges, tracksPartners: isFast, isa: isa, threads: threads)
        if isFast {
            return mean(of: degrees, judged, by: judges, parts, patches: patches, distances) {
                LNAMD.aggregate(tokens, r: $0, threads: threads)
            } average: { image, others, unit, candidates, scores in
                nearestMean(
                    image, by: others, of: unit,
                    UnsafeRawPointer(candidates as UnsafePointer<CandidateDistance>).assumingMemoryBound(to: Int32.self),
                    into: scores)
            }
        }
        return mean(of: degrees, judged, by: judges, parts, patches: patches, distances) { _ in
        } average: { _, others, _, squared, scores in
            let positions = interval.positions(judges: others.count, minimum: minimumJudges)
            musc_interval_mean(
                isa, UnsafeRawPointer(squared as UnsafePointer<ExactDistance>).assumingMemoryBound(to: Float.self),
                others.count, patches, patches, positions.lowerBound, positions.upperBound, scores)
        }
    }

    /// Whether several degrees are scored from one product of the vectors before they are aggregated.
    func sharesProducts(_ degrees: [Int], on grid: PatchGrid) -> Bool {
        let side = max(grid.width, grid.height)
        let hasWindow = window.map { $0 < side - 1 } ?? false
        // Neighbourhoods larger than the grid would be mostly padding.
        let fits = degrees.count <= MUSC_DEGREES_MOST && degrees.allSatisfy { $0 / 2 < side }
        return !hasWindow && region == nil && degrees.count > 1 && fits
    }

    /// The mean over degrees of the judged images' scores, as many images at once as keep within the limit.
    ///
    /// - Parameters:
    ///   - context: What averaging needs of a degree r.
    ///   - average: Averages the distances `[others, patches]` of one image at one degree into its patches' scores.
    private func mean<Distance: PartnerDistance, Context: Sendable>(
        of degrees: [Int], _ judged: [Int], by judges: [Int], _ parts: ImageParts, patches: Int,
        _ distances: DegreeDistances,
        context: (_ r: Int) -> Context,
        average:
            @Sendable (
                _ image: Int, _ others: [Int], _ context: Context, _ distances: UnsafePointer<Distance>,
                _ scores: UnsafeMutablePointer<Float>
            ) -> Void
    ) -> [Float] {
        let imageSize = judges.count * patches
        let bytes = MemoryLayout<Distance>.stride * degrees.count * imageSize
        let block = min(max(Self.distanceLimit / max(bytes, 1), 1), judged.count)
        let storage = AlignedBuffer<Distance>(count: degrees.count * block * imageSize)
        defer { storage.deallocate() }
        let rows = degrees.indices.map { DisjointRows(storage.pointer + $0 * block * imageSize) }
        var means = [Float](repeating: 0, count: judged.count * patches)
        means.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            for first in stride(from: 0, to: judged.count, by: block) {
                let part = Array(judged[first..<min(first + block, judged.count)])
                distances.compute(
                    ImagePairs(judged: part, judges: judges, of: distances.images, parts: parts), into: rows)
                for (degree, r) in degrees.enumerated() {
                    let context = context(r)
                    concurrentLoop(part.count, threads: threads) { row in
                        let others = judges.filter { parts.mayJudge($0, part[row]) }
                        precondition(!others.isEmpty, "an image needs a judge of another part")
                        withUnsafeTemporaryAllocation(of: Float.self, capacity: patches) { scores in
                            guard let scores = scores.baseAddress else { return }
                            average(part[row], others, context, rows[degree].pointer + row * imageSize, scores)
                            let mean = target.pointer + (first + row) * patches
                            for patch in 0..<patches { mean[patch] += scores[patch] / Float(degrees.count) }
                        }
                    }
                }
            }
        }
        return means
    }
}
