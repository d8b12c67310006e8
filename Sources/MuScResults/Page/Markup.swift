import Mustache

/// Text made safe for HTML, JSON in HTML, and URLs.
///
/// Everything works on Unicode scalars or bytes: Swift's `Character` joins a quotation mark with a combining mark
/// that follows it, and a comparison by characters would let that quotation mark through.
package enum Markup {
    /// Text for an HTML element or a quoted attribute.
    package static func html(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// A JSON string with its quotation marks, which neither HTML nor JavaScript can take for anything else.
    package static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}", "<", ">", "&", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A relative URL of a path: every byte but letters, digits, `-._~` and `/` is percent-encoded.
    package static func url(_ path: String) -> String { url(path.utf8) }

    /// The same for a path that need not be UTF-8.
    package static func url(_ path: some Sequence<UInt8>) -> String {
        var result = ""
        let digits = Array("0123456789ABCDEF")
        for byte in path {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x2F:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%"
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
        return result
    }

    /// Bytes in base64 (RFC 4648).
    package static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - start
            let word =
                UInt32(bytes[start]) << 16 | (left > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[start + 2]) : 0)
            result.append(alphabet[Int(word >> 18)])
            result.append(alphabet[Int(word >> 12 & 63)])
            result.append(left > 1 ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "="))
            result.append(left > 2 ? alphabet[Int(word & 63)] : UInt8(ascii: "="))
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// The pages' escaping, which templates ask for by `{{% CONTENT_TYPE:MARKUP}}`.
struct MarkupContentType: MustacheContentType {
    func escapeText(_ text: String) -> String { Markup.html(text) }
}
