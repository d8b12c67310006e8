import Foundation
import Glibc
import MuScBatch
import MuScScoring
import MuScTensors
import SystemPackage

/// What the pictures of a results folder show, so that the next results can take over those which would look the same.
///
/// A batch that is scored again with one image more has slightly different scores throughout. A picture is taken over
/// where it shows the same photograph in the same style, where the heat map has moved since it was drawn by no more than
/// eyes can tell (``ShadeTolerance``), and, if it has a contour, the threshold by no more than ``levelTolerance`` of the
/// colour bar. Numbers are not concerned: the page, its own heat maps and all tables are made anew.
struct DrawnPictures: Sendable {
    static let fileName = "drawn.safetensors"
    /// The share of the colour bar by which the threshold may have moved where a contour is drawn along it.
    static let levelTolerance: Float = 0.01
    /// The most values of maps that are kept.
    private static let mostValues = 16 << 20

    /// One image's pictures.
    struct Drawn: Sendable {
        /// Which photograph it is, in which state, and what beside the map was drawn.
        var subject: String
        /// The map in shares of the colour bar, `[grid.count]`.
        var map: [Float]
        /// The threshold in shares of the batch's range of scores where a contour is drawn along it, else infinite.
        var level: Float
        var pictures: ImagePictures

        /// Whether these pictures may stand for others.
        func standsFor(_ other: Drawn, within tolerance: ShadeTolerance) -> Bool {
            guard subject == other.subject, map.count == other.map.count, hasContour == other.hasContour else { return false }
            guard !hasContour || abs(level - other.level) <= DrawnPictures.levelTolerance else { return false }
            return zip(map, other.map).allSatisfy { tolerance.allows($0, for: $1) }
        }

        /// Whether the map rises to the threshold, along which a contour is then drawn.
        private var hasContour: Bool { level.isFinite }
    }

    /// What decides how every picture looks, as text.
    let style: String
    private(set) var pictures: [String: Drawn] = [:]

    init(style: String) { self.style = style }

    /// What the pictures of an existing results folder show; nothing where that is not known, or in another style.
    init(resultsFolder: String, style: String) {
        self.style = style
        // Whoever may write to the batch may have put something else in the place of what was written here.
        guard let archive = try? TensorArchive(path: "\(resultsFolder)/overlays/\(Self.fileName)", ownedByUser: true),
            archive.metadata["style"] == style, let map = archive["map"], let level = archive["level"],
            map.scalarType == .float32, level.scalarType == .float32, map.shape.count == 2,
            let list = archive.metadata["entries"],
            let entries = try? JSONDecoder().decode([Entry].self, from: Data(list.utf8)),
            map.shape[0] == entries.count, level.shape == [entries.count]
        else { return }
        let (values, levels, count) = (map.floats(), level.floats(), map.shape[1])
        for (index, entry) in entries.enumerated() {
            pictures[entry.name] = Drawn(
                subject: entry.subject, map: Array(values[index * count..<(index + 1) * count]), level: levels[index],
                pictures: ImagePictures(
                    overlay: entry.overlay, thumbnail: entry.thumbnail, photograph: entry.photograph,
                    crop: entry.crop, isReduced: entry.isReduced))
        }
    }

    mutating func add(_ name: String, _ drawn: Drawn) { pictures[name] = drawn }

    /// Writes what is known into a new results folder, unless it is too much or cannot be written.
    func write(to folder: String) {
        let names = pictures.keys.sorted()
        let drawn = names.compactMap { pictures[$0] }
        guard let count = drawn.first?.map.count, drawn.allSatisfy({ $0.map.count == count }),
            count * drawn.count <= Self.mostValues
        else { return }
        let entries = zip(names, drawn).map { name, drawn in
            Entry(
                name: name, subject: drawn.subject, overlay: drawn.pictures.overlay, thumbnail: drawn.pictures.thumbnail,
                photograph: drawn.pictures.photograph, crop: drawn.pictures.crop, isReduced: drawn.pictures.isReduced)
        }
        guard let list = try? JSONEncoder().encode(entries) else { return }
        var file = SafetensorsWriter(metadata: ["style": style, "entries": String(decoding: list, as: UTF8.self)])
        file.add("map", drawn.flatMap(\.map), shape: [drawn.count, count])
        file.add("level", drawn.map(\.level), shape: [drawn.count])
        try? Directory(path: "\(folder)/overlays").write(file.bytes(), to: Self.fileName)
    }

    private struct Entry: Codable {
        var name, subject: String
        var overlay, thumbnail, photograph, crop: String?
        var isReduced: Bool
    }
}

extension PictureWriter {
    /// What decides how every picture looks, as text; nil where pictures are always drawn, because maps are written as
    /// data beside them.
    var drawnStyle: String? {
        guard options.maps == .none else { return nil }
        return "2 \(options.colormap.rawValue) \(options.normalisation.rawValue) \(options.overlays.rawValue) "
            + "\(options.longestSide) \(scores.grid.width)x\(scores.grid.height) \(options.leastRegion)"
            + (scores.sampleRange == .full ? "" : " \(scores.sampleRange)")
    }

    /// What an image's pictures are going to show; nil where the photograph is gone.
    func drawn(_ image: ScoredImage, wantsOverlay: Bool) -> DrawnPictures.Drawn? {
        var status = stat()
        guard let place = image.index, image.path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        let map = AnomalyMap(grid: scores.grid, values: scores.patchMap(place))
        let (scale, threshold) = (scale(of: map), scores.threshold.value)
        let hasContour = map.values.contains { $0 >= threshold }
        let peak = image.flagged ? image.peak.map { "\($0.x),\($0.y)" } ?? "" : "not flagged"
        return DrawnPictures.Drawn(
            subject: "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) "
                + "\(status.st_mtim.tv_nsec) \(peak) \(regions.regions(of: image).count)\(wantsOverlay ? " overlay" : "")",
            map: map.values.map(scale.position),
            level: hasContour ? (threshold - range.low) / max(range.high - range.low, .leastNormalMagnitude) : .infinity,
            pictures: ImagePictures())
    }
}

/// Which values of a heat map look like which others over any photograph.
///
/// A value is seen as its colour with its share of the pixel, so that low ones, which hardly tint the photograph, may
/// differ by more than high ones.
struct ShadeTolerance: Sendable {
    /// The most that a pixel's red, green or blue may differ, of 255: a hundredth of the colour bar at its upper end, and
    /// hard to see but for a direct comparison.
    static let most: Int32 = 10

    /// For each of 256 values the lowest and the highest of those around it that look like it.
    private var alike: [ClosedRange<Int>] = []

    init(_ colormap: Colormap) {
        let blend = HeatMapStyle.Blend(colormap)
        // Over black and over white, between which every photograph lies.
        func looksLike(_ a: Int, _ b: Int) -> Bool {
            let rest = 255 * (Int32(blend.rest[a]) - Int32(blend.rest[b]))
            return (0..<3).allSatisfy { channel in
                let colour = Int32(blend.colour[3 * a + channel]) - Int32(blend.colour[3 * b + channel])
                return max(abs(colour), abs(colour + rest)) <= 256 * Self.most
            }
        }
        for value in 0..<256 {
            var (low, high) = (value, value)
            while low > 0, looksLike(low - 1, value) { low -= 1 }
            while high < 255, looksLike(high + 1, value) { high += 1 }
            alike.append(low...high)
        }
    }

    /// Whether a value, in shares of the colour bar, may be shown for another.
    func allows(_ shown: Float, for wanted: Float) -> Bool {
        func index(_ value: Float) -> Int { value >= 1 ? 255 : value > 0 ? Int(255 * value + 0.5) : 0 }
        return shown == wanted || alike[index(wanted)].contains(index(shown))
    }
}
