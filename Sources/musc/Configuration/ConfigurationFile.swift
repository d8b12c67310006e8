import FoundationEssentials
import Yams

/// Reads the layers of the configuration and applies them in order: file, environment, flags.
package enum ConfigurationLayers {
    /// The configuration that results.
    ///
    /// - Parameters:
    ///   - file: A YAML file, or nil.
    ///   - environment: Variables by name; the ones of ``ConfigurationKey`` are taken.
    ///   - flags: Values by key, as given on the command line.
    ///   - defaults: What holds where no layer says otherwise.
    ///   - said: Gets what the layers say, by key, the last word of each.
    /// - Throws: ``ConfigurationFault`` that says where the value stands and what would be right.
    package static func configuration(
        file: String?, environment: [String: String], flags: [(key: String, flag: String, value: ConfigurationValue)],
        defaults: Configuration = Configuration(), said: inout [String: ConfigurationValue]
    ) throws(ConfigurationFault) -> Configuration {
        var configuration = defaults
        if let file { try apply(file: file, to: &configuration, &said) }
        for key in ConfigurationKey.all {
            guard let variable = key.variable, let text = environment[variable], !text.isEmpty else { continue }
            try apply(key, ConfigurationValue(scalar: text), place: "environment variable \(variable)", to: &configuration)
            said[key.name] = ConfigurationValue(scalar: text)
        }
        for (name, flag, value) in flags {
            guard let key = ConfigurationKey.named(name) else { continue }
            try apply(key, value, place: "--\(flag)", to: &configuration)
            said[name] = value
        }
        return configuration
    }

    /// The same for those who do not ask what was said.
    package static func configuration(
        file: String?, environment: [String: String], flags: [(key: String, flag: String, value: ConfigurationValue)],
        defaults: Configuration = Configuration()
    ) throws(ConfigurationFault) -> Configuration {
        var said: [String: ConfigurationValue] = [:]
        return try configuration(
            file: file, environment: environment, flags: flags, defaults: defaults, said: &said)
    }

    private static func apply(
        _ key: ConfigurationKey, _ value: ConfigurationValue, place: String, to configuration: inout Configuration
    ) throws(ConfigurationFault) {
        do {
            try key.apply(&configuration, value)
        } catch {
            throw ConfigurationFault(place: place, key: key.name, fault: "“\(error.found)” is not \(error.expected)")
        }
    }

    private static func apply(
        file: String, to configuration: inout Configuration, _ said: inout [String: ConfigurationValue]
    ) throws(ConfigurationFault) {
        let root: Node?
        do {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw ConfigurationFault(
                    place: file, key: nil, fault: "cannot be read: check that the file exists and is readable")
            }
            root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self))
        } catch let fault as ConfigurationFault {
            throw fault
        } catch let error as YamlError {
            throw ConfigurationFault(place: file, key: nil, fault: "is not YAML: \(error)")
        } catch {
            throw ConfigurationFault(place: file, key: nil, fault: "cannot be read: \(error)")
        }
        guard let root, root.isEmptyDocument == false else { return }
        guard let sections = root.mapping else {
            throw ConfigurationFault(place: file, key: nil, fault: "is not a mapping of sections (watch, model, scoring …)")
        }
        let names = Set(ConfigurationKey.all.map { String($0.name.prefix { $0 != "." }) })
        for (sectionNode, content) in sections {
            let section = sectionNode.string ?? ""
            let line = sectionNode.mark?.line ?? 0
            guard names.contains(section) else {
                throw ConfigurationFault(
                    place: "\(file):\(line)", key: section,
                    fault: "is no section" + suggestion(for: section, among: Array(names)))
            }
            guard let values = content.mapping else {
                if ConfigurationValue(content) == .none { continue }
                throw ConfigurationFault(place: "\(file):\(line)", key: section, fault: "holds no keys")
            }
            for (keyNode, valueNode) in values {
                let name = "\(section).\(keyNode.string ?? "")"
                let place = "\(file):\(keyNode.mark?.line ?? line)"
                guard let key = ConfigurationKey.named(name) else {
                    throw ConfigurationFault(
                        place: place, key: name,
                        fault: "is no key" + suggestion(for: name, among: ConfigurationKey.all.map(\.name)))
                }
                try apply(key, ConfigurationValue(valueNode), place: place, to: &configuration)
                said[name] = ConfigurationValue(valueNode)
            }
        }
    }

    /// ": did you mean …?", where a name is near enough.
    static func suggestion(for name: String, among names: [String]) -> String {
        let nearest = names.map { ($0, editDistance($0, name)) }.min { ($0.1, $0.0) < ($1.1, $1.0) }
        guard let (candidate, distance) = nearest, distance <= max(2, name.count / 3) else {
            return ": see watch-config/musc.yaml for all of them"
        }
        return ": did you mean \(candidate)?"
    }

    /// Levenshtein's distance.
    private static func editDistance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(diagonal + (x == y ? 0 : 1), above + 1, row[j] + 1)
                diagonal = above
            }
        }
        return row[b.count]
    }
}

/// A value of the configuration that cannot be used: where it stands, which key, and what would be right.
package struct ConfigurationFault: Error, CustomStringConvertible {
    /// File and line, variable or flag.
    var place: String
    var key: String?
    var fault: String

    package var description: String { "\(place): \(key.map { "\($0): " } ?? "")\(fault)" }
}

extension ConfigurationValue {
    /// A scalar of the environment or a flag.
    init(scalar text: String) {
        self = ["none", "null", "~"].contains(text) ? .none : .text(text)
    }

    init(_ node: Node) {
        if let sequence = node.sequence {
            self = .list(sequence.map { ConfigurationValue($0) })
        } else if let mapping = node.mapping {
            var values: [String: ConfigurationValue] = [:]
            for (key, value) in mapping { values[key.string ?? ""] = ConfigurationValue(value) }
            self = .mapping(values)
        } else if let scalar = node.scalar, !scalar.string.isEmpty {
            // A quoted word is a text even where the bare word means nothing.
            self = scalar.style == .plain ? ConfigurationValue(scalar: scalar.string) : .text(scalar.string)
        } else {
            self = .none
        }
    }
}

extension Node {
    fileprivate var isEmptyDocument: Bool { scalar?.string.isEmpty ?? false }
}
