/// What the evaluation of a data set came to.
package struct EvaluationResults: Sendable, Hashable {
    package let layout: Dataset.Layout
    /// Whether all classes of the data set were evaluated.
    package let isComplete: Bool
    /// What of the data set was left out and why, one sentence each.
    package let remarks: [String]
    package let backbone: String
    /// Side of the images in pixels.
    package let imageSize: Int
    /// What decides the scores, under the names of the configuration.
    package let configuration: [String: String]
    package let classes: [ClassEvaluation]

    package init(
        layout: Dataset.Layout, isComplete: Bool, remarks: [String] = [], backbone: String, imageSize: Int,
        configuration: [String: String], classes: [ClassEvaluation]
    ) {
        self.layout = layout
        self.isComplete = isComplete
        self.remarks = remarks
        self.backbone = backbone
        self.imageSize = imageSize
        self.configuration = configuration
        self.classes = classes
    }

    /// The rate of false positives up to which the exact PRO and sPRO were taken.
    package var overlapLimit: Double { configuration["metrics.pro_limit"].flatMap(Double.init) ?? layout.overlapLimit }

    /// The mean over the classes of each metric.
    package var mean: SevenMetrics { SevenMetrics(meanOf: classes.map(\.metrics)) }

    /// What was published for this data set, backbone and size; nil where nothing was.
    package var published: PublishedFigures.Match? {
        PublishedFigures.match(dataset: layout, backbone: backbone, imageSize: imageSize)
    }

    /// The published mean, if it is the mean over the same classes.
    package var publishedMean: SevenMetrics? {
        guard isComplete, Set(classes.map(\.name)) == PublishedFigures.classNames(of: layout) else { return nil }
        return published?.mean
    }

    /// The methods that the paper compares itself with, if the mean is over the same classes.
    package var comparedMethods: [PublishedFigures.ComparedMethod] {
        guard isComplete, Set(classes.map(\.name)) == PublishedFigures.classNames(of: layout) else { return [] }
        return PublishedFigures.comparedMethods(on: layout)
    }

    /// Writes results.csv, results.json, results.md, evaluation.html and, unless left out, results.xlsx.
    ///
    /// - Throws: ``EvaluationError/file(_:reason:)``.
    package func write(to output: OutputFolder, workbook: Bool = true) throws(EvaluationError) {
        let table = ResultTable(self)
        try output.write(table.csv, to: "results.csv")
        try output.write(table.json, to: "results.json")
        try output.write(table.markdown, to: "results.md")
        if workbook { try output.write(table.workbook.bytes, to: "results.xlsx") }
        try output.write(try EvaluationPage(self).html(), to: "evaluation.html")
    }
}
