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
        script([
            PackageResources.report_js, PackageResources.list_js, PackageResources.regions_js, PackageResources.viewer_js,
            PackageResources.verdicts_js,
        ])
    }
    static var indexScript: String { script([PackageResources.index_js]) }

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

    /// Scripts one after the other, without the indentation and the lines of comments that no browser needs.
    private static func script(_ sources: [[UInt8]]) -> String {
        sources.flatMap { text($0).split(separator: "\n") }
            .map { $0.drop { $0 == " " } }
            .filter { !$0.isEmpty && !$0.hasPrefix("//") }
            .joined(separator: "\n")
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
