/// The results that MuSc's authors published, for comparison.
///
/// The tables are those of the reference implementation's README (github.com/xrli-U/MuSc, ICLR 2024) and lie as CSV in
/// `PublishedTables`. Metrics are in percent there and from 0 to 1 here.
package enum PublishedFigures {
    /// What was published of one dataset with one backbone at one image size.
    package struct Match: Sendable, Hashable {
        /// The mean over the dataset's classes.
        package let mean: SevenMetrics
        /// The single classes; empty where only the mean was published.
        package let classes: [String: SevenMetrics]
        /// Milliseconds an image on an RTX 3090 with 200 images in mutual scoring; nil where not published.
        package let millisecondsPerImage: Double?
    }

    /// Another method's results, as the authors of MuSc print them; nil where that method's authors gave none.
    package struct ComparedMethod: Sendable, Hashable {
        package let name: String
        /// Where it was published, such as `CVPR 2023`.
        package let venue: String
        /// `0-shot`, `4-shot`, `8-shot`: how many normal images it is shown.
        package let setting: String
        package let metrics: SevenMetrics
    }

    /// The backbone with which the single classes were published, at 518 pixels.
    private static let classTable = (backbone: "ViT-L-14-336", size: 518)

    /// What was published for this dataset, backbone and image size; nil where nothing was.
    ///
    /// The published numbers are for the default settings, on the weights named `openai` (CLIP; `laion400m_e31` for
    /// ViT-B-16-plus-240) and on Meta's (DINO, DINOv2).
    package static func match(dataset: Dataset.Layout, backbone: String, imageSize: Int) -> Match? {
        func isWanted(_ row: CSVTable.Row) -> Bool {
            row["backbone"] == backbone && row["image_size"] == String(imageSize)
        }
        guard
            let row = rows(PackageResources.by_backbone_csv).first(where: {
                $0["dataset"] == dataset.rawValue && isWanted($0)
            })
        else { return nil }
        var classes: [String: SevenMetrics] = [:]
        if (backbone, imageSize) == classTable {
            for row in rows(PackageResources.by_class_csv) where row["dataset"] == dataset.rawValue && row["class"] != "mean" {
                classes[row["class"] ?? ""] = metrics(row)
            }
        }
        return Match(
            mean: metrics(row), classes: classes,
            millisecondsPerImage: millisecondsPerImage(backbone: backbone, imageSize: imageSize))
    }

    /// Milliseconds an image on an RTX 3090 with 200 images in mutual scoring; nil where not published.
    package static func millisecondsPerImage(backbone: String, imageSize: Int) -> Double? {
        rows(PackageResources.inference_time_csv)
            .first { $0["backbone"] == backbone && $0["image_size"] == String(imageSize) }
            .flatMap { $0["ms_per_image_rtx3090_n200"] }.flatMap(Double.init)
    }

    /// The names of the data set's classes as published; empty for `folder`.
    package static func classNames(of dataset: Dataset.Layout) -> Set<String> {
        Set(
            rows(PackageResources.by_class_csv).filter { $0["dataset"] == dataset.rawValue }
                .compactMap { $0["class"] }.filter { $0 != "mean" })
    }

    /// The zero- and few-shot methods that MuSc was compared with on this dataset; empty for a dataset without.
    package static func comparedMethods(on dataset: Dataset.Layout) -> [ComparedMethod] {
        let name: String
        switch dataset {
        case .mvtecAD: name = "MVTec AD"
        case .visa: name = "VisA"
        default: return []
        }
        return rows(PackageResources.compared_methods_csv).filter { $0["dataset"] == name }.map { row in
            var metrics = SevenMetrics()
            for (metric, column) in comparedColumns { metrics[metric] = share(row[column]) }
            return ComparedMethod(
                name: row["method"] ?? "", venue: row["venue"] ?? "", setting: row["setting"] ?? "", metrics: metrics)
        }
    }

    private static let comparedColumns: [(SevenMetrics.Metric, String)] = [
        (.imageAUROC, "auroc_cls"), (.imageF1Max, "f1max_cls"), (.imageAP, "ap_cls"), (.pixelAUROC, "auroc_segm"),
        (.pixelF1Max, "f1max_segm"), (.pixelAP, "ap_segm"), (.pixelPRO, "pro_segm"),
    ]

    private static func metrics(_ row: CSVTable.Row) -> SevenMetrics {
        var metrics = SevenMetrics()
        for metric in SevenMetrics.Metric.allCases { metrics[metric] = share(row[metric.rawValue]) }
        return metrics
    }

    /// Percent as a share of 1.
    private static func share(_ text: String?) -> Double? { text.flatMap(Double.init).map { $0 / 100 } }

    /// The rows of an embedded table; the tables are part of the package and tested, so a fault leaves them empty.
    private static func rows(_ bytes: [UInt8]) -> [CSVTable.Row] { (try? CSVTable(bytes))?.rows ?? [] }
}
