import Glibc

/// The name of a file in its folder: the bytes as the file system has them, in any encoding or none. Where a batch is a
/// folder with all folders in it, its path from there.
///
/// Names are compared byte by byte. For people and for logs use ``description``, in which nothing can break a line.
package struct FileName: Hashable, Sendable, Comparable {
    /// The name without a terminating zero; in one folder 1 to 255 bytes without a slash.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package static func < (a: FileName, b: FileName) -> Bool {
        let order = memcmp(a.bytes, b.bytes, min(a.bytes.count, b.bytes.count))
        return order == 0 ? a.bytes.count < b.bytes.count : order < 0
    }

    /// Whether it is a path from a batch's folder, rather than a name in it.
    package var isPath: Bool { bytes.contains(UInt8(ascii: "/")) }

    /// The path of a file in the folder of this name.
    func appending(_ name: FileName) -> FileName { FileName(bytes: bytes + [UInt8(ascii: "/")] + name.bytes) }

    func hasPrefix(_ prefix: some Sequence<UInt8>) -> Bool {
        bytes.starts(with: prefix)
    }
}

extension FileName: CustomStringConvertible {
    /// The name with control characters, backslashes and bytes that are not UTF-8 written as escapes.
    package var description: String { escapedText(bytes) }
}

/// Text for people and logs from bytes of a path: `\n`, `\t`, `\r`, `\\`, and `\xNN` for what is no printable UTF-8.
///
/// One name is one line, and no terminal sequence passes.
package func escapedText(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    var decoder = UTF8Pieces(bytes: Array(bytes))
    while let piece = decoder.next() {
        switch piece {
        case .invalid(let byte): text += hexEscape(byte)
        case .scalar(let scalar):
            switch scalar {
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case "\\": text += "\\\\"
            default:
                // C0, C1 and DEL steer terminals; line and paragraph separators end lines; the bidirectional
                // controls reorder what is read.
                let value = scalar.value
                let steers =
                    value < 0x20 || (0x7F...0x9F).contains(value) || (0x2028...0x202E).contains(value)
                    || (0x2066...0x2069).contains(value)
                if steers {
                    for byte in String(scalar).utf8 { text += hexEscape(byte) }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
    }
    return text
}

private func hexEscape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "\\x" + (digits.count == 1 ? "0" : "") + digits
}

/// Walks bytes as UTF-8 and hands over those that are not, one at a time.
private struct UTF8Pieces {
    enum Piece {
        case scalar(Unicode.Scalar)
        case invalid(UInt8)
    }

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Piece? {
        guard position < bytes.count else { return nil }
        let first = bytes[position]
        let length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
        if length > 0, position + length <= bytes.count,
            let text = String(validating: bytes[position..<position + length], as: UTF8.self),
            let scalar = text.unicodeScalars.first
        {
            position += length
            return .scalar(scalar)
        }
        position += 1
        return .invalid(first)
    }
}
