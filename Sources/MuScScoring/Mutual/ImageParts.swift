/// Which images show the same part: these never judge each other.
///
/// A part that was photographed twice would vouch for itself, however defective it is. So the one rule of who may judge
/// whom is this: an image is judged by images of other parts alone.
package struct ImageParts: Sendable, Hashable {
    /// For each image by its index in the tokens a number that images of its part share; nil where every image is a part
    /// of its own.
    private let numbers: [Int]?

    /// Every image shows a part of its own.
    package static let apart = ImageParts(nil)

    private init(_ numbers: [Int]?) { self.numbers = numbers }

    /// - Parameter numbers: One an image of the tokens; images of one number show the same part.
    package init(_ numbers: [Int]) {
        self.init(Set(numbers).count < numbers.count ? numbers : nil)
    }

    /// Whether every image shows a part of its own.
    package var areApart: Bool { numbers == nil }

    /// The number of an image's part.
    package subscript(_ image: Int) -> Int { numbers?[image] ?? image }

    /// Whether an image may be judged by another: whether they show different parts.
    package func mayJudge(_ judge: Int, _ image: Int) -> Bool {
        numbers.map { $0[judge] != $0[image] } ?? (judge != image)
    }

    /// The same of some of the images, in this order.
    package func selecting(_ images: [Int]) -> ImageParts {
        numbers.map { numbers in ImageParts(images.map { numbers[$0] }) } ?? .apart
    }

    /// How many of some images each part has.
    func counts(_ images: [Int]) -> [Int: Int] {
        Dictionary(images.map { (self[$0], 1) }, uniquingKeysWith: +)
    }

    /// One image of each part, ascending: the first of those given.
    package func oneOfEach(_ images: [Int]) -> [Int] {
        guard !areApart else { return images }
        var seen = Set<Int>()
        return images.filter { seen.insert(self[$0]).inserted }
    }
}
