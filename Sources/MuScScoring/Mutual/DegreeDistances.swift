import CKernels
import MuScSupport

/// A distance as it is kept for each judged patch and judge.
protocol PartnerDistance: BitwiseCopyable, Sendable {
    /// - Parameters:
    ///   - product: The product of the patch's unit vector with its partner's.
    ///   - partner: The partner's patch; 0 where it was not tracked.
    init(product: Float, partner: UInt32)
}

/// The squared distance itself.
struct ExactDistance: PartnerDistance {
    var squared: Float

    init(product: Float, partner: UInt32) { squared = max(2 - 2 * product, 0) }
}

/// An approximate squared distance with the partner that it leads to; see `musc_candidate`.
struct CandidateDistance: PartnerDistance {
    var candidate: Int32

    init(product: Float, partner: UInt32) { candidate = musc_candidate(product, partner) }
}

/// The distance of every patch of the judged images to its nearest partner in each judge, at several degrees at once.
///
/// As ``MutualDistances``, but from one product of the vectors before they are aggregated; see `musc_degrees.h`.
/// There is no window: the filter needs the products around it, which a window would leave out.
struct DegreeDistances: Sendable {
    private let tokens: StandardisedTokens
    private let quantised: QuantisedTokens?
    private let terms: DegreeTerms
    private let degrees: Int
    private let isa: musc_isa
    private let threads: Int

    /// The number of images in the tokens.
    var images: Int { tokens.images }

    /// Images whose panels are held at once.
    private static let columnBlock = 32

    /// - Parameter tracksPartners: Whether products are int8 and the distances ``CandidateDistance``; otherwise fp32
    ///   and ``ExactDistance``.
    init(
        _ tokens: StandardisedTokens, degrees: [Int], judges: [Int], tracksPartners: Bool, isa: musc_isa, threads: Int
    ) {
        self.tokens = tokens
        self.isa = isa
        self.threads = threads
        self.degrees = degrees.count
        quantised = tracksPartners ? QuantisedTokens(tokens, judges: judges, threads: threads) : nil
        terms = DegreeTerms(tokens, degrees: degrees, quantised: quantised, threads: threads)
    }

    /// Compares the images of all `pairs`.
    ///
    /// - Parameters:
    ///   - distances: Written, one for each degree: `[pairs.lines, patches]` row-major.
    func compute<Distance: PartnerDistance>(_ pairs: ImagePairs, into distances: [DisjointRows<Distance>]) {
        // Sums over neighbourhoods are rounded otherwise for rows than for columns. In fp32 the images' own content decides
        // the roles, so that a pair has the same distances, to the bit, whatever else is compared.
        let pairs = quantised == nil ? pairs.withRoles(by: terms.precedes) : pairs
        let images = pairs.images
        let imageBytes = terms.positions * Int(terms.shape.depth) * (quantised == nil ? 4 : 1)
        for first in stride(from: pairs.firstColumn, to: images.count, by: Self.columnBlock) {
            let block = first..<min(first + Self.columnBlock, images.count)
            let panels = AlignedBuffer<UInt8>(count: block.count * imageBytes)
            defer { panels.deallocate() }
            let panelRows = DisjointRows(panels.pointer)
            concurrentLoop(block.count, threads: threads) { index in
                let image = images[first + index]
                guard images[..<(first + index)].contains(where: { pairs.isNeeded($0, image) }) else { return }
                pack(image, into: panelRows.pointer + index * imageBytes)
            }
            // A pair is taken where its row image comes first.
            concurrentLoop(block.upperBound, threads: threads) { row in
                let columns = block.filter { $0 > row && pairs.isNeeded(images[row], images[$0]) }
                guard !columns.isEmpty else { return }
                let workspace = Workspace(terms, degrees: degrees)
                defer { workspace.deallocate() }
                for column in columns {
                    compare(
                        images[row], images[column], panels: panelRows.pointer + (column - first) * imageBytes, workspace)
                    for (degree, target) in distances.enumerated() {
                        store(workspace, degree, images[row], images[column], pairs, into: target)
                    }
                }
            }
        }
    }

    private func pack(_ image: Int, into bytes: UnsafeMutablePointer<UInt8>) {
        withUnsafePointer(to: terms.shape) { shape in
            if let quantised {
                quantised.withIntegers(of: image) { integers in
                    musc_degrees_pack_int8(shape, integers, UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: Int8.self))
                }
            } else {
                tokens.withVectors(of: image) { vectors in
                    musc_degrees_pack_f32(shape, vectors, UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: Float.self))
                }
            }
        }
    }

    private func compare(
        _ row: Int, _ column: Int, panels: UnsafeMutablePointer<UInt8>, _ workspace: Workspace
    ) {
        var pair = musc_degrees_pair()
        withUnsafeMutableBytes(of: &pair.row) { store((0..<degrees).map { terms.row($0, image: row) }, in: $0) }
        withUnsafeMutableBytes(of: &pair.column) { store((0..<degrees).map { terms.column($0, image: column) }, in: $0) }
        withUnsafeMutableBytes(of: &pair.row_max) { store((0..<degrees).map { workspace.rowMaxima($0) }, in: $0) }
        withUnsafeMutableBytes(of: &pair.row_partners) { store((0..<degrees).map { workspace.rowPartners($0) }, in: $0) }
        withUnsafeMutableBytes(of: &pair.column_max) { store((0..<degrees).map { workspace.columnMaxima($0) }, in: $0) }
        withUnsafeMutableBytes(of: &pair.column_partners) {
            store((0..<degrees).map { workspace.columnPartners($0) }, in: $0)
        }
        terms.positionOffsets.withUnsafeBufferPointer { offsets in
            pair.position_offsets = offsets.baseAddress
            withUnsafePointer(to: terms.shape) { shape in
                if let quantised {
                    quantised.withTerms(of: column) { columnTerms in
                        for (position, patch) in terms.patchOfPosition.enumerated() {
                            workspace.scales.pointer[position] = patch.map { columnTerms[$0].scale } ?? 0
                        }
                    }
                    quantised.withIntegers(of: row) { integers in
                        quantised.withTerms(of: row) { rowTerms in
                            pair.rows_int8 = integers
                            pair.row_terms = rowTerms
                            pair.panels_int8 = UnsafeRawPointer(panels).assumingMemoryBound(to: Int8.self)
                            pair.panel_scales = UnsafePointer(workspace.scales.pointer)
                            musc_degrees_compare(isa, shape, &pair, workspace.scratch.pointer)
                        }
                    }
                } else {
                    tokens.withVectors(of: row) { vectors in
                        pair.rows = vectors
                        pair.panels = UnsafeRawPointer(panels).assumingMemoryBound(to: Float.self)
                        musc_degrees_compare(isa, shape, &pair, workspace.scratch.pointer)
                    }
                }
            }
        }
    }

    /// Writes elements to the start of a C array.
    private func store<Element: BitwiseCopyable>(_ elements: [Element], in bytes: UnsafeMutableRawBufferPointer) {
        for (index, element) in elements.enumerated() {
            bytes.storeBytes(of: element, toByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
        }
    }

    /// Hands the maxima of a pair to the places where they belong.
    private func store<Distance: PartnerDistance>(
        _ workspace: Workspace, _ degree: Int, _ row: Int, _ column: Int, _ pairs: ImagePairs,
        into distances: DisjointRows<Distance>
    ) {
        let patches = tokens.grid.count
        if let line = pairs.line(of: row, by: column) {
            let target = distances.pointer + line * patches
            let (maxima, partners) = (workspace.rowMaxima(degree), workspace.rowPartners(degree))
            for patch in 0..<patches {
                let partner = quantised == nil ? 0 : terms.patchOfPosition[Int(partners[patch])] ?? 0
                target[patch] = Distance(product: maxima[patch], partner: UInt32(partner))
            }
        }
        if let line = pairs.line(of: column, by: row) {
            let target = distances.pointer + line * patches
            let (maxima, partners) = (workspace.columnMaxima(degree), workspace.columnPartners(degree))
            for (position, patch) in terms.patchOfPosition.enumerated() {
                guard let patch else { continue }
                target[patch] = Distance(
                    product: maxima[position], partner: quantised == nil ? 0 : partners[position])
            }
        }
    }

    /// Buffers for one pair at a time.
    private struct Workspace {
        let scratch: AlignedBuffer<UInt8>
        let scales: AlignedBuffer<Float>
        private let maxima: AlignedBuffer<Float>
        private let partners: AlignedBuffer<UInt32>
        private let patches, positions: Int

        init(_ terms: DegreeTerms, degrees: Int) {
            patches = Int(terms.shape.height * terms.shape.width)
            positions = terms.positions
            scratch = AlignedBuffer(count: withUnsafePointer(to: terms.shape) { musc_degrees_scratch_size($0) })
            scales = AlignedBuffer(count: positions)
            maxima = AlignedBuffer(count: degrees * (patches + positions))
            partners = AlignedBuffer(count: degrees * (patches + positions))
        }

        func rowMaxima(_ degree: Int) -> UnsafeMutablePointer<Float> { maxima.pointer + degree * (patches + positions) }
        func columnMaxima(_ degree: Int) -> UnsafeMutablePointer<Float> { rowMaxima(degree) + patches }
        func rowPartners(_ degree: Int) -> UnsafeMutablePointer<UInt32> {
            partners.pointer + degree * (patches + positions)
        }
        func columnPartners(_ degree: Int) -> UnsafeMutablePointer<UInt32> { rowPartners(degree) + patches }

        func deallocate() {
            scratch.deallocate()
            scales.deallocate()
            maxima.deallocate()
            partners.deallocate()
        }
    }
}
