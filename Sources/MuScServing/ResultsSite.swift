import Foundation
import Glibc
import MuScImages
import MuScResults
import MuScSupport
import MuScVerdicts
import SystemPackage

/// Index, reports and photographs of drop folders over HTTP, and verdicts from their readers.
///
/// What is served: of each root `index.html` and `batches.csv`, of its lines `line.html`, everything in results' folders,
/// and the images of batches that have results beside them. Pages and scripts only where they belong to this program's user: whoever else may write
/// to a drop folder could otherwise speak in its name. Nothing is written but verdicts.
package struct ResultsSite: Sendable {
    /// A folder whose results are served under its number: `/0/`, `/1/` …
    package struct Root: Sendable {
        /// The folder that the index and the results lie below: the drop folder, or its counterpart elsewhere.
        package var results: FilePath
        /// The drop folder.
        package var drop: FilePath

        package init(results: FilePath, drop: FilePath) { (self.results, self.drop) = (results, drop) }
    }

    private let roots: [Root]
    private let folderName: String
    /// What whoever comes from elsewhere must know; nil where only this machine is listened to.
    private let token: String?
    /// What pages of this site know and others do not.
    private let secret: String
    /// Called with each verdict that was kept, and the batch's folder.
    private let onVerdict: @Sendable (PartVerdict, FilePath) -> Void

    /// - Parameters:
    ///   - folderName: Of results' folders, `_musc`.
    ///   - token: What clients must give; nil where only loopback is listened at.
    ///   - onVerdict: Called with each verdict that was kept, and the batch's folder, on the connection's thread.
    package init(
        roots: [Root], folderName: String, token: String?, onVerdict: @escaping @Sendable (PartVerdict, FilePath) -> Void = { _, _ in }
    ) {
        self.roots = roots
        self.folderName = folderName
        self.token = token
        self.onVerdict = onVerdict
        secret = Self.random()
    }

    /// 128 bits that nobody guesses, in hexadecimal.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (generator.next() as UInt64).hexadecimal + (generator.next() as UInt64).hexadecimal
    }

    /// Answers a request.
    package func response(to request: HTTPRequest, body: [UInt8]) -> HTTPResponse {
        if let refusal = refusal(of: request) { return refusal }
        guard let number = request.path.first else { return overview() }
        guard let index = Int(number), roots.indices.contains(index), String(index) == number else { return .refusal(404) }
        let (root, path) = (roots[index], Array(request.path.dropFirst()))
        if request.method == .post { return post(request, body, path, root) }
        guard request.isFolder || path.isEmpty else { return file(path, root) }
        if !request.isFolder { return redirect("/\(index)/") }
        return file(path + ["index.html"], root)
    }

    // MARK: Who may ask

    private func refusal(of request: HTTPRequest) -> HTTPResponse? {
        if let token {
            // A first visit brings the token in the address, and it goes on as a cookie, so that it stays in no history.
            if request.method == .get, request.query.hasPrefix("token="), Self.areSame(String(request.query.dropFirst(6)), token) {
                return HTTPResponse(
                    302, headers: [("Location", "/"), ("Set-Cookie", "musc=\(token); HttpOnly; SameSite=Strict; Path=/")], "")
            }
            let given =
                request.cookie("musc")
                ?? request.headers["authorization"].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
            guard let given, Self.areSame(given, token) else {
                return HTTPResponse(401, "Open the address that musc serve printed, with its token.\n")
            }
        } else {
            // A name of somebody else's that leads here: another site's page in this machine's browser.
            let host = (request.headers["host"] ?? "").lowercased()
            let name = host.hasPrefix("[") ? String(host.prefix { $0 != "]" }) + "]" : String(host.prefix { $0 != ":" })
            guard ["127.0.0.1", "localhost", "[::1]"].contains(name) else { return .refusal(403) }
        }
        return nil
    }

    private static func areSame(_ a: String, _ b: String) -> Bool {
        // In a time that tells nothing of how much agrees.
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: Reading

    private func redirect(_ to: String) -> HTTPResponse { HTTPResponse(302, headers: [("Location", to)], "") }

    private func overview() -> HTTPResponse {
        guard roots.count > 1 else { return redirect("/0/") }
        let rows = roots.enumerated().map { index, root in "<li><a href=\"/\(index)/\">\(Self.escaped(root.drop.string))</a></li>" }
        return HTTPResponse(
            200, type: "text/html; charset=utf-8", headers: [("Content-Security-Policy", "default-src 'none'")],
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>musc</title><h1>Drop folders</h1><ul>\(rows.joined())</ul></html>"
        )
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }

    /// Whether a name is one of a results' folder: `_musc`, `_musc-2`.
    private func isResults(_ name: String) -> Bool {
        name == folderName || name.hasPrefix("\(folderName)-") && name.dropFirst(folderName.count + 1).allSatisfy(\.isNumber)
    }

    private func file(_ path: [String], _ root: Root) -> HTTPResponse {
        guard let name = path.last else { return .refusal(404) }
        if path.dropLast().contains(where: isResults) {
            if name == "verdicts.json" { return standing(path, root) }
            return send(path, root.results)
        }
        if path.count == 1, name == "index.html" || name == "batches.csv" {
            let found = send(path, root.results)
            // A folder that is a batch itself has no index.
            guard found.status == 404, name == "index.html" else { return found }
            return OpenFolder([folderName], below: root.results).map { folder in
                folder.close()
                return HTTPResponse(302, headers: [("Location", "\(folderName)/report.html")], "")
            } ?? .refusal(404)
        }
        if name == LinePage.fileName { return send(path, root.results) }
        // A photograph, where its batch has results beside it.
        guard let type = Self.imageTypes[Self.ending(name)], let batch = OpenFolder(Array(path.dropLast()), below: root.results) else {
            return .refusal(404)
        }
        defer { batch.close() }
        guard batch.holds(folderName), let file = ServedFile(path, below: root.results) else { return .refusal(404) }
        return HTTPResponse(200, type: type, body: .file(file.descriptor, file.length))
    }

    private static let imageTypes = [
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff",
    ]
    private static let otherTypes = [
        "csv": "text/csv; charset=utf-8", "json": "application/json", "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "safetensors": "application/octet-stream",
    ]

    private static func ending(_ name: String) -> String {
        name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }

    private func send(_ path: [String], _ folder: FilePath) -> HTTPResponse {
        let ending = Self.ending(path.last ?? "")
        guard let type = Self.imageTypes[ending] ?? Self.otherTypes[ending], let file = ServedFile(path, below: folder) else {
            return .refusal(404)
        }
        let speaks = ending == "html" || ending == "js"
        guard speaks else { return HTTPResponse(200, type: type, body: .file(file.descriptor, file.length)) }
        guard file.isOwn, let content = file.content(most: 64 << 20) else {
            if !file.isOwn { try? file.descriptor.close() }
            return .refusal(403)
        }
        let page = ending == "html" ? withSecret(content) : content
        return HTTPResponse(200, type: type, headers: [("Content-Security-Policy", "frame-ancestors 'none'")], body: .bytes(page))
    }

    /// A page that may send verdicts to this site: it gets the secret, and its policy lets it ask this site and no other.
    private func withSecret(_ page: [UInt8]) -> [UInt8] {
        let start = String(decoding: page.prefix(4096), as: UTF8.self)
        let changed = start.replacing(
            "<meta charset=\"utf-8\">", with: "<meta charset=\"utf-8\">\n<meta name=\"musc-serve\" content=\"\(secret)\">",
            maxReplacements: 1
        ).replacing("content=\"default-src 'none';", with: "content=\"default-src 'none'; connect-src 'self';", maxReplacements: 1)
        // A character may be cut in two at the end of the start.
        guard start.utf8.count == min(page.count, 4096) else { return page }
        return Array(changed.utf8) + page.dropFirst(4096)
    }

    // MARK: Verdicts

    /// Does something with the verdicts of the batch whose results' folder a path leads into.
    private func withBatch(_ path: [String], _ root: Root, _ body: (BatchVerdicts) throws(VerdictFileError) -> HTTPResponse) -> HTTPResponse
    {
        let parts = Array(path.dropLast())
        guard let last = parts.last, isResults(last), let results = OpenFolder(parts, below: root.results) else { return .refusal(404) }
        defer { results.close() }
        guard results.holds("run.json") else { return .refusal(404) }
        // Results elsewhere repeat the drop folder's tree.
        guard let batch = OpenFolder(Array(parts.dropLast()), below: root.drop) else { return .refusal(404) }
        defer { batch.close() }
        do throws(VerdictFileError) {
            return try body(BatchVerdicts(of: batch.path, results: results.path))
        } catch {
            return HTTPResponse(409, "The verdicts of this batch cannot be written or read: \(error.explanation)\n")
        }
    }

    private func standing(_ path: [String], _ root: Root) -> HTTPResponse {
        withBatch(path, root) { (batch) throws(VerdictFileError) in
            let standing = try batch.standing().verdicts.mapValues(\.answer.rawValue)
            let data = (try? JSONEncoder().encode(standing)) ?? Data("{}".utf8)
            return HTTPResponse(200, type: "application/json", body: .bytes([UInt8](data)))
        }
    }

    /// A verdict as a page sends it.
    private struct Said: Decodable {
        var image: String
        var verdict: PartVerdict.Answer
        var note, by: String?
    }

    private func post(_ request: HTTPRequest, _ body: [UInt8], _ path: [String], _ root: Root) -> HTTPResponse {
        guard path.last == "verdict" else { return .refusal(405) }
        // Only a page of this site knows the secret, and only it may send such a header without being asked first.
        guard let given = request.headers["x-musc-token"], Self.areSame(given, secret),
            request.headers["content-type"]?.lowercased().hasPrefix("application/json") == true,
            ["same-origin", nil].contains(request.headers["sec-fetch-site"]),
            request.headers["origin"].map({
                $0 == "http://\(request.headers["host"] ?? "")" || $0 == "https://\(request.headers["host"] ?? "")"
            }) ?? true
        else { return .refusal(403) }
        guard let said = try? JSONDecoder().decode(Said.self, from: Data(body)), !said.image.isEmpty else { return .refusal(400) }
        return withBatch(path, root) { (batch) throws(VerdictFileError) in
            let verdict = PartVerdict(
                image: said.image, answer: said.verdict, note: String((said.note ?? "").prefix(2000)),
                by: String((said.by ?? "").prefix(200)),
                at: Date.now.ISO8601Format())
            let added = try batch.add([verdict])
            guard added.unmatched.isEmpty else { return HTTPResponse(404, "There is no image \(said.image) in this batch.\n") }
            // Results' folder and name of the request off.
            let folder = path.dropLast(2).reduce(root.drop) { $0.appending($1) }
            for verdict in added.verdicts { onVerdict(verdict, folder) }
            return HTTPResponse(200, type: "application/json", "{}")
        }
    }
}

extension VerdictFileError {
    /// What is the matter, without the path, which is this machine's affair.
    fileprivate var explanation: String { description.replacing("\(path): ", with: "") }
}
