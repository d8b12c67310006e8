import SystemPackage

/// How the values of a key are read and written. What is written reads back as the same value.
package struct ValueFormat<Value: Sendable>: Sendable {
    /// Words that may stand in the place of what ``kind`` describes.
    package var words: [String]
    /// What is right beside the words, to go on after "must be".
    package var kind: String
    /// nil where the value cannot be used.
    package var read: @Sendable (ConfigurationValue) -> Value?
    package var write: @Sendable (Value) -> ConfigurationValue
    /// What is written today where earlier versions had `none`; nil where they had no such word.
    package var formerNone: ConfigurationValue?
    /// Whether values are paths, which mean something else in another working directory.
    package private(set) var isPath = false

    package init(
        _ kind: String, words: [String] = [], formerNone: ConfigurationValue? = nil,
        read: @escaping @Sendable (ConfigurationValue) -> Value?, write: @escaping @Sendable (Value) -> ConfigurationValue
    ) {
        (self.words, self.kind, self.formerNone, self.read, self.write) = (words, kind, formerNone, read, write)
    }

    /// The same, of values that are paths.
    private func ofPaths(_ isPath: Bool = true) -> ValueFormat {
        var format = self
        format.isPath = isPath
        return format
    }

    /// What is right, to go on after "must be".
    package func expected(besides further: [String] = []) -> String {
        let words = further + words
        return words.isEmpty ? kind : words.joined(separator: ", ") + " or " + kind
    }
}

// MARK: Words for what is no value

extension ValueFormat {
    /// The same, where a word stands for one value.
    package func word(_ word: String, for value: Value) -> ValueFormat where Value: Equatable {
        ValueFormat(kind, words: [word] + words, formerNone: word == "off" ? .text(word) : formerNone) { [read] given in
            given == .text(word) ? value : read(given)
        } write: { [write] given in
            given == value ? .text(word) : write(given)
        }
        .ofPaths(isPath)
    }

    /// nil, for which a word stands, or a value.
    package static func nilWord<Wrapped>(_ word: String, or format: ValueFormat<Wrapped>) -> ValueFormat where Value == Wrapped? {
        ValueFormat(format.kind, words: [word] + format.words, formerNone: word == "off" ? .text(word) : format.formerNone) { given in
            given == .text(word) ? .some(nil) : format.read(given).map { .some($0) }
        } write: { value in
            value.map(format.write) ?? .text(word)
        }
        .ofPaths(format.isPath)
    }

    /// nil, for which nothing is written, or a value.
    package static func emptyOr<Wrapped>(_ format: ValueFormat<Wrapped>) -> ValueFormat where Value == Wrapped? {
        ValueFormat("\(format.kind), or left empty", words: format.words, formerNone: .empty) { given in
            given == .empty ? .some(nil) : format.read(given).map { .some($0) }
        } write: { value in
            value.map(format.write) ?? .empty
        }
        .ofPaths(format.isPath)
    }
}

// MARK: Kinds of values

extension ValueFormat where Value == Int {
    package static func integer(_ range: ClosedRange<Int>) -> ValueFormat {
        let expected =
            range.upperBound == .max
            ? "a whole number, \(range.lowerBound) or more" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return ValueFormat(expected) { value in
            value.text.flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        } write: {
            .text("\($0)")
        }
    }

    /// A number of bytes: with K, M, G or T (of 1024) behind it, or none.
    package static var bytes: ValueFormat {
        ValueFormat("an amount of memory, such as 4G or 800M") { value in
            guard let text = value.text else { return nil }
            var digits = Substring(text.uppercased())
            for suffix in ["IB", "B"] where digits.hasSuffix(suffix) { digits.removeLast(suffix.count) }
            let shift = ["K", "M", "G", "T"].firstIndex { digits.hasSuffix($0) }.map { 10 * ($0 + 1) } ?? 0
            if shift > 0 { digits.removeLast() }
            guard let number = Double(digits), number > 0, number * Double(1 << shift) < Double(1 << 60) else { return nil }
            return Int(number * Double(1 << shift))
        } write: {
            .text("\($0)")
        }
    }
}

extension ValueFormat where Value: BinaryFloatingPoint & LosslessStringConvertible {
    /// A number within a range; infinity as the upper bound is no bound.
    package static func number(_ range: ClosedRange<Value>) -> ValueFormat {
        let expected =
            range.upperBound == .infinity
            ? "a number, \(shown(range.lowerBound)) or more"
            : "a number from \(shown(range.lowerBound)) to \(shown(range.upperBound))"
        return ValueFormat(expected) { value in
            value.text.flatMap { Value($0) }.flatMap { range.contains($0) && $0.isFinite ? $0 : nil }
        } write: {
            .text(shown($0))
        }
    }

    /// A number without its decimal part where that is nothing.
    package static func shown(_ number: Value) -> String {
        let isWhole = number == number.rounded() && abs(number) < 1e9
        return isWhole ? "\(Int(number))" : "\(number)"
    }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable & Equatable, Value.RawValue == String {
    /// One of the cases by its name; `off` is the name of one that earlier versions called `none`.
    package static func choice(off: Value? = nil) -> ValueFormat {
        @Sendable func name(_ value: Value) -> String { value == off ? "off" : value.rawValue }
        let names = Value.allCases.map { name($0) }
        return ValueFormat(names.last ?? "", words: names.dropLast(), formerNone: off == nil ? nil : .text("off")) { value in
            Value.allCases.first { value == .text(name($0)) }
        } write: {
            .text(name($0))
        }
    }
}

extension ValueFormat where Value == String {
    package static func text(_ expected: String) -> ValueFormat {
        ValueFormat(expected) {
            $0.text
        } write: {
            .text($0)
        }
    }
}

extension ValueFormat where Value == FilePath {
    package static func path(_ expected: String) -> ValueFormat {
        ValueFormat(expected) {
            $0.text.map { FilePath($0) }
        } write: {
            .text($0.string)
        }
        .ofPaths()
    }
}

extension ValueFormat where Value == [Int] {
    package static func integers(_ range: ClosedRange<Int>, example: String) -> ValueFormat {
        ValueFormat("a list of whole numbers, such as \(example)") { value in
            guard let entries = value.entries, !entries.isEmpty else { return nil }
            let numbers = entries.compactMap { ValueFormat<Int>.integer(range).read($0) }
            return numbers.count == entries.count ? numbers : nil
        } write: {
            .list($0.map { .text("\($0)") })
        }
    }
}

extension ValueFormat where Value == [String] {
    package static func texts(_ expected: String) -> ValueFormat {
        ValueFormat(expected) { value in
            guard let entries = value.entries else { return nil }
            let texts = entries.compactMap(\.text)
            return texts.count == entries.count ? texts : nil
        } write: {
            .list($0.map { .text($0) })
        }
    }

    /// A program and its arguments as a list. A text is refused, because no shell is there to split it.
    package static var command: ValueFormat {
        ValueFormat("a list of a program and its arguments, such as [/usr/local/bin/to-mes, --line, \"3\"]") { value in
            guard case .list(let values) = value, !values.isEmpty else { return nil }
            let words = values.compactMap(\.text)
            return words.count == values.count ? words : nil
        } write: {
            .list($0.map { .text($0) })
        }
    }
}
