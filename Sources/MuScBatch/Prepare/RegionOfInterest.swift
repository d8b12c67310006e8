import Glibc
import MuScImages
import MuScScoring
import SystemPackage

/// The part of a batch's photographs that counts.
public enum RegionOfInterest: Sendable, Hashable {
    /// A rectangle in pixels of the upright photograph.
    case pixels(Rectangle)
    /// A rectangle in shares of the upright photograph's sides, 0 to 1.
    case shares(Rectangle)
    /// A picture of the photograph's shape in which what is white (128 or more) counts.
    case mask(FilePath)

    public struct Rectangle: Sendable, Hashable {
        public var left, top, width, height: Double

        public init(left: Double, top: Double, width: Double, height: Double) {
            self.left = left
            self.top = top
            self.width = width
            self.height = height
        }
    }

    /// The name of the mask that a batch's folder may hold; it is no image of the batch.
    public static let maskName = FilePath.Component(FileRules.maskName) ?? "_region.png"

    /// The mask that lies in a batch's folder; nil where there is none, or a link in its place.
    public init?(in folder: FilePath) {
        let path = folder.appending(Self.maskName)
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self = .mask(path)
    }
}

extension RegionOfInterest {
    /// The patches that count.
    ///
    /// A patch counts where at least half of it lies in the region; where no patch does, as in a region narrower than a
    /// patch, those count that the region touches.
    ///
    /// - Parameter photograph: The upright photographs' size.
    /// - Throws: ``RegionError`` where nothing would count, or a mask cannot be used.
    func patches(on grid: PatchGrid, photograph: ImageSize) throws(RegionError) -> PatchRegion {
        let shares = try coverage(grid, photograph)
        let most = shares.max() ?? 0
        return PatchRegion(grid: grid, contains: shares.map { most >= 0.5 ? $0 >= 0.5 : $0 > 0 })
    }

    /// The share of each patch that lies in the region, `[grid.height, grid.width]`.
    private func coverage(_ grid: PatchGrid, _ photograph: ImageSize) throws(RegionError) -> [Double] {
        switch self {
        case .mask(let path):
            return try Self.coverage(mask: path, grid, photograph)
        case .pixels(var rectangle):
            rectangle.left /= Double(photograph.width)
            rectangle.width /= Double(photograph.width)
            rectangle.top /= Double(photograph.height)
            rectangle.height /= Double(photograph.height)
            return try coverage(of: rectangle, grid, photograph)
        case .shares(let rectangle):
            return try coverage(of: rectangle, grid, photograph)
        }
    }

    /// - Parameter rectangle: In shares of the sides.
    private func coverage(
        of rectangle: Rectangle, _ grid: PatchGrid, _ photograph: ImageSize
    ) throws(RegionError) -> [Double] {
        guard rectangle.width > 0, rectangle.height > 0 else { throw .empty(self) }
        func shares(_ count: Int, from start: Double, length: Double) -> [Double] {
            (0..<count).map { patch in
                let (low, high) = (Double(patch) / Double(count), Double(patch + 1) / Double(count))
                return max(min(high, start + length) - max(low, start), 0) * Double(count)
            }
        }
        let columns = shares(grid.width, from: rectangle.left, length: rectangle.width)
        let rows = shares(grid.height, from: rectangle.top, length: rectangle.height)
        let coverage = rows.flatMap { row in columns.map { $0 * row } }
        guard coverage.contains(where: { $0 > 0 }) else { throw .outside(self, photograph: photograph) }
        return coverage
    }

    private static func coverage(
        mask path: FilePath, _ grid: PatchGrid, _ photograph: ImageSize
    ) throws(RegionError) -> [Double] {
        var mask: GrayImage
        do {
            mask = try GrayImage(contentsOf: path, options: DecodingOptions(applyingOrientation: false))
        } catch {
            throw .unreadable(error)
        }
        let size = ImageSize(width: mask.width, height: mask.height)
        let stretch = Double(size.width) / Double(size.height) / (Double(photograph.width) / Double(photograph.height))
        // As far as rounding to whole pixels explains.
        let tolerance = max(1 / Double(size.width) + 1 / Double(size.height), 0.002)
        guard abs(stretch - 1) <= tolerance else { throw .aspectRatio(path, mask: size, photograph: photograph) }
        guard mask.pixels.contains(where: { $0 >= 128 }) else { throw .black(path) }
        for index in mask.pixels.indices { mask.pixels[index] = mask.pixels[index] >= 128 ? 255 : 0 }
        return mask.resized(width: grid.width, height: grid.height, filter: .box).pixels.map { Double($0) / 255 }
    }
}

extension RegionOfInterest: CustomStringConvertible {
    /// As in the configuration.
    public var description: String {
        switch self {
        case .pixels(let rectangle), .shares(let rectangle):
            [rectangle.left, rectangle.top, rectangle.width, rectangle.height].map { number in
                number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)"
            }.joined(separator: ",")
        case .mask(let path): path.string
        }
    }

    /// Reads four numbers as a rectangle, anything else as a mask's path.
    ///
    /// Four numbers of at most 1 are shares of the photograph's sides, or numbers with a percent sign; else pixels.
    ///
    /// - Returns: nil where the text is empty, or a number is negative or none.
    public init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.filter { $0 != " " })
        }
        let numbers = parts.map { part -> Double? in
            part.hasSuffix("%") ? Double(part.dropLast()).map { $0 / 100 } : Double(part)
        }
        guard parts.count == 4, numbers.contains(where: { $0 != nil }) else {
            guard !text.isEmpty, numbers.allSatisfy({ $0 == nil }) else { return nil }
            self = .mask(FilePath(text))
            return
        }
        let given = numbers.compactMap { $0 }
        guard given.count == 4, given.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
        let percent = parts.count { $0.hasSuffix("%") }
        guard percent == 0 || percent == 4 else { return nil }
        let rectangle = Rectangle(left: given[0], top: given[1], width: given[2], height: given[3])
        self = percent == 4 || given.allSatisfy({ $0 <= 1 }) ? .shares(rectangle) : .pixels(rectangle)
    }
}

/// A region that cannot be used.
public enum RegionError: Error, Sendable, CustomStringConvertible {
    /// A rectangle without width or height.
    case empty(RegionOfInterest)
    /// A rectangle that no photograph reaches.
    case outside(RegionOfInterest, photograph: ImageSize)
    /// A mask that is no image.
    case unreadable(ImageError)
    /// A mask in which nothing is white.
    case black(FilePath)
    /// A mask of another shape than the photographs.
    case aspectRatio(FilePath, mask: ImageSize, photograph: ImageSize)

    public var description: String {
        func pixels(_ size: ImageSize) -> String { "\(size.width)×\(size.height) px" }
        switch self {
        case .empty(let region):
            return "the region \(region) (left, top, width, height) is empty: give a width and a height above 0"
        case .outside(let region, let photograph):
            return "the region \(region) (left, top, width, height) lies outside the photographs of \(pixels(photograph)): "
                + "give pixels of the photograph, or shares of its sides from 0 to 1"
        case .unreadable(let error):
            return "the region's mask cannot be used: \(error)"
        case .black(let path):
            return "\(path): nothing in this mask is white, so no part of the photographs would count: paint white what "
                + "counts, and black the rest"
        case .aspectRatio(let path, let mask, let photograph):
            return "\(path): the mask has \(pixels(mask)), the photographs have \(pixels(photograph)): a mask may have another size, "
                + "but not another aspect ratio; draw it over one of the photographs"
        }
    }
}
