import FoundationEssentials
import SystemPackage

/// At how many pixels found a defect counts as found, by the value that its mask has: `defects_config.json` of MVTec LOCO
/// AD and AutoVI.
package struct Saturation: Sendable, Hashable {
    private struct Entry: Decodable, Hashable {
        var defect_name: String
        var pixel_value: Int
        var saturation_threshold: Double
        var relative_saturation: Bool
    }

    private let source: FilePath
    private let entries: [UInt8: Entry]

    /// - Throws: ``DatasetError`` where the file is not such a list.
    init(contentsOf file: FilePath) throws(DatasetError) {
        source = file
        do {
            let data = try Data(contentsOf: URL(filePath: file.string))
            let list = try JSONDecoder().decode([Entry].self, from: data)
            guard list.allSatisfy({ (1...255).contains($0.pixel_value) && $0.saturation_threshold > 0 }) else {
                throw CocoaError(.fileReadCorruptFile)
            }
            entries = Dictionary(list.map { (UInt8($0.pixel_value), $0) }, uniquingKeysWith: { first, _ in first })
        } catch {
            throw DatasetError(
                path: file,
                fault: .badListing(
                    line: nil, "is not a list of defects with pixel_value (1 to 255), saturation_threshold and relative_saturation"))
        }
    }

    /// The saturation of a defect in pixels, at least 1 and at most its area.
    ///
    /// - Parameters:
    ///   - value: The mask's value.
    ///   - area: The defect's area in pixels.
    ///   - scale: Pixels of `area` for one of the photograph's, for which absolute thresholds are given.
    /// - Throws: ``DatasetError`` for a value that the list does not have.
    func pixels(of value: UInt8, area: Int, scale: Double) throws(DatasetError) -> Int {
        guard let entry = entries[value] else {
            throw DatasetError(path: source, fault: .badListing(line: nil, "has no entry for pixel_value \(value), which a mask has"))
        }
        let exact = entry.saturation_threshold * (entry.relative_saturation ? Double(area) : scale)
        return max(1, min(area, Int(exact)))
    }
}
