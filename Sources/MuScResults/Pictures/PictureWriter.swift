import Glibc
import MuScBatch
import MuScImages
import MuScSupport
import Synchronization
import SystemPackage

/// The pictures that were written for one image; paths are relative to the results folder.
struct ImagePictures: Sendable, Hashable {
    var overlay: String?
    /// The photograph on the left half, the heat map over it on the right.
    var thumbnail: String?
    /// A JPEG of the photograph, where browsers do not show its own format.
    var photograph: String?
    /// What lies around the peak at the photograph's own size; of flagged images larger than it.
    var crop: String?
    /// Whether overlay and map are smaller than the photograph.
    var isReduced = false
    /// Why the photograph could not be read again; the pictures then show the heat map on grey.
    var missing: String?
}

/// Writes overlays, thumbnails and maps of a batch, one photograph a thread in memory.
struct PictureWriter: Sendable {
    let scores: Inspection
    let options: OutputOptions
    let regions: BatchRegions
    /// The lowest and the highest patch score of the batch.
    let range: (low: Float, high: Float)

    static let thumbnailSide = 256
    /// The most regions of which an overlay shows the box.
    private static let mostBoxes = 50
    /// Pixels of the photograph that a crop shows at most, a side.
    static let cropSide = 512
    private static let grey: UInt8 = 128

    init(scores: Inspection, options: OutputOptions, regions: BatchRegions) {
        self.scores = scores
        self.options = options
        self.regions = regions
        range = AnomalyMap.range(of: scores.patchMaps, in: scores.region)
    }

    /// - Parameters:
    ///   - ranking: The images with a score have pictures.
    ///   - names: Of the pictures, in the same order.
    ///   - folder: An existing results folder.
    ///   - former: The results that these replace, if there are any: pictures that would look the same are taken over.
    /// - Returns: What was written, in the same order.
    func write(
        _ ranking: Ranking, names: OverlayNames, to folder: String, replacing former: String? = nil
    ) throws(ResultsError) -> [ImagePictures] {
        let images = ranking.scored
        for inner in ["overlays", "overlays/thumbs"] { try Directory.create(path: "\(folder)/\(inner)") }
        if options.maps != .none { try Directory.create(path: "\(folder)/maps") }
        if options.masks != .none { try Directory.create(path: "\(folder)/masks") }
        let results = SharedResults(repeating: ImagePictures(), count: images.count)
        let failure = Mutex<ResultsError?>(nil)
        let style = drawnStyle
        let known = former.flatMap { former in style.map { DrawnPictures(resultsFolder: former, style: $0) } }
        let tolerance = ShadeTolerance(options.colormap)
        let drawn = SharedResults<DrawnPictures.Drawn?>(repeating: nil, count: images.count)
        concurrentLoop(images.count, threads: options.threads) { index in
            guard failure.withLock({ $0 == nil }) else { return }
            let image = images[index]
            do throws(ResultsError) {
                try writeMask(image, to: names.mask(index), folder)
            } catch {
                failure.withLock { $0 = $0 ?? error }
                return
            }
            let wantsOverlay = wantsOverlay(ranking.level(index))
            var next = style == nil ? nil : self.drawn(image, wantsOverlay: wantsOverlay)
            if let former, let wanted = next, let last = known?.pictures[image.name], last.standsFor(wanted, within: tolerance),
                let pictures = takeOver(last.pictures, of: index, names, from: former, to: folder)
            {
                results[index] = pictures
                // What was drawn stays what it was, so that small steps do not add up unseen.
                drawn[index] = DrawnPictures.Drawn(
                    subject: last.subject, map: last.map, level: last.level, pictures: pictures)
                return
            }
            do throws(ResultsError) {
                let pictures = try write(image, index, names, wantsOverlay: wantsOverlay, to: folder)
                results[index] = pictures
                next?.pictures = pictures
                if pictures.missing == nil { drawn[index] = next }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        if let style {
            var all = DrawnPictures(style: style)
            for (image, drawn) in zip(images, drawn.values) {
                if let drawn { all.add(image.name, drawn) }
            }
            all.write(to: folder)
        }
        return results.values
    }

    /// Gives the pictures of former results their names in the new ones; nil where one cannot be had.
    private func takeOver(
        _ pictures: ImagePictures, of index: Int, _ names: OverlayNames, from former: String, to folder: String
    ) -> ImagePictures? {
        var taken = ImagePictures(isReduced: pictures.isReduced)
        taken.photograph = pictures.photograph.map { _ in names.photograph(index) }
        taken.overlay = pictures.overlay.map { _ in names.overlay(index) }
        taken.thumbnail = pictures.thumbnail.map { _ in names.thumbnail(index) }
        taken.crop = pictures.crop.map { _ in names.crop(index) }
        if taken.crop != nil { try? Directory.create(path: "\(folder)/crops") }
        if taken.photograph != nil { try? Directory.create(path: "\(folder)/overlays/photographs") }
        guard let formerDirectory = try? Directory(path: former), let directory = try? Directory(path: folder) else { return nil }
        var linked: [String] = []
        for (source, target) in [
            (pictures.photograph, taken.photograph), (pictures.overlay, taken.overlay),
            (pictures.thumbnail, taken.thumbnail), (pictures.crop, taken.crop),
        ] {
            guard let source, let target else { continue }
            guard formerDirectory.link(source, to: target, in: directory) else {
                // What was taken over already makes room for what is drawn.
                for name in linked { unlink("\(folder)/\(name)") }
                return nil
            }
            linked.append(target)
        }
        return taken
    }

    private func wantsOverlay(_ level: Ranking.Level) -> Bool {
        switch options.overlays {
        case .all: true
        case .look: level != .none
        case .flagged: level == .flagged
        case .none: false
        }
    }

    /// Where an image's patch scores lie on the colour map.
    func scale(of map: AnomalyMap) -> ColourScale {
        options.normalisation == .image
            ? ColourScale(low: map.range.low, high: map.range.high)
            : ColourScale(low: range.low, high: range.high, threshold: scores.threshold.value)
    }

    private func write(
        _ image: ScoredImage, _ index: Int, _ names: OverlayNames, wantsOverlay: Bool, to folder: String
    ) throws(ResultsError) -> ImagePictures {
        guard let place = image.index, let size = image.size else { return ImagePictures() }
        var pictures = ImagePictures()
        let map = AnomalyMap(grid: scores.grid, values: scores.patchMap(place), region: scores.region)
        let style = HeatMapStyle(scale: scale(of: map), colormap: options.colormap, contour: scores.threshold.value)
        let full = Self.fitted(size, longest: options.longestSide)
        pictures.isReduced = full != size

        let format = Self.format(of: image.path)
        let needsCopy = format == .tiff || format == .pnm
        let wanted = wantsOverlay || needsCopy ? full : Self.fitted(size, longest: Self.thumbnailSide)
        let cropPeak = image.flagged && max(size.width, size.height) > Self.cropSide ? image.peak : nil
        let photograph: RGBImage
        var crop: RGBImage?
        do throws(ImageError) {
            photograph = try Self.photograph(
                image, size: wanted, full: cropPeak != nil ? size : nil, range: scores.sampleRange, limits: options.imageLimits
            ) { original in
                if let cropPeak { crop = Self.crop(original, around: cropPeak) }
            }
        } catch {
            pictures.missing = "\(error)"
            photograph = Self.blank(wanted)
        }
        if let crop {
            try Directory.create(path: "\(folder)/crops")
            let name = names.crop(index)
            try save(name, folder) { () throws(ImageError) in try crop.pngEncoded() }
            pictures.crop = name
        }
        if needsCopy, pictures.missing == nil {
            let name = names.photograph(index)
            try Directory.create(path: "\(folder)/overlays/photographs")
            try save(name, folder) { () throws(ImageError) in try photograph.jpegEncoded(quality: 90) }
            pictures.photograph = name
        }
        if wantsOverlay {
            let name = names.overlay(index)
            var overlay = map.overlay(on: photograph, style: style, peak: image.flagged ? peak(image, in: full) : nil)
            let pen = Pen(on: overlay, share: 960)
            for region in regions.regions(of: image).prefix(Self.mostBoxes) {
                pen.drawBox(of: region, photographed: size, on: &overlay)
            }
            try save(name, folder) { () throws(ImageError) in try overlay.pngEncoded() }
            pictures.overlay = name
        }
        let name = names.thumbnail(index)
        let thumbnail = Self.thumbnail(photograph, map: map, style: style)
        try save(name, folder) { () throws(ImageError) in try thumbnail.jpegEncoded(quality: 82) }
        pictures.thumbnail = name
        try writeMap(map, size: full, to: names.map(index, options.maps), folder)
        return pictures
    }

    private func writeMask(_ image: ScoredImage, to name: String, _ folder: String) throws(ResultsError) {
        guard options.masks == .all || options.masks == .flagged && image.flagged, let place = image.index,
            regions.images.indices.contains(place)
        else { return }
        let found = regions.images[place]
        let mask = GrayImage(width: found.width, height: found.height, pixels: found.mask)
        try save(name, folder) { () throws(ImageError) in try mask.pngEncoded() }
    }

    private func writeMap(
        _ map: AnomalyMap, size: ImageSize, to name: String, _ folder: String
    ) throws(ResultsError) {
        guard options.maps != .none else { return }
        let image = FloatImage(
            width: size.width, height: size.height, samples: map.resized(width: size.width, height: size.height))
        try save(name, folder) { () throws(ImageError) in
            options.maps == .tiff ? try image.tiffEncoded() : try image.png16Encoded(range: 0...2)
        }
    }

    private func save(
        _ name: String, _ folder: String, _ encode: () throws(ImageError) -> [UInt8]
    ) throws(ResultsError) {
        let path = "\(folder)/\(name)"
        let bytes: [UInt8]
        do throws(ImageError) {
            bytes = try encode()
        } catch {
            throw ResultsError(kind: .system, path: path, detail: "cannot be encoded: \(error)")
        }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        try Directory(path: String(path[..<slash])).write(bytes, to: String(path[slash...].dropFirst()))
    }

    /// The peak, given in pixels of the original, in a picture of another size.
    private func peak(_ image: ScoredImage, in size: ImageSize) -> PixelPosition? {
        guard let peak = image.peak, let original = image.size else { return nil }
        return PixelPosition(x: peak.x * size.width / original.width, y: peak.y * size.height / original.height)
    }

    // MARK: Photographs

    /// The largest size of the same shape whose longer side is at most `longest`.
    static func fitted(_ size: ImageSize, longest: Int) -> ImageSize {
        let side = max(size.width, size.height)
        guard side > longest, longest > 0 else { return size }
        func scaled(_ value: Int) -> Int { max(1, (value * longest + side / 2) / side) }
        return ImageSize(width: scaled(size.width), height: scaled(size.height))
    }

    /// Decodes a photograph and resizes it.
    ///
    /// - Parameters:
    ///   - range: Of samples of more than 8 bits.
    ///   - full: Its own size where it is wanted at that first, else nil.
    ///   - original: Gets it at its own size, if it has that size still.
    private static func photograph(
        _ image: ScoredImage, size: ImageSize, full: ImageSize?, range: SampleRange, limits: DecodingLimits,
        original: (RGBImage) -> Void
    ) throws(ImageError) -> RGBImage {
        let options = DecodingOptions(
            sampleScaling: range.scaling ?? .fullRange, scaledToAtLeast: full == nil ? min(size.width, size.height) : nil,
            limits: limits, root: image.root, page: image.page ?? 0)
        let image = try RGBImage(contentsOf: image.path, options: options)
        if let full, image.width == full.width, image.height == full.height { original(image) }
        guard image.width != size.width || image.height != size.height else { return image }
        return image.resized(width: size.width, height: size.height, filter: .bilinear)
    }

    /// What lies around a pixel, moved inwards at the edges.
    private static func crop(_ image: RGBImage, around peak: PixelPosition) -> RGBImage {
        let (width, height) = (min(cropSide, image.width), min(cropSide, image.height))
        let left = min(max(peak.x - width / 2, 0), image.width - width)
        let top = min(max(peak.y - height / 2, 0), image.height - height)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * width * height)
        for y in top..<top + height {
            let start = 3 * (y * image.width + left)
            pixels += image.pixels[start..<start + 3 * width]
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    private static func blank(_ size: ImageSize) -> RGBImage {
        RGBImage(
            width: size.width, height: size.height,
            pixels: [UInt8](repeating: grey, count: size.width * size.height * 3))
    }

    private static func format(of path: FilePath) -> ImageFormat? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else { return nil }
        defer { try? file.close() }
        var head = [UInt8](repeating: 0, count: 64)
        let count = (try? head.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
        return ImageFormat.detect(head.prefix(count))
    }

    private static func thumbnail(_ photograph: RGBImage, map: AnomalyMap, style: HeatMapStyle) -> RGBImage {
        let size = fitted(ImageSize(width: photograph.width, height: photograph.height), longest: thumbnailSide)
        let left =
            size.width == photograph.width && size.height == photograph.height
            ? photograph : photograph.resized(width: size.width, height: size.height, filter: .bilinear)
        var plain = style
        plain.contour = nil
        let right = map.overlay(on: left, style: plain)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(2 * left.pixels.count)
        let row = 3 * size.width
        for y in 0..<size.height {
            pixels += left.pixels[y * row..<(y + 1) * row]
            pixels += right.pixels[y * row..<(y + 1) * row]
        }
        return RGBImage(width: 2 * size.width, height: size.height, pixels: pixels)
    }
}
