import MuScScoring
import MuScSupport
import MuScTensors
import SystemPackage

/// What all settings of one image size are made of, for the images of one class: the patch scores of each layer, each
/// degree and each rule of the nearest alone. A setting's maps are means of these.
struct TuningMaps: Sendable {
    /// What one set of patch scores belongs to.
    struct Part: Sendable, Hashable {
        var layer, degree: Int
        var nearest: TuningSetting.Nearest

        var name: String {
            "layer \(layer) r \(degree) nearest \(nearest.share) \(nearest.leastJudges) \(nearest.isWindowed ? "window" : "off")"
        }
    }

    var grid: PatchGrid
    var images: Int
    /// `[images, grid.count]` row-major each.
    var parts: [Part: [Float]] = [:]

    /// The parts that a grid needs at one image size.
    static func parts(of tuning: TuningGrid) -> [Part] {
        tuning.layers.flatMap { layer in
            tuning.degrees.flatMap { degree in
                tuning.nearest.map { Part(layer: layer, degree: degree, nearest: $0) }
            }
        }
    }

    /// The patch maps of a setting, `[images, grid.count]` row-major.
    func maps(of setting: TuningSetting) -> [Float] {
        var sum = [Float](repeating: 0, count: images * grid.count)
        var count: Float = 0
        for layer in setting.layers {
            for degree in setting.degrees {
                guard let part = parts[Part(layer: layer, degree: degree, nearest: setting.nearest)] else { continue }
                for index in sum.indices { sum[index] += part[index] }
                count += 1
            }
        }
        for index in sum.indices { sum[index] /= max(count, 1) }
        return sum
    }

    /// The score of each image by a setting's maps: the highest patch. At the image's own size no pixel is higher.
    func imageScores(_ maps: [Float]) -> [Float] {
        (0..<images).map { maps[$0 * grid.count..<($0 + 1) * grid.count].max() ?? 0 }
    }

    // MARK: Kept on disk, so that a tuning that was interrupted goes on

    /// - Parameter key: What the maps were made of; maps of another key are not taken.
    func write(to path: FilePath, key: String) throws(TensorFileError) {
        var file = SafetensorsWriter(metadata: ["key": key, "width": "\(grid.width)", "height": "\(grid.height)"])
        for (part, values) in parts.sorted(by: { $0.key.name < $1.key.name }) {
            file.add(part.name, values, shape: [images, grid.count])
        }
        try file.write(to: path.string)
    }

    /// The maps of this key, or nil where there are none that can be used.
    init?(from path: FilePath, key: String, parts wanted: [Part]) {
        guard let archive = try? TensorArchive(path: path.string), archive.metadata["key"] == key,
            let width = archive.metadata["width"].flatMap({ Int($0) }),
            let height = archive.metadata["height"].flatMap({ Int($0) })
        else { return nil }
        grid = PatchGrid(width: width, height: height)
        images = 0
        for part in wanted {
            guard let tensor = archive[part.name], tensor.shape.count == 2, tensor.shape[1] == grid.count else { return nil }
            images = tensor.shape[0]
            parts[part] = tensor.floats()
        }
    }

    init(grid: PatchGrid, images: Int) {
        self.grid = grid
        self.images = images
    }
}
