import MuScSupport
import SystemPackage

/// File names as text that loses nothing: bytes that are not UTF-8 are written as `%FF`, so that two such names stay
/// two, and the file is found again by its text.
package enum StoredName {
    /// The text for the last part of a path.
    package static func text(_ path: FilePath) -> String {
        var bytes = path.bytes.split(separator: UInt8(ascii: "/")).last ?? []
        var text = ""
        while !bytes.isEmpty {
            let (valid, rest) = validPrefix(bytes)
            text += valid
            guard let byte = rest.first else { break }
            let digits = String(byte, radix: 16, uppercase: true)
            text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            bytes = rest.dropFirst()
        }
        return text
    }

    /// The path of the file in `folder` that ``text(_:)`` names: the name as it stands where such a file exists, else
    /// with `%FF` read as a byte.
    package static func path(_ text: String, in folder: String, exists: (FilePath) -> Bool) -> FilePath {
        let plain = FilePath(folder).appending(text)
        guard text.utf8.contains(UInt8(ascii: "%")), !exists(plain) else { return plain }
        var bytes: [CChar] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value >= 0x80
            {
                bytes.append(CChar(bitPattern: value))
                rest = rest.dropFirst(2)
            } else {
                bytes.append(CChar(bitPattern: byte))
            }
        }
        let decoded = FilePath(folder).pushing(FilePath(platformString: bytes + [0]))
        return exists(decoded) ? decoded : plain
    }

    /// The longest start that is UTF-8, and what follows.
    private static func validPrefix(_ bytes: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>) {
        if let whole = String(validating: bytes, as: UTF8.self) { return (whole, []) }
        var end = bytes.startIndex
        while end < bytes.endIndex {
            let length = bytes[end] < 0x80 ? 1 : bytes[end] < 0xE0 ? 2 : bytes[end] < 0xF0 ? 3 : 4
            guard end + length <= bytes.endIndex, String(validating: bytes[end..<end + length], as: UTF8.self) != nil
            else { break }
            end += length
        }
        return (String(decoding: bytes[..<end], as: UTF8.self), bytes[end...])
    }
}
