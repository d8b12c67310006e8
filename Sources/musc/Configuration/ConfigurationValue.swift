import MuScBatch

/// A value as it stands in a layer of the configuration, before its key has read it.
package indirect enum ConfigurationValue: Sendable, Hashable {
    /// A scalar as text; a flag's or a variable's value is one too, and a list in it is separated by commas.
    case text(String)
    case list([ConfigurationValue])
    case mapping([String: ConfigurationValue])
    /// `none`, `null`, `~` or nothing.
    case none

    /// What is wrong with a value, and what would be right.
    struct Fault: Error, Hashable {
        var found: String
        var expected: String
    }

    private func fault(_ expected: String) -> Fault { Fault(found: shown, expected: expected) }

    /// The value as people would write it.
    var shown: String {
        switch self {
        case .text(let text): text
        case .list(let values): "[" + values.map(\.shown).joined(separator: ", ") + "]"
        case .mapping(let values): "{" + values.keys.sorted().map { "\($0): …" }.joined(separator: ", ") + "}"
        case .none: "none"
        }
    }

    /// Whether a preset decides.
    var isUnset: Bool { self == .none || self == .text("preset") }

    /// A program and its arguments as a list; nil for none. A text is refused, because no shell is there to split it.
    func command() throws(Fault) -> [String]? {
        let expected = "a list of a program and its arguments, such as [/usr/local/bin/to-mes, --line, \"3\"]"
        if self == .none { return nil }
        guard case .list(let values) = self, !values.isEmpty else { throw fault(expected) }
        var words: [String] = []
        for value in values { words.append(try value.string(expected)) }
        return words
    }

    func string(_ expected: String = "a text") throws(Fault) -> String {
        guard case .text(let text) = self, !text.isEmpty else { throw fault(expected) }
        return text
    }

    func integer(_ range: ClosedRange<Int>) throws(Fault) -> Int {
        guard case .text(let text) = self, let number = Int(text), range.contains(number) else {
            throw fault(
                range.upperBound == .max
                    ? "a whole number, \(range.lowerBound) or more"
                    : "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number of bytes: a whole number with K, M, G or T (of 1024) behind it, or none.
    func bytes() throws(Fault) -> Int {
        let expected = "an amount of memory, such as 4G or 800M"
        guard case .text(let text) = self else { throw fault(expected) }
        var digits = Substring(text.uppercased())
        for suffix in ["IB", "B"] where digits.hasSuffix(suffix) { digits.removeLast(suffix.count) }
        let shift = ["K", "M", "G", "T"].firstIndex { digits.hasSuffix($0) }.map { 10 * ($0 + 1) } ?? 0
        if shift > 0 { digits.removeLast() }
        guard let number = Double(digits), number > 0, number * Double(1 << shift) < Double(1 << 60) else {
            throw fault(expected)
        }
        return Int(number * Double(1 << shift))
    }

    func number(_ range: ClosedRange<Double>) throws(Fault) -> Double {
        guard case .text(let text) = self, let number = Double(text), range.contains(number) else {
            throw fault(
                range.upperBound == .infinity
                    ? "a number, \(range.lowerBound) or more" : "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type = Choice.self
    ) throws(Fault) -> Choice where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        guard case .text(let text) = self, let choice = Choice(rawValue: text) else {
            throw fault(names.dropLast().joined(separator: ", ") + " or " + (names.last ?? ""))
        }
        return choice
    }

    /// The entries of a list; a text is split at commas.
    func entries(_ expected: String) throws(Fault) -> [ConfigurationValue] {
        switch self {
        case .list(let values): return values
        case .text(let text):
            return text.split(separator: ",").map { .text(String($0.drop { $0 == " " })) }
        case .none: return []
        case .mapping: throw fault(expected)
        }
    }

    func integers(_ range: ClosedRange<Int>, example: String) throws(Fault) -> [Int] {
        var numbers: [Int] = []
        for entry in try entries("a list of whole numbers, such as \(example)") {
            do {
                numbers.append(try entry.integer(range))
            } catch {
                throw fault("a list of whole numbers, such as \(example)")
            }
        }
        guard !numbers.isEmpty else { throw fault("a list of whole numbers, such as \(example)") }
        return numbers
    }

    /// A rectangle or a mask; nil for none.
    func region() throws(Fault) -> RegionOfInterest? {
        let text: String
        switch self {
        case .none, .text(""): return nil
        case .text(let given): text = given
        case .list(let values): text = values.map(\.shown).joined(separator: ",")
        case .mapping: text = ""
        }
        guard let region = RegionOfInterest(text) else {
            throw fault(
                "a rectangle left,top,width,height in pixels or in shares of the sides, such as 0.1,0.1,0.8,0.8, or a mask's file")
        }
        return region
    }
}
