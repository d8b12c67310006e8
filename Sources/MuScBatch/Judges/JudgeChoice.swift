/// Which images of a batch judge it, where not all do.
///
/// Every image has a number that is drawn from its name and a fixed seed, and the images with the lowest numbers judge.
/// So the choice is uniform and the same on every machine, it does not depend on the order in which images are met,
/// and an image that cannot be read, or one that is added, changes at most one judge.
enum JudgeChoice {
    /// Mixed into every number.
    private static let seed = Array("musc judges 1".utf8) + [0]

    /// Positions in the order in which images are taken for judges; of images with the same name the earlier comes first.
    ///
    /// - Parameter names: Of the images, relative to the batch's folder.
    static func order(_ names: [String]) -> [Int] {
        let draws = names.map { name in
            var hash = StableHash()
            hash.add(seed)
            hash.add(Array(name.utf8))
            return hash.value
        }
        return draws.indices.sorted { (draws[$0], $0) < (draws[$1], $1) }
    }

    /// The number of judges that a wish for so many comes to: a single one could not judge itself.
    static func count(_ wanted: Int) -> Int { max(wanted, 2) }

    /// Positions of the images that judge, ascending; all where there are no more than wanted.
    static func positions(among names: [String], count wanted: Int) -> [Int] {
        order(names).prefix(count(wanted)).sorted()
    }
}
