import FoundationEssentials
import MuScSupport
import Yams

/// Reads the layers of the configuration and applies them in order: file, environment, flags.
package enum ConfigurationLayers {
    /// The configuration that results.
    ///
    /// - Parameters:
    ///   - file: A YAML file, or nil.
    ///   - environment: Variables by name; the ones of ``Configuration/keys`` are taken.
    ///   - flags: As given on the command line.
    ///   - defaults: What holds where no layer says otherwise.
    /// - Throws: ``ConfigurationFault`` that says where the value stands and what would be right.
    package static func configuration(
        file: String?, environment: [String: String], flags: [GivenFlag], defaults: Configuration = Configuration()
    ) throws(ConfigurationFault) -> Configuration {
        var configuration = defaults
        if let file { try apply(file: file, to: &configuration) }
        for key in Configuration.keys {
            guard let variable = key.variable, let text = environment[variable], !text.isEmpty else { continue }
            try apply(key, ConfigurationValue(scalar: text), place: "environment variable \(variable)", to: &configuration)
        }
        for flag in flags {
            guard let key = Configuration.key(named: flag.key) else { continue }
            try apply(key, flag.value, place: "--\(flag.flag)", to: &configuration)
        }
        configuration.output.imageLimits = configuration.statedSettings.imageLimits
        return configuration
    }

    private static func apply(
        _ key: Configuration.Key, _ given: ConfigurationValue, place: String, to configuration: inout Configuration
    ) throws(ConfigurationFault) {
        var value = given
        if given == .bareNone, let today = key.formerNone {
            value = today
            let instead = today == .empty ? "leave it empty" : "write “\(today.shown)”"
            configuration.notes.append("\(place): \(key.name): “none” is an old word that later versions will refuse: \(instead)")
        }
        do {
            try key.set(&configuration, value)
        } catch {
            throw ConfigurationFault(place: place, key: key.name, fault: "\(error)")
        }
        configuration.said[key.name] = Configuration.Said(value: value, place: place)
    }

    private static let allKeys = ": see watch-config/musc.yaml for all of them"

    private static func apply(
        file: String, to configuration: inout Configuration
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
        let names = Set(Configuration.keys.map { String($0.section) })
        for (sectionNode, content) in sections {
            let section = sectionNode.string ?? ""
            let line = sectionNode.mark?.line ?? 0
            guard names.contains(section) else {
                throw ConfigurationFault(
                    place: "\(file):\(line)", key: section,
                    fault: "is no section" + (Suggestion.nearest(to: section, among: Array(names)) ?? Self.allKeys))
            }
            guard let values = content.mapping else {
                if ConfigurationValue(content) == .empty { continue }
                throw ConfigurationFault(place: "\(file):\(line)", key: section, fault: "holds no keys")
            }
            for (keyNode, valueNode) in values {
                let name = "\(section).\(keyNode.string ?? "")"
                let place = "\(file):\(keyNode.mark?.line ?? line)"
                guard let key = Configuration.key(named: name) else {
                    throw ConfigurationFault(
                        place: place, key: name,
                        fault: "is no key" + (Suggestion.nearest(to: name, among: Configuration.keys.map(\.name)) ?? Self.allKeys))
                }
                try apply(key, ConfigurationValue(valueNode), place: place, to: &configuration)
            }
        }
    }
}

/// A flag of the command line that belongs to a key.
package struct GivenFlag: Sendable, Hashable {
    /// The key's name.
    package var key: String
    /// The flag, without dashes.
    package var flag: String
    package var value: ConfigurationValue

    package init(key: String, flag: String, value: ConfigurationValue) {
        (self.key, self.flag, self.value) = (key, flag, value)
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
            self = .empty
        }
    }
}

extension Node {
    fileprivate var isEmptyDocument: Bool { scalar?.string.isEmpty ?? false }
}
