/// One key of the configuration: its names, what it means, and where its value lies.
///
/// Whatever else is known of a key follows from its entry: the documented file, the flag with its help, the variable,
/// the checks, and what is recorded of a run.
package struct ConfigurationKey<Root>: Sendable {
    /// Section and name, as in `scoring.r_list`.
    package var name: String
    /// The flag that sets it, without dashes; nil where only the file does.
    package var flag: String?
    /// What stands for the value in the flag's help.
    package var placeholder: String
    /// One sentence, for the flag's help and for the file.
    package var help: String
    /// What else there is to say, for the file; lines that begin with spaces are kept as they are.
    package var details: String
    /// Whether another value may lead to other scores or flags.
    package var decides: Bool
    /// Whether a drop folder may have a value of its own.
    package var isPerRoot: Bool
    /// The word that takes back what was set, where there is one: `preset`.
    package var unset: ConfigurationValue?
    /// What is right, to go on after "must be"; nil for what is recorded and cannot be set.
    package var expected: String?
    /// What is written today where earlier versions had `none`.
    package var formerNone: ConfigurationValue?
    /// Words that stand in the place of other values.
    package private(set) var words: [String] = []
    /// Whether values that are no such word are paths.
    private var holdsPaths = false
    /// Takes a value over.
    package var set: @Sendable (inout Root, ConfigurationValue) throws(ConfigurationValue.Fault) -> Void
    /// The value as it would be written.
    package var get: @Sendable (Root) -> ConfigurationValue

    /// - Parameters:
    ///   - path: Where the value lies.
    ///   - format: How it is read and written.
    package init<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ format: ValueFormat<Value>, flag: String? = nil,
        _ placeholder: String = "value", decides: Bool = true, isPerRoot: Bool = false, unset: String? = nil, help: String,
        details: String = ""
    ) {
        (self.name, self.flag, self.placeholder, self.help, self.details) = (name, flag, placeholder, help, details)
        (self.decides, self.isPerRoot) = (decides, isPerRoot)
        self.unset = unset.map { .text($0) }
        let expected = format.expected(besides: unset.map { [$0] } ?? [])
        self.expected = expected
        (words, holdsPaths) = (format.words + (unset.map { [$0] } ?? []), format.isPath)
        formerNone = format.formerNone ?? self.unset
        set = { (root, value) throws(ConfigurationValue.Fault) in
            guard let read = format.read(value) else { throw .init(found: value.shown, expected: expected) }
            root[keyPath: path] = read
        }
        get = { format.write($0[keyPath: path]) }
    }

    /// What is recorded under a name of its own, and decided by other keys.
    package init(recorded name: String, _ get: @escaping @Sendable (Root) -> String) {
        (self.name, placeholder, help, details, decides, isPerRoot) = (name, "", "", "", true, false)
        set = { (_, _) throws(ConfigurationValue.Fault) in }
        self.get = { .text(get($0)) }
    }

    package init(
        like other: ConfigurationKey<some Any>,
        set: @escaping @Sendable (inout Root, ConfigurationValue) throws(ConfigurationValue.Fault) -> Void,
        get: @escaping @Sendable (Root) -> ConfigurationValue
    ) {
        (name, flag, placeholder, help, details) = (other.name, other.flag, other.placeholder, other.help, other.details)
        (decides, isPerRoot, unset) = (other.decides, other.isPerRoot, other.unset)
        (expected, formerNone) = (other.expected, other.formerNone)
        (words, holdsPaths) = (other.words, other.holdsPaths)
        (self.set, self.get) = (set, get)
    }

    /// Whether a value names a file or folder.
    package func isPath(_ value: ConfigurationValue) -> Bool {
        holdsPaths && value != .empty && !words.contains { value == .text($0) }
    }

    package var section: Substring { name.prefix { $0 != "." } }
    /// The name within its section.
    package var ownName: Substring { name.dropFirst(section.count + 1) }
    /// The environment variable that sets it, called after its flag.
    package var variable: String? { flag.map { "MUSC_" + $0.uppercased().replacing("-", with: "_") } }
    /// Whether it can be set; else it is recorded alone.
    package var isSettable: Bool { expected != nil }
}
