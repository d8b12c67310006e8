import Foundation
import MuScEvaluation
import MuScImages
import SystemPackage

/// Made-up trees in the layouts of the published data sets, each of the images of ``LabelledSet``, so that all have the
/// same figures.
extension Dataset.Layout {
    private static let defects = LabelledSet.cracks.lowerBound...LabelledSet.dents.upperBound

    private static func type(_ number: Int) -> String { LabelledSet.cracks.contains(number) ? "crack" : "dent" }
    private static func stem(_ number: Int) -> String { number < 10 ? "00\(number)" : "0\(number)" }
    private static let black = GrayImage(
        width: LabelledSet.side, height: LabelledSet.side, pixels: [UInt8](repeating: 0, count: LabelledSet.side * LabelledSet.side))

    /// Writes the set below a folder as this layout has it, with what else such a data set holds.
    func write(to folder: TemporaryFolder) throws {
        let goods = LabelledSet.goods
        func photograph(_ number: Int, _ path: String) throws { try folder.write(LabelledSet.photograph(number), to: path) }
        func mask(_ number: Int, _ path: String, _ encoding: LabelledSet.Encoding = .white) throws {
            try folder.write(encoding.file(number).bytes, to: path)
        }
        func stem(_ number: Int) -> String { Self.stem(number) }
        switch self {
        case .mvtecAD, .mpdd, .btad:
            let (root, good) = self == .btad ? ("01", "ok") : ("bracket", "good")
            for number in goods {
                try photograph(number, "\(root)/test/\(good)/\(stem(number)).png")
                try photograph(number, "\(root)/train/\(good)/\(stem(number)).png")
            }
            for number in Self.defects {
                let type = self == .btad ? "ko" : Self.type(number)
                try photograph(number, "\(root)/test/\(type)/\(stem(number)).png")
                try mask(number, "\(root)/ground_truth/\(type)/\(stem(number))\(self == .btad ? "" : "_mask").png")
            }
        case .mvtecAD2:
            for number in goods {
                try photograph(number, "can/test_public/good/\(stem(number))_regular.png")
                try photograph(number, "can/train/good/\(stem(number))_regular.png")
                try photograph(number, "can/validation/good/\(stem(number))_regular.png")
            }
            for number in Self.defects {
                try photograph(number, "can/test_public/bad/\(stem(number))_overexposed.png")
                try mask(number, "can/test_public/ground_truth/bad/\(stem(number))_overexposed_mask.png")
                try photograph(number, "can/test_private/\(stem(number))_regular.png")
                try photograph(number, "can/test_private_mixed/\(stem(number))_mixed.png")
            }
        case .mvtecLOCO, .autoVI:
            for number in goods {
                try photograph(number, "box/test/good/\(stem(number)).png")
                try photograph(number, "box/validation/good/\(stem(number)).png")
            }
            for number in Self.defects {
                let type = LabelledSet.cracks.contains(number) ? "structural_anomalies" : "logical_anomalies"
                try photograph(number, "box/test/\(type)/\(stem(number)).png")
                // The upper and the lower half of the defect are two masks of different values.
                for half in 0..<2 {
                    let pixels = LabelledSet.mask(number).enumerated().map { index, isSet -> UInt8 in
                        isSet && (index / LabelledSet.side < Self.middle(number)) == (half == 0) ? UInt8(254 + half) : 0
                    }
                    let picture = GrayImage(width: LabelledSet.side, height: LabelledSet.side, pixels: pixels)
                    if pixels.contains(where: { $0 > 0 }) {
                        try folder.write(picture.pngEncoded(), to: "box/ground_truth/\(type)/\(stem(number))/00\(half).png")
                    }
                }
            }
            try folder.write(
                """
                [{"defect_name": "upper", "pixel_value": 254, "saturation_threshold": 6, "relative_saturation": false},
                 {"defect_name": "lower", "pixel_value": 255, "saturation_threshold": 0.5, "relative_saturation": true}]
                """, to: "box/defects_config.json")
        case .realIAD:
            var entries: [String] = []
            for number in Self.defects.lowerBound...goods.upperBound {
                let isGood = number >= goods.lowerBound
                // Five views of each part.
                let (part, view) = ("S000\((number - 1) / 5)", "C\((number - 1) % 5 + 1)")
                let name = isGood ? "OK/\(part)/toy_\(part)_OK_\(view)_20230912" : "NG/AK/\(part)/toy_\(part)_NG_\(view)_20230912"
                for size in ["256", "512"] {
                    try photograph(number, "realiad_\(size)/toy/\(name).jpg")
                    if !isGood { try mask(number, "realiad_\(size)/toy/\(name)_mask.png") }
                }
                let maskPath = isGood ? "null" : "\"\(name)_mask.png\""
                entries.append(
                    "{\"category\": \"toy\", \"anomaly_class\": \"\(isGood ? "OK" : "AK")\", \"image_path\": \"\(name).jpg\", \"mask_path\": \(maskPath)}"
                )
            }
            try folder.write("{\"train\": [], \"test\": [\(entries.joined(separator: ","))]}", to: "realiad_jsons/realiad_jsons/toy.json")
        case .kolektorSDD, .kolektorSDD2:
            for number in Self.defects.lowerBound...goods.upperBound {
                let isGood = number >= goods.lowerBound
                let path = self == .kolektorSDD ? "kos0\(number / 4)/Part\(number % 4)" : "test/20\(stem(number))"
                let label = path + (self == .kolektorSDD ? "_label" : "_GT")
                try photograph(number, path + (self == .kolektorSDD ? ".jpg" : ".png"))
                if isGood { try folder.write(Self.black.pngEncoded(), to: label + ".png") } else { try mask(number, label + ".png", .ones) }
            }
            if self == .kolektorSDD2 { try photograph(1, "train/10000.png") }
        case .dagm:
            for number in Self.defects.lowerBound...goods.upperBound {
                try photograph(number, "Class1/Test/0\(stem(number)).PNG")
                if number < goods.lowerBound { try mask(number, "Class1/Test/Label/0\(stem(number))_label.PNG") }
            }
            try folder.write("1 0 0\n", to: "Class1/Test/Label/Labels.txt")
            try photograph(1, "Class1/Train/0001.PNG")
        case .visa:
            var list = "object,split,label,image,mask\n"
            for number in Self.defects.lowerBound...goods.upperBound {
                let isGood = number >= goods.lowerBound
                let image = "candle/Data/Images/\(isGood ? "Normal" : "Anomaly")/\(stem(number)).JPG"
                try photograph(number, image)
                let label = "candle/Data/Masks/Anomaly/\(stem(number)).png"
                if !isGood { try mask(number, label, .ones) }
                list += "candle,test,\(isGood ? "normal,\(image)," : "anomaly,\(image),\(label)")\n"
            }
            try folder.write(list, to: "split_csv/1cls.csv")
        case .folder:
            try LabelledSet.Layout().write(to: folder, below: "set")
        }
    }

    /// The row at which a defect is cut in two.
    static func middle(_ number: Int) -> Int { 4 + number % 5 }
}
