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

    public init(parts: [Part]) { self.parts = parts }
}
