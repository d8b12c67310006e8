/// What a tuning found.
package struct TuningResult: Sendable, Hashable {
    /// A labelled folder, and whether it was kept back from the choice.
    package struct Folder: Sendable, Hashable {
        package var name: String
        package var isKeptBack: Bool

        package init(name: String, isKeptBack: Bool) { (self.name, self.isKeptBack) = (name, isKeptBack) }
    }

    /// A setting with its metrics, one entry a folder; nil where one is not defined or was not computed.
    package struct Compared: Sendable, Hashable {
        package var setting: TuningSetting
        package var auroc: [Double?]
        package var pixelAP: [Double?]

        package init(setting: TuningSetting, auroc: [Double?]) {
            self.setting = setting
            self.auroc = auroc
            pixelAP = auroc.map { _ in nil }
        }

        /// The means over some folders.
        package func means(in folders: [Int]) -> (auroc: Double?, pixelAP: Double?) {
            func mean(_ values: [Double?]) -> Double? {
                let known = folders.compactMap { values[$0] }
                return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
            }
            return (mean(auroc), mean(pixelAP))
        }

        /// Whether this one is to be taken: a higher image AUROC with half the pixel AP where there is one, else fewer layers
        /// and degrees.
        func isBetter(than other: Compared, in folders: [Int]) -> Bool {
            func merit(_ compared: Compared) -> Double {
                let means = compared.means(in: folders)
                return (means.auroc ?? 0) + (means.pixelAP ?? 0) / 2
            }
            let (own, others) = (merit(self), merit(other))
            return abs(own - others) > 1e-9 ? own > others : setting.cost < other.setting.cost
        }
    }

    package var folders: [Folder]
    /// The settings that lead, and the presets.
    package var compared: [Compared] = []
    /// How many settings were compared in all.
    package var settings = 0
    /// Image sizes for which the time did not suffice.
    package var unreachedSizes: [Int] = []
    /// The setting that was chosen, and those of the presets.
    package var chosen, paper, tuned: Compared?

    package init(folders: [Folder]) { self.folders = folders }

    private var choosing: [Int] { folders.indices.filter { !folders[$0].isKeptBack } }
    private var keptBack: [Int] { folders.indices.filter { folders[$0].isKeptBack } }

    /// Orders the settings by the folders that choose, and takes the first.
    package mutating func rank(_ grid: TuningGrid) {
        let choosing = choosing
        compared.sort { $0.isBetter(than: $1, in: choosing) }
        chosen = compared.first
        paper = compared.first { $0.setting == grid.paper }
        tuned = compared.first { $0.setting == grid.tuned }
    }

    /// The presets whose image AUROC in the folders that were kept back is above the chosen setting's.
    package var presetsAhead: [String] {
        guard let own = chosen?.means(in: keptBack).auroc else { return [] }
        return [("paper", paper), ("tuned", tuned)].filter { ($0.1?.means(in: keptBack).auroc ?? 0) > own }.map(\.0)
    }

    /// The leading settings and the presets, with the means of both halves.
    package func table(rows: Int = 10) -> String {
        func figure(_ value: Double?) -> String {
            guard let value else { return "    –" }
            let thousandths = Int((value * 1000).rounded())
            return thousandths >= 1000 ? "1.000" : "0." + String(repeating: "0", count: 3 - "\(thousandths)".count) + "\(thousandths)"
        }
        func line(_ name: String, _ compared: Compared) -> String {
            let (own, kept) = (compared.means(in: choosing), compared.means(in: keptBack))
            return "\(name)  \(figure(own.auroc))  \(figure(own.pixelAP))    \(figure(kept.auroc))  \(figure(kept.pixelAP))    "
                + compared.setting.text
        }
        var lines = [
            "          chosen by         kept back",
            "          AUROC  pixel AP   AUROC  pixel AP  setting",
        ]
        for (index, compared) in compared.prefix(rows).enumerated() {
            let number = "\(index + 1)."
            lines.append(line(number + String(repeating: " ", count: 8 - number.count), compared))
        }
        if let paper { lines.append(line("paper   ", paper)) }
        if let tuned, tuned != paper { lines.append(line("tuned   ", tuned)) }
        return lines.joined(separator: "\n")
    }
}
