/// Text that is compared byte by byte, as names of files are.
///
/// Swift takes two strings for the same that show the same: `ü` as one character, and as `u` with two dots. On a disk these
/// are two names, of two files.
struct ExactText: Hashable, Sendable {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }
}
