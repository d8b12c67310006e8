import MuScBatch
import MuScImages
import MuScScoring

/// One photograph of a batch with the frame in which its part was compared, and beside it the part as it was compared.
struct AlignedPicture: Sendable {
    /// The picture's name in the results folder.
    static let name = "overlays/\(fileName)"
    static let fileName = "aligned.jpg"
    /// Pixels of its height.
    private static let height = 320
    private static let gap = 16

    /// The image that is shown.
    let image: ScoredImage
    private let place: AlignmentRecord.Image

    /// The image of which the part lay turned most, of those in which one was found; nil where there is none.
    init?(_ scores: Inspection) {
        guard let record = scores.alignment else { return nil }
        let found = record.images.filter { $0.fault == nil }
        guard let place = found.max(by: { (abs($0.degrees), $1.image) < (abs($1.degrees), $0.image) }),
            let image = scores.images.first(where: { $0.name == place.image && $0.index != nil }), let size = image.size
        else { return nil }
        // A record that somebody changed may name places far outside the photograph.
        let most = 4 * Double(max(size.width, size.height))
        guard place.corners.allSatisfy({ abs($0) <= most }) else { return nil }
        (self.image, self.place) = (image, place)
    }

    /// Draws it; nil where the photograph cannot be read any more.
    ///
    /// - Parameters:
    ///   - range: Of samples of more than 8 bits.
    ///   - limits: How much the file may ask for.
    func drawn(range: SampleRange, limits: DecodingLimits) -> RGBImage? {
        guard let map = place.toPhotograph, let size = image.size else { return nil }
        let options = DecodingOptions(
            sampleScaling: range.scaling ?? .fullRange, scaledToAtLeast: 2 * Self.height, limits: limits, root: image.root,
            page: image.page ?? 0)
        guard let photograph = try? RGBImage(contentsOf: image.path, options: options) else { return nil }
        let scale = (Double(photograph.width) / Double(size.width), Double(photograph.height) / Double(size.height))
        let steps = map.steps
        let shape = steps.across / max(steps.down, 1)
        let part = PictureWriter.fitted(
            ImageSize(width: max(Int(Double(Self.height) * shape), 1), height: Self.height), longest: 2 * Self.height)
        let right = FrameCut(map.scaled(scale.0, scale.1), size: part, filter: .bilinear)(photograph)
        let width = max(Self.height * size.width / size.height, 1)
        var left = photograph.resized(width: width, height: Self.height, filter: .bilinear)
        let corners = map.scaled(Double(width) / Double(size.width), Double(Self.height) / Double(size.height)).cornersOfUnit
        for (from, to) in zip(corners, corners.dropFirst() + corners.prefix(1)) { Self.drawLine(from: from, to: to, on: &left) }
        return Self.beside(left, right)
    }

    private static func beside(_ left: RGBImage, _ right: RGBImage) -> RGBImage {
        let width = left.width + gap + right.width
        var pixels = [UInt8](repeating: 255, count: 3 * width * height)
        for (image, start, top) in [(left, 0, 0), (right, left.width + gap, (height - right.height) / 2)] {
            for y in 0..<image.height {
                let target = 3 * ((top + y) * width + start), source = 3 * y * image.width
                pixels.replaceSubrange(target..<target + 3 * image.width, with: image.pixels[source..<source + 3 * image.width])
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Draws a bright line on a dark one, two and four pixels wide.
    private static func drawLine(from: (x: Double, y: Double), to: (x: Double, y: Double), on picture: inout RGBImage) {
        let count = max(Int(max(abs(to.x - from.x), abs(to.y - from.y)).rounded(.up)), 1)
        for (reach, colour) in [(2, [40, 30, 30]), (1, [255, 170, 60])] as [(Int, [UInt8])] {
            for step in 0...count {
                let share = Double(step) / Double(count)
                let (x, y) = (Int(from.x + (to.x - from.x) * share), Int(from.y + (to.y - from.y) * share))
                for row in (y - reach..<y + reach).clamped(to: 0..<picture.height) {
                    for column in (x - reach..<x + reach).clamped(to: 0..<picture.width) {
                        for channel in 0..<3 { picture.pixels[3 * (row * picture.width + column) + channel] = colour[channel] }
                    }
                }
            }
        }
    }
}

extension AffineMap {
    /// Where the corners of the unit square go, clockwise from its top left.
    fileprivate var cornersOfUnit: [(x: Double, y: Double)] { [self(0, 0), self(1, 0), self(1, 1), self(0, 1)] }
}
