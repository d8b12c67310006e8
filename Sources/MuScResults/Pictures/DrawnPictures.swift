import Foundation
import Glibc
import MuSc
import MuScScoring
import MuScTensors
import SystemPackage

/// What the pictures of a results folder show, so that the next results can take over those which would look the same.
///
/// A batch that is scored again with one image more has slightly different scores throughout. A picture is taken over
/// where it shows the same photograph in the same style, and where heat map and threshold have moved by no more than
/// ``tolerance`` of the colour bar since it was drawn. Numbers are not concerned: the page, its own heat maps and all
/// tables are made anew.
struct DrawnPictures: Sendable {
    static let fileName = "drawn.safetensors"
    /// The share of the colour bar by which a map may have moved: less than eyes can tell, 2.5 of 256 colours.
    static let tolerance: Float = 0.01
    /// The most values of maps that are kept.
    private static let mostValues = 16 << 20

    /// One image's pictures.
    struct Drawn: Sendable {
        /// Which photograph it is, in which state, and what beside the map was drawn.
        var subject: String
        /// The map in shares of the colour bar, `[grid.count]`.
        var map: [Float]
        /// The threshold in shares of the colour bar.
        var level: Float
        var pictures: ImagePictures

        /// Whether these pictures may stand for others.
        func standsFor(_ other: Drawn) -> Bool {
            guard subject == other.subject, map.count == other.map.count, isNear(level, other.level) else { return false }
            return zip(map, other.map).allSatisfy { isNear($0, $1) }
        }

        private func isNear(_ a: Float, _ b: Float) -> Bool { a == b || abs(a - b) <= DrawnPictures.tolerance }
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
        return "1 \(options.colormap.rawValue) \(options.normalisation.rawValue) \(options.overlays.rawValue) "
            + "\(options.longestSide) \(scores.grid.width)x\(scores.grid.height)"
    }

    /// What an image's pictures are going to show; nil where the photograph is gone.
    func drawn(_ image: ScoredImage) -> DrawnPictures.Drawn? {
        var status = stat()
        guard let place = image.index, image.path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        let map = AnomalyMap(grid: scores.grid, values: scores.patchMap(place))
        let colours = options.normalisation == .image ? map.range : range
        let scale = colours.high > colours.low ? 1 / (colours.high - colours.low) : 0
        let peak = image.flagged ? image.peak.map { "\($0.x),\($0.y)" } ?? "" : "not flagged"
        return DrawnPictures.Drawn(
            subject: "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) "
                + "\(status.st_mtim.tv_nsec) \(peak)",
            map: map.values.map { ($0 - colours.low) * scale }, level: (scores.threshold.value - colours.low) * scale,
            pictures: ImagePictures())
    }
}
