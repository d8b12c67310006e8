/// The names of the pictures made for a batch's images: the image's own without its extension, so that
/// `part_0001.jpg` has `overlays/part_0001.png`.
///
/// Where two images would share one (`a.jpg` and `a.png`, or `A.jpg` on a disk that ignores case), both keep their
/// extension: `a.jpg.png` and `a.png.png`. Slashes become `%2F`, and names too long for a file system are cut and
/// numbered.
package struct OverlayNames: Sendable {
    /// The name without `.png`, an image each.
    private let stems: [String]

    package init(_ names: [String]) {
        let flat = names.map { String($0.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "%2F")) }
        let short = flat.map(Self.withoutExtension)
        var uses: [String: Int] = [:]
        for stem in short { uses[stem.lowercased(), default: 0] += 1 }
        var taken: Set<String> = []
        stems = zip(flat, short).map { full, stem in
            let wanted = Self.cut(uses[stem.lowercased()] == 1 ? stem : full)
            var name = wanted
            var number = 2
            while !taken.insert(name.lowercased()).inserted {
                name = "\(wanted)~\(number)"
                number += 1
            }
            return name
        }
    }

    package func overlay(_ index: Int) -> String { "overlays/\(stems[index]).png" }
    package func thumbnail(_ index: Int) -> String { "overlays/thumbs/\(stems[index]).jpg" }
    package func crop(_ index: Int) -> String { "crops/\(stems[index]).png" }
    func photograph(_ index: Int) -> String { "overlays/photographs/\(stems[index]).jpg" }
    func mask(_ index: Int) -> String { "masks/\(stems[index]).png" }
    func map(_ index: Int, _ format: OutputOptions.Maps) -> String {
        "maps/\(stems[index]).\(format == .tiff ? "tif" : "png")"
    }

    private static func withoutExtension(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.distance(from: dot, to: name.endIndex) <= 6
        else { return name }
        return String(name[..<dot])
    }

    /// At most 200 bytes, which leaves room for extensions within the 255 that file systems allow.
    private static func cut(_ name: String) -> String {
        guard name.utf8.count > 200 else { return name }
        var short = ""
        for character in name {
            guard short.utf8.count + character.utf8.count <= 200 else { break }
            short.append(character)
        }
        return short
    }
}
