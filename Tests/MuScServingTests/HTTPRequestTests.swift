import MuScServing
import MuScSupport
import Testing

/// Requests are read strictly; what is not plainly one is refused with the status that says why.
@Suite struct HTTPRequestTests {
    private func request(_ line: String, _ fields: [String] = ["Host: localhost"]) throws -> HTTPRequest {
        try HTTPRequest(head: Array(([line] + fields).joined(separator: "\r\n").utf8))
    }

    private func status(_ line: String, _ fields: [String] = ["Host: localhost"]) -> Int {
        do {
            _ = try request(line, fields)
            return 200
        } catch { return (error as? HTTPRequest.Refusal)?.status ?? 0 }
    }

    @Test("A path is taken apart and decoded, and a query stays as it came")
    func path() throws {
        let plain = try request("GET /0/line%20a/b/_musc/report.html?x=1%2F HTTP/1.1")
        #expect(plain.path == ["0", "line a", "b", "_musc", "report.html"] && plain.query == "x=1%2F" && !plain.isFolder)
        #expect(try request("GET /0/ HTTP/1.1").isFolder)
        #expect(try request("HEAD /%C3%A9.png HTTP/1.0").path == ["é.png"])
        #expect(try request("POST /0/v HTTP/1.1", ["Host: h", "Content-Length: 12", "Connection: close"]).keepsAlive == false)
    }

    @Test(
        "No path leads upwards, to hidden names or around a slash, however it is written",
        arguments: [
            "/../etc/passwd", "/0/../../etc", "/%2e%2e/etc", "/0/%2E%2E/x", "/..%2fetc", "/0/a%2fb", "/0/a%5cb", "/0/%00", "/.git",
            "/0/./x",
            "/0/%c0%ae%c0%ae/x", "/0/%ff", "/0/%", "/0/%4", "/0/%zz", "/0/%0d%0a", "/0/..",
        ])
    func traversal(path: String) {
        #expect(status("GET \(path) HTTP/1.1") == 404)
    }

    @Test("What is no request of HTTP/1.1 is refused: methods, versions, targets, fields, lengths")
    func malformed() {
        for line in [
            "GET / HTTP/2", "GET  / HTTP/1.1", "GET /", "", "GET http://a/ HTTP/1.1", "GET * HTTP/1.1", "GET /#a HTTP/1.1",
            "GET /\u{7F} HTTP/1.1", "GET /é HTTP/1.1",
        ] {
            #expect(status(line) == 400, "\(line)")
        }
        for method in ["PUT", "DELETE", "OPTIONS", "CONNECT", "get"] { #expect(status("\(method) / HTTP/1.1") == 405) }
        #expect(status("GET / HTTP/1.1", []) == 400)
        #expect(status("GET / HTTP/1.1", ["Host: a", "Host: b"]) == 400)
        #expect(status("GET / HTTP/1.1", ["Host: a", " folded: b"]) == 400)
        #expect(status("GET / HTTP/1.1", ["Host: a", "no colon"]) == 400)
        #expect(status("POST / HTTP/1.1", ["Host: a", "Transfer-Encoding: chunked"]) == 501)
        for length in ["-1", "+1", "1e3", "0x10", " ", "99999999999999999999", "1, 1"] {
            #expect(status("POST / HTTP/1.1", ["Host: a", "Content-Length: \(length)"]) == (length == " " ? 400 : 400), "\(length)")
        }
        #expect(status("POST / HTTP/1.1", ["Host: a", "Content-Length: 70000"]) == 413)
        #expect(status("GET / HTTP/1.1", ["Host: a"] + (0..<100).map { "x\($0): 1" }) == 431)
        #expect(status("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1") == 431)
    }

    @Test("Random bytes and mutated requests are read or refused, and never lead out")
    func random() {
        var generator = SeededGenerator(seed: 27)
        let seeds = [
            "GET /0/a/_musc/report.html HTTP/1.1\r\nHost: localhost:1\r\nCookie: musc=a; b=c",
            "POST /0/%2e%2e/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
        ]
        for _ in 0..<20_000 {
            var bytes = Array((seeds.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.insert(contentsOf: Array("%2e/../\r\n:".utf8).shuffled(using: &generator).prefix(3), at: place)
                default: bytes.removeSubrange(place..<min(place + 3, bytes.count))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let request = try? HTTPRequest(head: bytes) else { continue }
            #expect(!request.path.contains { $0 == ".." || $0 == "." || $0.isEmpty || $0.contains("/") || $0.contains("\0") })
            #expect(request.length <= HTTPRequest.mostBody)
        }
    }
}
