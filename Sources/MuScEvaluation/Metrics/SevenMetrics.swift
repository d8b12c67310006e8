/// The paper's seven metrics of one class, or their mean over classes.
///
/// Values are from 0 to 1. A metric is nil where it is not defined: pixel metrics without masks, or where no mask has a
/// pixel left after resizing; any of them where all is normal or all anomalous (see ``RankMetrics`` and
/// ``PerRegionOverlap``).
package struct SevenMetrics: Sendable, Hashable, Codable {
    package var imageAUROC: Double?
    package var imageF1Max: Double?
    package var imageAP: Double?
    package var pixelAUROC: Double?
    package var pixelF1Max: Double?
    package var pixelAP: Double?
    package var pixelPRO: Double?

    package init(
        imageAUROC: Double? = nil, imageF1Max: Double? = nil, imageAP: Double? = nil, pixelAUROC: Double? = nil,
        pixelF1Max: Double? = nil, pixelAP: Double? = nil, pixelPRO: Double? = nil
    ) {
        self.imageAUROC = imageAUROC
        self.imageF1Max = imageF1Max
        self.imageAP = imageAP
        self.pixelAUROC = pixelAUROC
        self.pixelF1Max = pixelF1Max
        self.pixelAP = pixelAP
        self.pixelPRO = pixelPRO
    }

    /// The metrics of one class from its rankings.
    package init(image: RankMetrics, pixel: RankMetrics?, overlap: PerRegionOverlap?) {
        self.init(
            imageAUROC: image.auroc, imageF1Max: image.f1Max, imageAP: image.averagePrecision,
            pixelAUROC: pixel?.auroc, pixelF1Max: pixel?.f1Max, pixelAP: pixel?.averagePrecision,
            pixelPRO: overlap?.value)
    }

    /// The mean of each metric over the classes in which it is defined; nil where it is in none.
    package init(meanOf classes: [SevenMetrics]) {
        self.init()
        for metric in Metric.allCases {
            let values = classes.compactMap { $0[metric] }
            self[metric] = values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
    }

    /// The names in which the metrics are stored and in which the paper's tables give them.
    package enum Metric: String, Sendable, Hashable, Codable, CaseIterable {
        case imageAUROC = "auroc_image", imageF1Max = "f1max_image", imageAP = "ap_image"
        case pixelAUROC = "auroc_pixel", pixelF1Max = "f1max_pixel", pixelAP = "ap_pixel", pixelPRO = "pro_pixel"

        /// The name of the column in the workbook that the reference writes.
        package var referenceName: String {
            switch self {
            case .imageAUROC: "auroc_sp"
            case .imageF1Max: "f1_sp"
            case .imageAP: "ap_sp"
            case .pixelAUROC: "auroc_px"
            case .pixelF1Max: "f1_px"
            case .pixelAP: "ap_px"
            case .pixelPRO: "aupro"
            }
        }

        /// A heading for people.
        package var title: String {
            switch self {
            case .imageAUROC: "image AUROC"
            case .imageF1Max: "image F1-max"
            case .imageAP: "image AP"
            case .pixelAUROC: "pixel AUROC"
            case .pixelF1Max: "pixel F1-max"
            case .pixelAP: "pixel AP"
            case .pixelPRO: "PRO"
            }
        }

        fileprivate var path: WritableKeyPath<SevenMetrics, Double?> {
            switch self {
            case .imageAUROC: \.imageAUROC
            case .imageF1Max: \.imageF1Max
            case .imageAP: \.imageAP
            case .pixelAUROC: \.pixelAUROC
            case .pixelF1Max: \.pixelF1Max
            case .pixelAP: \.pixelAP
            case .pixelPRO: \.pixelPRO
            }
        }
    }

    package subscript(metric: Metric) -> Double? {
        get { self[keyPath: metric.path] }
        set { self[keyPath: metric.path] = newValue }
    }
}

extension SevenMetrics {
    private enum CodingKeys: String, CodingKey {
        case imageAUROC = "auroc_image", imageF1Max = "f1max_image", imageAP = "ap_image"
        case pixelAUROC = "auroc_pixel", pixelF1Max = "f1max_pixel", pixelAP = "ap_pixel", pixelPRO = "pro_pixel"
    }
}
