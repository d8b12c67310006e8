import Foundation
import MuScBatch
import MuScEvaluation
import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

/// A small labelled set whose figures are known, and the many ways in which people lay such a set out.
///
/// Six good photographs and fifteen with a defect of two sorts, 24 pixels a side. An image's number stands in its first
/// pixel, and its map of scores follows from the number alone: however the files lie, the figures must be the same.
enum LabelledSet {
    static let side = 24
    static let cracks = 1...12
    static let dents = 13...15
    static let goods = 16...21

    /// A photograph of noise.
    static func photograph(_ number: Int) throws -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(number))
        var image = GrayImage(
            width: side, height: side, pixels: (0..<side * side).map { _ in UInt8.random(in: 60...200, using: &random) })
        image.pixels[0] = UInt8(number)
        return try image.pngEncoded()
    }

    /// Where the defect is: a rectangle of its own for each image.
    static func mask(_ number: Int) -> [Bool] {
        let (left, top, width, height) = (2 + number % 7, 3 + number % 5, 3 + number % 6, 2 + number % 8)
        return (0..<side * side).map {
            let (x, y) = ($0 % side, $0 / side)
            return (left..<left + width).contains(x) && (top..<top + height).contains(y)
        }
    }

    /// Scores of the pixels: noise, and more where the defect is.
    static func map(_ number: Int) -> [Float] {
        var random = SeededGenerator(seed: UInt64(1000 + number))
        let isDefective = number < goods.lowerBound
        let mask = isDefective ? mask(number) : [Bool](repeating: false, count: side * side)
        return mask.map { Float.random(in: 0..<0.5, using: &random) + ($0 ? Float.random(in: 0..<0.4, using: &random) : 0) }
    }

    /// How a mask's file says which pixels are anomalous.
    enum Encoding: String, CaseIterable {
        case white, ones, twoValues = "240 and 255", deepOnes = "16 bits of 1", deepWhite = "16 bits of 65535"

        func file(_ number: Int) throws -> (bytes: [UInt8], ext: String) {
            let mask = LabelledSet.mask(number)
            switch self {
            case .white, .ones, .twoValues:
                let pixels = mask.enumerated().map { index, isSet -> UInt8 in
                    guard isSet else { return 0 }
                    return self == .white ? 255 : self == .ones ? 1 : index % 2 == 0 ? 240 : 255
                }
                return (try GrayImage(width: side, height: side, pixels: pixels).pngEncoded(), "png")
            case .deepOnes, .deepWhite:
                let sample: [UInt8] = self == .deepOnes ? [0, 1] : [255, 255]
                return (Array("P5\n\(side) \(side)\n65535\n".utf8) + mask.flatMap { $0 ? sample : [0, 0] }, "pgm")
            }
        }
    }

    /// Where the masks lie.
    enum MaskPlace: String, CaseIterable {
        case groundTruth = "ground_truth/TYPE", capitals = "Ground_Truth/TYPE", masksByType = "masks/TYPE", flat = "GT/"
        case beside = "beside the images", below = "TYPE/masks/", bySort = "TYPE_masks/", named = "a folder with --masks"
        case above = "ground_truth above test/"
    }

    /// One way to lay the set out.
    struct Layout: CustomStringConvertible {
        var normal = "good"
        var isNested = false
        var place = MaskPlace.groundTruth
        var before = ""
        var after = "_mask"
        var encoding = Encoding.white
        var isPadded = false
        var hasTraining = false
        var hasStray = false

        var description: String {
            "\(normal), defects \(isNested ? "nested" : "flat"), masks \(place.rawValue) as \(before)*\(after) of \(encoding.rawValue)"
                + (isPadded ? ", padded" : "") + (hasTraining ? ", Train/" : "") + (hasStray ? ", stray files" : "")
        }

        var hints: Dataset.Hints {
            Dataset.Hints(
                normalNames: ["NoDefects", "ok_front"], maskFolder: place == .named ? "truth pictures" : nil)
        }

        func stem(_ number: Int) -> String { isPadded ? String(repeating: "0", count: 3 - "\(number)".count) + "\(number)" : "\(number)" }

        func write(to folder: TemporaryFolder, below root: String) throws {
            let top = place == .above ? "\(root)/test" : root
            for number in goods { try folder.write(photograph(number), to: "\(top)/\(normal)/\(stem(number)).png") }
            for number in cracks.lowerBound...dents.upperBound {
                let type = (isNested ? "bad/" : "") + (cracks.contains(number) ? "crack" : "dent")
                try folder.write(photograph(number), to: "\(top)/\(type)/\(stem(number)).png")
                let (bytes, ext) = try encoding.file(number)
                let name = "\(before)\(stem(number))\(after).\(ext)"
                let path =
                    switch place {
                    case .groundTruth: "\(top)/ground_truth/\(type)"
                    case .capitals: "\(top)/Ground_Truth/\(type)"
                    case .masksByType: "\(top)/masks/\(type)"
                    case .flat: "\(top)/GT"
                    case .beside: "\(top)/\(type)"
                    case .below: "\(top)/\(type)/masks"
                    case .bySort: isNested ? "\(top)/bad_masks" : "\(top)/\(type)_masks"
                    case .named: "\(top)/truth pictures/\(type)"
                    case .above: "\(root)/ground_truth/\(type)"
                    }
                try folder.write(bytes, to: "\(path)/\(name)")
            }
            if hasTraining {
                for number in goods { try folder.write(photograph(number), to: "\(top)/Train/good/t\(number).png") }
            }
            if hasStray {
                try folder.write("by nobody", to: "\(top)/license.txt")
                try folder.write("cached", to: "\(top)/crack/.thumbs.db")
                try folder.write(photograph(99), to: "\(top)/overview.png")
            }
        }

        /// A drawn layout.
        static func random(using random: inout SeededGenerator) -> Layout {
            var layout = Layout()
            layout.normal = ["good", "OK", "Normal", "NoDefects", "ok_front", "good/cam1"].randomElement(using: &random) ?? ""
            layout.isNested = .random(using: &random)
            layout.place = MaskPlace.allCases.randomElement(using: &random) ?? .flat
            (layout.before, layout.after) =
                [("", ""), ("", "_mask"), ("", "_GT"), ("", "_label"), ("", "-seg"), ("mask_", "")]
                .randomElement(using: &random) ?? ("", "")
            if layout.place == .beside, layout.before + layout.after == "" { layout.after = "_GT" }
            layout.encoding = Encoding.allCases.randomElement(using: &random) ?? .white
            layout.isPadded = .random(using: &random)
            layout.hasTraining = .random(using: &random)
            layout.hasStray = .random(using: &random)
            return layout
        }
    }

    /// Evaluates a data set with the scores of ``map(_:)``.
    static func evaluate(_ dataset: Dataset, output: FilePath) throws -> EvaluationResults {
        try evaluation(dataset, output: output, threshold: 1).run()
    }

    static func evaluation(_ dataset: Dataset, output: FilePath, threshold: Float) -> Evaluation {
        Evaluation(
            dataset: dataset, backbone: "drawn", imageSize: side, threads: 2, configuration: [:], output: OutputFolder(output)
        ) { files, _ throws(ScoringError) in
            let numbers = files.map { file in
                Int((try? GrayImage(contentsOf: file.path, options: .reference))?.pixels[0] ?? 0)
            }
            let maps = numbers.flatMap { map($0) }
            let images = files.indices.map { index in
                let score = map(numbers[index]).max() ?? 0
                return ScoredImage(
                    name: files[index].name, path: files[index].path, size: ImageSize(side: side), index: index, score: score,
                    scoreMSM: score)
            }
            return Inspection(
                grid: PatchGrid(width: side, height: side), images: images, patchMaps: maps,
                imageFeatures: files.map { _ in 1 }, featureWidth: 1,
                threshold: Threshold(value: threshold, rule: .fixed, explanation: ""),
                rscin: RsCINDecision(applied: false, neighbourAgreement: nil, reason: ""))
        }
    }

    /// The right figures: from the arrays themselves, without any file.
    static func metrics() throws -> SevenMetrics {
        let numbers = Array(cracks.lowerBound...goods.upperBound)
        let labels = numbers.flatMap { number in
            number < goods.lowerBound ? mask(number).map { $0 ? UInt8(1) : 0 } : [UInt8](repeating: 0, count: side * side)
        }
        let maps = numbers.flatMap { map($0) }
        let image = try RankMetrics(scores: numbers.map { map($0).max() ?? 0 }, anomalous: numbers.map { $0 < goods.lowerBound })
        return SevenMetrics(
            image: image, pixel: try RankMetrics(scores: maps, labels: labels),
            overlap: try PerRegionOverlap(maps: maps, masks: labels, width: side, height: side))
    }
}
