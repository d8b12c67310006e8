import Glibc
import SystemPackage

/// What a request is answered with.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// An open file, which the one who sends it closes, and its length.
        case file(FileDescriptor, Int)
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(_ status: Int, type: String = "text/plain; charset=utf-8", headers: [(String, String)] = [], _ text: String) {
        self.init(status, type: type, headers: headers, body: .bytes(Array(text.utf8)))
    }

    package init(_ status: Int, type: String, headers: [(String, String)] = [], body: Body) {
        self.status = status
        self.headers = [(name: "Content-Type", value: type)] + headers.map { (name: $0.0, value: $0.1) }
        self.body = body
    }

    /// The answer to a request that is not served.
    package static func refusal(_ status: Int) -> HTTPResponse {
        HTTPResponse(status, "\(status) \(reason(status))\n")
    }

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 302: "Found"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        default: "Error"
        }
    }

    /// What every answer says: nobody may frame it, guess its type, or read it from another site.
    private static let standing: [(String, String)] = [
        ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-cache"),
    ]

    /// The bytes before the body.
    func head(keepsAlive: Bool) -> [UInt8] {
        let length =
            switch body {
            case .bytes(let bytes): bytes.count
            case .file(_, let length): length
            }
        var text = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        for (name, value) in Self.standing + headers.map({ ($0.name, $0.value) }) { text += "\(name): \(value)\r\n" }
        text += "Content-Length: \(length)\r\nConnection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
        return Array(text.utf8)
    }

    /// Lets go of the file that is not sent.
    func close() {
        if case .file(let file, _) = body { try? file.close() }
    }
}
