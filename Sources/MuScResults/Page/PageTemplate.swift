import Mustache

/// A page's template with its partials, out of the package's resources.
struct PageTemplate: Sendable {
    private let template: MustacheTemplate
    private let name: String

    static func report() throws(ResultsError) -> PageTemplate {
        try PageTemplate("report.mustache", PackageResources.report_mustache)
    }

    static func index() throws(ResultsError) -> PageTemplate {
        try PageTemplate("index.mustache", PackageResources.index_mustache)
    }

    static func line() throws(ResultsError) -> PageTemplate {
        try PageTemplate("line.mustache", PackageResources.line_mustache)
    }

    /// The style sheet that all pages carry.
    static var style: String { text(PackageResources.style_css) }
    /// The report's scripts, one after the other.
    static var reportScript: String {
        [
            PackageResources.report_js, PackageResources.list_js, PackageResources.regions_js, PackageResources.viewer_js,
            PackageResources.verdicts_js,
        ].map(text).joined(separator: "\n")
    }
    static var indexScript: String { text(PackageResources.index_js) }

    private init(_ name: String, _ bytes: [UInt8]) throws(ResultsError) {
        MustacheContentTypes.register(MarkupContentType(), named: "MARKUP")
        self.name = name
        do {
            template = try MustacheTemplate(string: Self.text(bytes))
        } catch {
            throw ResultsError(kind: .system, path: name, detail: "the page's template cannot be read: \(error)")
        }
    }

    func render(_ values: [String: Any]) -> String { template.render(values) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
