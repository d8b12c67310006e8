import MuScBackbone
import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScWatching
import SystemPackage

/// One key of the configuration: how it is called in each layer, and how its value is taken over.
package struct ConfigurationKey: Sendable {
    /// Section and name, as in `scoring.r_list`.
    package var name: String
    /// The variable that sets it, or nil.
    package var variable: String?
    var apply: @Sendable (inout Configuration, ConfigurationValue) throws(ConfigurationValue.Fault) -> Void

    init(
        _ name: String, variable: String? = nil,
        _ apply: @escaping @Sendable (inout Configuration, ConfigurationValue) throws(ConfigurationValue.Fault) -> Void
    ) {
        self.name = name
        self.variable = variable
        self.apply = apply
    }

    /// The key of this name, or nil.
    static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }

    package static let all: [ConfigurationKey] =
        watch + images + model + scoring + judges + output + alarms + hooks + log

    private static let watch: [ConfigurationKey] = [
        ConfigurationKey("watch.roots") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.roots = []
            configuration.rootOverrides = []
            for entry in try value.entries("a list of folders") {
                if case .mapping(var values) = entry {
                    let folder = try (values.removeValue(forKey: "folder") ?? .none).string("a root with the key folder")
                    configuration.watch.roots.append(FilePath(folder))
                    var texts: [String: String] = [:]
                    for (key, value) in values { texts[key] = try value.string() }
                    configuration.rootOverrides.append(.init(folder: folder, values: texts))
                } else {
                    configuration.watch.roots.append(FilePath(try entry.string("a folder")))
                }
            }
        },
        ConfigurationKey("watch.settle_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.settleSeconds = try value.number(0...86_400)
        },
        ConfigurationKey("watch.ready_file") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.readyFile = value == .none ? nil : try value.string("a file name")
        },
        ConfigurationKey("watch.min_images") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.minImages = try value.integer(2...(.max))
        },
        ConfigurationKey("watch.max_wait_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.maxWaitSeconds = try value.number(0...(.infinity))
        },
        ConfigurationKey("watch.ignore") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.ignore = []
            for entry in try value.entries("a list of patterns, such as [\"*.part\"]") {
                configuration.watch.ignore.append(try entry.string("a pattern, such as *.part"))
            }
        },
        ConfigurationKey("watch.poll_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.pollSeconds = try value.number(0...86_400)
        },
        ConfigurationKey("watch.on_new_images") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.onNewImages = try value.choice()
        },
        ConfigurationKey("watch.stop_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.stopSeconds = try value.number(0...86_400)
        },
        ConfigurationKey("watch.retry_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.retryDelaySeconds = try value.number(0...86_400)
        },
        ConfigurationKey("watch.retry_limit") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.watch.retryLimit = try value.integer(1...1000)
        },
        ConfigurationKey("watch.metrics_file") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.metricsFile = value == .none ? nil : FilePath(try value.string("a file"))
        },
    ]

    private static let images: [ConfigurationKey] = [
        ConfigurationKey("images.max_pixels") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.imageLimits.maxPixels = try value.integer(1...1_000_000_000_000)
        },
        ConfigurationKey("images.max_megabytes") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.imageLimits.maxFileBytes = try value.integer(1...1_000_000) << 20
        },
    ]

    private static let model: [ConfigurationKey] = [
        ConfigurationKey("model.backbone", variable: "MUSC_BACKBONE") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.backbone = try value.string("a backbone's name, or a JSON file that describes one")
        },
        ConfigurationKey("model.pretrained", variable: "MUSC_PRETRAINED") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.pretrained = value == .none ? nil : try value.string("openai, laion400m_e31 or laion400m_e32")
        },
        ConfigurationKey("model.image_size", variable: "MUSC_IMAGE_SIZE") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            if value == .none || value == .text("auto") {
                configuration.imageSize = value == .none ? nil : .auto
                return
            }
            guard case .text(let text) = value, let size = ImageSize(text),
                max(size.width, size.height) <= ScoringSettings.longestSide
            else {
                throw .init(
                    found: value.shown,
                    expected: "pixels from 1 to \(ScoringSettings.longestSide), such as 336, 1008x672 (width, height), or auto")
            }
            configuration.imageSize = .fixed(size)
        },
        ConfigurationKey("model.tile", variable: "MUSC_TILE") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.tile =
                switch value {
                case .text("preset"): nil
                case .none: 0
                default: try value.integer(TilePlan.shortestTile...1024)
                }
        },
        ConfigurationKey("model.region", variable: "MUSC_REGION") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.region = try value.region()
        },
        ConfigurationKey("model.feature_layers", variable: "MUSC_FEATURE_LAYERS") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.featureLayers = value == .none ? nil : try value.integers(0...255, example: "2,5,8")
        },
        ConfigurationKey("model.activation") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.activation =
                switch try value.choice(ActivationChoice.self) {
                case .gelu: .gelu
                case .quickGELU: .quickGELU
                case .reference: nil
                }
        },
    ]

    private static let scoring: [ConfigurationKey] = [
        ConfigurationKey("scoring.preset", variable: "MUSC_PRESET") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.preset = try value.choice()
        },
        ConfigurationKey("scoring.r_list", variable: "MUSC_R_LIST") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.degrees = value.isUnset ? nil : try value.integers(1...99, example: "1,3,5")
        },
        ConfigurationKey("scoring.interval", variable: "MUSC_INTERVAL") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            if value.isUnset {
                configuration.interval = nil
                return
            }
            let expected = "two shares from 0 to 1, the first the smaller, such as 0,0.3"
            var bounds: [Double] = []
            for entry in try value.entries(expected) { bounds.append(try entry.number(0...1)) }
            guard bounds.count == 2, bounds[0] < bounds[1] else { throw .init(found: value.shown, expected: expected) }
            configuration.interval = MutualScoring.Interval(lower: bounds[0], upper: bounds[1])
        },
        ConfigurationKey("scoring.window", variable: "MUSC_WINDOW") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.window =
                switch value {
                case .none: ScoringSettings.Window.none
                case .text("preset"): nil
                default: .patches(try value.integer(0...8192))
                }
        },
        ConfigurationKey("scoring.judges", variable: "MUSC_JUDGES") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.judges =
                switch value {
                case .text("all"): .all
                case .text("auto"): .auto
                case .text("preset"): nil
                default: .count(try value.integer(1...(.max)))
                }
        },
        ConfigurationKey("scoring.time_limit_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.timeLimit = try value.number(1...(.infinity))
        },
        ConfigurationKey("scoring.rscin", variable: "MUSC_RSCIN") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.rscin = value.isUnset ? nil : try value.choice()
        },
        ConfigurationKey("scoring.rscin_windows", variable: "MUSC_RSCIN_WINDOWS") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.rscinWindows = value.isUnset ? nil : try value.integers(1...100_000, example: "1,2,3")
        },
        ConfigurationKey("scoring.subsets", variable: "MUSC_SUBSETS") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.subsets = try value.integer(1...100_000)
        },
        ConfigurationKey("scoring.precision", variable: "MUSC_PRECISION") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.precision = value == .none ? nil : try value.choice()
        },
        ConfigurationKey("scoring.memory", variable: "MUSC_MEMORY") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.memory = value == .none ? nil : try value.bytes()
        },
        ConfigurationKey("scoring.threads", variable: "MUSC_THREADS") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.threads = value == .none ? processorCount() : try value.integer(1...1024)
        },
    ]

    private static let judges: [ConfigurationKey] = [
        ConfigurationKey("judges.known_good", variable: "MUSC_KNOWN_GOOD") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.knownGood = value == .none ? nil : FilePath(try value.string("a folder of images"))
        },
        ConfigurationKey("judges.recurring_marks", variable: "MUSC_RECURRING_MARKS") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.recurringMarks = value.isUnset ? nil : try value.choice()
        },
        ConfigurationKey("judges.line_memory") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.lineMemory =
                switch value {
                case .none: 0
                case .text("preset"): nil
                default: try value.integer(0...10_000)
                }
        },
    ]

    private static let output: [ConfigurationKey] = [
        ConfigurationKey("output.where", variable: "MUSC_OUT") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            let place = try value.string("alongside, or a folder")
            configuration.output.location = place == "alongside" ? .alongside : .under(place)
            configuration.watch.outputFolder = place == "alongside" ? nil : FilePath(place)
        },
        ConfigurationKey("output.folder_name") { (configuration, value) throws(ConfigurationValue.Fault) in
            let name = try value.string("a folder name")
            guard !name.contains("/"), name != ".", name != ".." else {
                throw .init(found: name, expected: "one folder name without slashes, such as _musc")
            }
            configuration.output.folderName = name
            configuration.watch.resultsFolderName = name
        },
        ConfigurationKey("output.overlays") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.output.overlays = value == .none ? OutputOptions.Overlays.none : try value.choice()
        },
        ConfigurationKey("output.normalisation") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.output.normalisation = try value.choice()
        },
        ConfigurationKey("output.colormap") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.output.colormap = try value.choice()
        },
        ConfigurationKey("output.maps") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.output.maps = value == .none ? OutputOptions.Maps.none : try value.choice()
        },
        ConfigurationKey("output.threshold", variable: "MUSC_THRESHOLD") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            if case .text("auto") = value {
                configuration.threshold = nil
                return
            }
            guard case .text(let text) = value, let number = Float(text), number >= 0 else {
                throw .init(found: value.shown, expected: "auto, or a number on the score, 0 or more")
            }
            configuration.threshold = number
        },
        ConfigurationKey("output.copy_flagged_to") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.flaggedFolder = value == .none ? nil : FilePath(try value.string("a folder"))
        },
    ]

    private static let hooks: [ConfigurationKey] = [
        ConfigurationKey("hooks.on_batch") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.hooks.onBatch = try value.command()
        },
        ConfigurationKey("hooks.on_flagged") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.hooks.onFlagged = try value.command()
        },
        ConfigurationKey("hooks.timeout_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.hooks.timeoutSeconds = try value.number(0.1...86_400)
        },
        ConfigurationKey("hooks.webhook") { (configuration, value) throws(ConfigurationValue.Fault) in
            let expected = "a URL that begins with https:// or http://, or a list of them"
            configuration.hooks.webhooks = []
            // A comma may be part of a URL, so that a text is one.
            let entries: [ConfigurationValue] = if case .list(let list) = value { list } else if value == .none { [] } else { [value] }
            for entry in entries {
                let url = try entry.string(expected)
                guard ["https://", "http://"].contains(where: { url.hasPrefix($0) && url.count > $0.count }),
                    !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
                else { throw .init(found: url, expected: expected) }
                if !configuration.hooks.webhooks.contains(url) { configuration.hooks.webhooks.append(url) }
            }
        },
        ConfigurationKey("hooks.webhook_headers_file") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.hooks.webhookHeadersFile = value == .none ? nil : FilePath(try value.string("a file"))
        },
        ConfigurationKey("hooks.webhook_timeout_seconds") { (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.hooks.webhookTimeoutSeconds = try value.number(1...3600)
        },
    ]

    private static let alarms: [ConfigurationKey] = [
        ConfigurationKey("output.false_alarm_rate", variable: "MUSC_FALSE_ALARM_RATE") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            let expected = "a share above 0 and below 1, such as 0.05"
            guard case .text(let text) = value, let rate = Double(text), rate > 0, rate < 1 else {
                throw .init(found: value.shown, expected: expected)
            }
            configuration.falseAlarmRate = rate
        }
    ]

    private static let log: [ConfigurationKey] = [
        ConfigurationKey("log.level", variable: "MUSC_LOG_LEVEL") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.logLevel = try value.choice()
        },
        ConfigurationKey("log.format", variable: "MUSC_LOG_FORMAT") {
            (configuration, value) throws(ConfigurationValue.Fault) in
            configuration.logFormat = try value.choice()
        },
    ]
}

/// The values of `model.activation`.
private enum ActivationChoice: String, CaseIterable {
    case gelu, quickGELU = "quick_gelu", reference
}
