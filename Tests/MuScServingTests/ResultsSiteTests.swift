import Foundation
import Glibc
import MuScResults
import MuScServing
import MuScSupport
import MuScVerdicts
import ScratchFolders
import SystemPackage
import Testing

/// What `musc serve` gives, and what it does not.
@Suite struct ResultsSiteTests {
    private let scratch: ScratchFolder
    private let drop: FilePath

    init() throws {
        scratch = try ScratchFolder()
        drop = scratch.filePath.appending("drop")
        for folder in ["drop/line/a/_musc/overlays", "drop/line/plain", "outside"] {
            try FileManager.default.createDirectory(atPath: scratch.path(folder), withIntermediateDirectories: true)
        }
        for (name, text) in [
            ("drop/index.html", Self.page), ("drop/line/line.html", Self.page), ("drop/line/a/_musc/report.html", Self.page),
            ("drop/line/a/_musc/run.json", "{}"),
            ("drop/line/a/_musc/overlays/p.png", "overlay"), ("drop/line/a/p.png", "photograph"), ("drop/line/a/notes.txt", "private"),
            ("drop/line/a/.hidden.png", "hidden"), ("drop/line/plain/q.png", "unscored"), ("outside/secret.png", "secret"),
        ] { _ = try scratch.write(name, Array(text.utf8)) }
        for (link, target) in [
            ("drop/line/a/_musc/out.png", "outside/secret.png"), ("drop/line/a/s.png", "outside/secret.png"), ("drop/line/out", "outside"),
            ("drop/line/a/_musc/folder", "outside"),
        ] { try FileManager.default.createSymbolicLink(atPath: scratch.path(link), withDestinationPath: scratch.path(target)) }
        mkfifo(scratch.path("drop/line/a/_musc/pipe.png"), 0o600)
    }

    private static let page = """
        <!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self'">
        """

    private func site(token: String? = nil) -> ResultsSite {
        ResultsSite(roots: [ResultsSite.Root(results: drop, drop: drop)], folderName: "_musc", token: token)
    }

    private func ask(
        _ site: ResultsSite, _ path: String, _ method: String = "GET", fields: [String] = ["Host: 127.0.0.1:8042"], body: String = ""
    ) throws -> (status: Int, text: String, headers: [String: String]) {
        let head = ["\(method) \(path) HTTP/1.1"] + fields + ["Content-Length: \(body.utf8.count)"]
        let response = site.response(to: try HTTPRequest(head: Array(head.joined(separator: "\r\n").utf8)), body: Array(body.utf8))
        var bytes: [UInt8] = []
        switch response.body {
        case .bytes(let content): bytes = content
        case .file(let file, let length):
            bytes = [UInt8](repeating: 0, count: length)
            _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            try file.close()
        }
        return (
            response.status, String(decoding: bytes, as: UTF8.self),
            Dictionary(response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        )
    }

    @Test("Index, reports, overlays and the photographs beside them are served, and nothing else")
    func served() throws {
        let site = site()
        #expect(try ask(site, "/").headers["Location"] == "/0/")
        #expect(try ask(site, "/0/").status == 200)
        #expect(try ask(site, "/0/line/line.html").status == 200)
        #expect(try ask(site, "/0/line/a/_musc/overlays/p.png").text == "overlay")
        #expect(try ask(site, "/0/line/a/p.png").text == "photograph")
        for path in [
            "/0/line/a/notes.txt", "/0/line/plain/q.png", "/0/line/a/_musc/out.png", "/0/line/a/s.png", "/0/line/out/secret.png",
            "/0/line/a/_musc/folder/secret.png", "/0/line/a/_musc/pipe.png", "/0/line/a/_musc/overlays", "/0/line/a/_musc/", "/0/line/a/",
            "/1/",
            "/00/", "/-1/", "/x", "/0/line/index.html", "/0/ledger.sqlite", "/0/line/a/_musc/none.png", "/0/_musc/report.html",
        ] { #expect(try ask(site, path).status == 404, "\(path)") }
    }

    @Test("A page gets the secret and may ask this site alone; pages of other users are not served")
    func pages() throws {
        let page = try ask(site(), "/0/line/a/_musc/report.html")
        #expect(page.text.contains("<meta name=\"musc-serve\" content=\"") && page.text.contains("default-src 'none'; connect-src 'self';"))
        guard geteuid() == 0 else { return }
        chown(scratch.path("drop/line/a/_musc/report.html"), 65_534, 65_534)
        #expect(try ask(site(), "/0/line/a/_musc/report.html").status == 403)
    }

    @Test("A verdict is kept where the page knows the secret; from other sites, without it or on no image it is not")
    func verdicts() throws {
        let site = site()
        let secret = try #require(try ask(site, "/0/line/a/_musc/report.html").text.firstMatch(of: /musc-serve" content="([0-9a-f]+)"/))
            .output.1
        let fine = ["Host: localhost:8042", "X-Musc-Token: \(secret)", "Content-Type: application/json", "Origin: http://localhost:8042"]
        // The secret is drawn anew: its last digit may be any.
        let other = "\(secret.dropLast())\(secret.last == "0" ? "1" : "0")"
        let body = #"{"image": "p.png", "verdict": "defect", "note": "=1+1", "by": "Ann"}"#
        let path = "/0/line/a/_musc/verdict"
        for (fields, status) in [
            (fine.filter { !$0.hasPrefix("X-") }, 403), (fine.map { $0.replacing("\(secret)", with: other) }, 403),
            (fine.map { $0.replacing("http://localhost:8042", with: "http://evil.example") }, 403),
            (fine.map { $0.replacing("application/json", with: "text/plain") }, 403), (fine + ["Sec-Fetch-Site: cross-site"], 403),
            (fine.map { $0.replacing("Host: localhost", with: "Host: evil.example") }, 403),
        ] { #expect(try ask(site, path, "POST", fields: fields, body: body).status == status, "\(fields)") }
        for other in ["{}", "[]", "not json", #"{"image": "p.png", "verdict": "perhaps"}"#] {
            #expect(try ask(site, path, "POST", fields: fine, body: other).status == 400)
        }
        for image in ["nowhere.png", "../../../outside/secret.png", "s.png\u{0}", ".hidden.png"] {
            let json = String(decoding: try JSONEncoder().encode(["image": image, "verdict": "good"]), as: UTF8.self)
            #expect(try ask(site, path, "POST", fields: fine, body: json).status == 404, "\(image)")
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.path("drop/line/a/verdicts.csv")))
        #expect(try ask(site, "/0/line/plain/verdict", "POST", fields: fine, body: body).status == 404)
        #expect(try ask(site, "/0/line/a/p.png", "POST", fields: fine, body: body).status == 405)
        #expect(try ask(site, path, "POST", fields: fine, body: body).status == 200)
        #expect(try ask(site, "/0/line/a/_musc/verdicts.json").text == #"{"p.png":"defect"}"#)
        let row = try #require(try VerdictsFile(in: drop.appending("line").appending("a")).read().rows.first)
        #expect(row.verdict.by == "Ann" && row.verdict.note == "'=1+1" && row.verdict.content?.count == 64)
    }

    @Test("Who comes from elsewhere needs the token, which goes on as a cookie")
    func token() throws {
        let site = site(token: "0123456789abcdef")
        let host = "Host: 192.168.1.9:8042"
        #expect(try ask(site, "/0/", fields: [host]).status == 401)
        #expect(try ask(site, "/?token=0123456789abcdeX", fields: [host]).status == 401)
        let first = try ask(site, "/?token=0123456789abcdef", fields: [host])
        #expect(first.status == 302 && first.headers["Set-Cookie"]?.contains("HttpOnly; SameSite=Strict") == true)
        #expect(try ask(site, "/0/", fields: [host, "Cookie: a=b; musc=0123456789abcdef"]).status == 200)
        #expect(try ask(site, "/0/", fields: [host, "Authorization: Bearer 0123456789abcdef"]).status == 200)
        #expect(try ask(self.site(), "/0/", fields: ["Host: rebound.example:8042"]).status == 403)
    }

    @Test("Over sockets: several requests on a connection, refusals, half requests and many clients at once")
    func sockets() throws {
        let site = site()
        var limits = HTTPServer.Limits()
        limits.seconds = 1
        limits.idleSeconds = 1
        let server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits) { site.response(to: $0, body: $1) }
        Thread.detachNewThread { server.run() }
        defer { server.stop() }
        let get = "GET /0/line/a/p.png HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        let two = try Client.ask(server.port, get + get)
        #expect(two.components(separatedBy: "HTTP/1.1 200 OK").count == 3 && two.hasSuffix("photograph"))
        #expect(try Client.ask(server.port, "GARBAGE\r\n\r\n").hasPrefix("HTTP/1.1 400"))
        #expect(try Client.ask(server.port, "GET /\(String(repeating: "a", count: 40_000))").hasPrefix("HTTP/1.1 431"))
        #expect(try Client.ask(server.port, "GET / HTTP/1.1\r\nHost: ").hasPrefix("HTTP/1.1 408"))
        #expect(try Client.ask(server.port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n12").hasPrefix("HTTP/1.1 408"))
        let port = server.port
        let done = DispatchGroup()
        let fine = Counter()
        for _ in 0..<50 {
            done.enter()
            Thread.detachNewThread {
                for _ in 0..<10 { if (try? Client.ask(port, get))?.hasSuffix("photograph") == true { fine.add() } }
                done.leave()
            }
        }
        #expect(done.wait(timeout: .now() + 60) == .success)
        #expect(fine.count == 500)
        #expect(throws: ServingError(address: "127.0.0.1:\(port)", reason: .system(.addressInUse))) {
            try HTTPServer(host: "127.0.0.1", port: port) { _, _ in .refusal(404) }
        }
        #expect(throws: ServingError(address: "no.host:1", reason: .noAddress)) {
            try HTTPServer(host: "no.host", port: 1) { _, _ in .refusal(404) }
        }
    }
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0
    var count: Int { lock.withLock { value } }
    func add() { lock.withLock { value += 1 } }
}

/// A client that says what it is told to and listens until the server is silent or closes.
private enum Client {
    static func ask(_ port: Int, _ text: String) throws -> String {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var timeout = timeval(tv_sec: 3, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(connected == 0)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent <= 0 { break }
            rest = rest.dropFirst(sent)
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 8192)
        while case let count = recv(client, &piece, piece.count, 0), count > 0 { answer += piece[..<count] }
        return String(decoding: answer, as: UTF8.self)
    }
}
