/// The head of an HTTP/1.1 request, read strictly: what is not plainly one is refused (RFC 9112).
package struct HTTPRequest: Sendable, Hashable {
    package enum Method: String, Sendable { case get = "GET", head = "HEAD", post = "POST" }

    package var method: Method
    /// The parts of the path between slashes, decoded; none is empty, `.`, `..` or hidden, and none holds a slash or a zero.
    package var path: [String]
    /// Whether the path ends with a slash, as those of folders do.
    package var isFolder: Bool
    /// What follows the question mark, as it came; empty for nothing.
    package var query: String
    /// By lower-case names.
    package var headers: [String: String]
    /// Bytes of the body.
    package var length: Int
    /// Whether the connection may be used again.
    package var keepsAlive: Bool

    /// The most bytes of a head, header fields and bytes of a body.
    package static let mostHead = 16 << 10
    package static let mostFields = 64
    package static let mostBody = 64 << 10

    /// A request that is refused, with the status that says why.
    package struct Refusal: Error, Sendable, Hashable {
        package var status: Int
    }

    /// - Parameter head: All bytes before the empty line.
    /// - Throws: ``Refusal``.
    package init(head: some Collection<UInt8>) throws(Refusal) {
        guard head.count <= Self.mostHead else { throw Refusal(status: 431) }
        // Beyond ASCII nothing is needed, and below the blank nothing is meant well.
        guard head.allSatisfy({ (32...126).contains($0) || $0 == 13 || $0 == 10 || $0 == 9 }) else { throw Refusal(status: 400) }
        var lines = String(decoding: head, as: UTF8.self).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
            line in String(line.last == "\r" ? line.dropLast() : line)
        }
        guard !lines.contains(where: { $0.unicodeScalars.contains("\r") }) else { throw Refusal(status: 400) }
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else { throw Refusal(status: 400) }
        guard let method = Method(rawValue: String(words[0])) else { throw Refusal(status: 405) }
        self.method = method
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard target[0].first == "/", !target[0].contains("#") else { throw Refusal(status: 400) }
        query = target.count > 1 ? String(target[1]) : ""
        isFolder = target[0].last == "/"
        path = []
        for part in target[0].split(separator: "/") {
            guard let name = Self.decoded(part), !name.isEmpty, name.first != ".", !name.contains("/"), !name.contains("\\") else {
                throw Refusal(status: 404)
            }
            path.append(name)
        }
        headers = [:]
        guard lines.count <= Self.mostFields else { throw Refusal(status: 431) }
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
                line[..<colon].allSatisfy({ $0.isLetter || $0.isNumber || "-_!#$%&'*+.^`|~".contains($0) })
            else { throw Refusal(status: 400) }
            let name = line[..<colon].lowercased()
            // Two of one name could be understood in two ways.
            guard headers[name] == nil else { throw Refusal(status: 400) }
            headers[name] = line[line.index(after: colon)...].trimming { $0 == " " || $0 == "\t" }
        }
        guard headers["host"]?.isEmpty == false else { throw Refusal(status: 400) }
        guard headers["transfer-encoding"] == nil else { throw Refusal(status: 501) }
        let length = headers["content-length"] ?? "0"
        guard !length.isEmpty, length.count < 10, length.allSatisfy({ "0123456789".contains($0) }), let count = Int(length) else {
            throw Refusal(status: 400)
        }
        guard count <= Self.mostBody else { throw Refusal(status: 413) }
        self.length = count
        let connection = headers["connection"]?.lowercased() ?? ""
        keepsAlive = words[2] == "HTTP/1.1" && !connection.contains("close")
    }

    /// Text with `%2F` and the like decoded; nil where that is no UTF-8 or holds a zero.
    static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(rest.prefix(2)) ?? ""
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16), value >= 32, value != 127 else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The value of a cookie; nil where there is none.
    package func cookie(_ name: String) -> String? {
        for pair in (headers["cookie"] ?? "").split(separator: ";") {
            let parts = pair.trimming { $0 == " " }.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return nil
    }
}

extension StringProtocol {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> String {
        var rest = Substring(self)
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
