/// Images of a batch that share a mark.
public struct RecurringMark: Sendable, Hashable, Codable {
    /// One of the images: its position among the readable ones, and where the mark is, in pixels of the original.
    public struct Part: Sendable, Hashable, Codable {
        package var image: Int
        public var name: String
        public var x, y: Int

        public init(image: Int, name: String, x: Int, y: Int) {
            self.image = image
            self.name = name
            self.x = x
            self.y = y
        }
    }

    public var parts: [Part]
    /// How many parts that people found good have it; nil for none. Once there are three of them it is named no more.
    public var foundGood: Int?

    public init(parts: [Part], foundGood: Int? = nil) { (self.parts, self.foundGood) = (parts, foundGood) }

    /// So many parts that were found good make a mark a known one.
    package static let known = PatchComparison.leastVouching
}
