import MuScBatch
import MuScHooks
import MuScResults
import MuScSupport
import MuScWatching
import SystemPackage

extension Configuration {
    package typealias Key = ConfigurationKey<Configuration>

    /// Every key, in the order of `watch-config/musc.yaml`: what most people need first.
    ///
    /// Those that decide scores are ``ScoringSettings/keys``; see there for how an entry reads.
    package static let keys: [Key] =
        folderKeys + judgeKeys + scoring("judges") + scoring("output") + outputKeys + hookKeys
        + modelKeys + scoring("model") + scoring("scoring") + scoring("images") + logKeys

    /// The key of this name, or nil.
    package static func key(named name: String) -> Key? { keys.first { $0.name == name } }

    /// The keys of scoring in one section, as keys of a configuration, which holds what was said of them until there is
    /// a backbone.
    private static func scoring(_ section: String) -> [Key] {
        ScoringSettings.keys.filter { $0.section == section && $0.isSettable }.map { key in
            Key(like: key) { (configuration, value) throws(ConfigurationValue.Fault) in
                if value == key.unset {
                    configuration.scoring[key.name] = nil
                    return
                }
                var tried = Self.standardSettings
                try key.set(&tried, value)
                // As it is recorded, however it was written.
                configuration.scoring[key.name] = key.get(tried)
            } get: { configuration in
                configuration.scoring[key.name] ?? key.unset ?? key.get(Self.standardSettings)
            }
        }
    }

    private static let folderKeys: [Key] = [
        Key(
            "watch.roots", \.dropFolders, .dropFolders, decides: false, help: "Drop folders.",
            details: """
                Every folder below one that holds images itself is one batch; images in a drop folder itself are one too. \
                Folders given on the command line take the place of these.
                  roots: [/srv/drop, /data/line-b]
                A drop folder may have values of its own for some of the keys below, in place of theirs:
                  roots: [/srv/drop, {folder: /data/line-b, known_good: /data/good-b}]
                """),
        Key(
            "watch.batch_level", \.watch.batchLevel, .emptyOr(.integer(0...64)), decides: false,
            help: "How many levels below a drop folder a folder lies that is one batch together with all folders in it.",
            details: """
                For lines that make a folder for each part, or for each day with one for each hour in it. With 1, drop/monday/kos01/a.jpg \
                and drop/monday/kos02/a.jpg are one batch, monday. Left empty, each folder that holds images is a batch of its own.
                """),
        Key(
            "watch.settle_seconds", \.watch.settleSeconds, .number(0...86_400), decides: false,
            help: "A batch is ready when nothing in its folder has changed for this many seconds.",
            details: "Longer than the longest pause of whatever delivers the images."),
        Key(
            "watch.ready_file", \.watch.readyFile, .emptyOr(.text("a file's name")), decides: false,
            help: "A file, such as done.txt, whose appearance makes a batch ready, and nothing else does.",
            details: """
                Whatever the clock says. The surest way where the program that delivers images can write one. Left empty, \
                settle_seconds decides.
                """),
        Key(
            "watch.min_images", \.watch.minImages, .integer(2...(.max)), decides: false,
            help: "Fewer images than this wait for more: images judge each other, and few judge badly."),
        Key(
            "watch.max_wait_seconds", \.watch.maxWaitSeconds, .number(0...(.infinity)), decides: false,
            help: "After this many seconds a batch with fewer images is scored as it is, if there are at least 2."),
        Key(
            "watch.ignore", \.watch.ignore, .texts("a list of patterns, such as [\"*.part\"]"), decides: false,
            help: "Names that are never taken for images, as shell patterns; upper and lower case are alike.",
            details: "Programs that deliver files under a temporary name and rename them at the end belong here."),
        Key(
            "watch.on_new_images", \.watch.onNewImages, .choice(), decides: false,
            help: "What images lead to that arrive after their batch was scored.",
            details: """
                  rescore     the whole folder is scored again, and its results are replaced
                  new-batch   the new images alone are scored, with results of their own beside the first
                  ignore      nothing
                """),
        Key(
            "watch.poll_seconds", \.watch.pollSeconds, .number(0...86_400), decides: false,
            help: "More than 0: also scan the drop folders every so many seconds.",
            details: """
                File systems that do not tell of changes made elsewhere (NFS, SMB, FUSE) are recognised and scanned every \
                30 seconds without it; `musc doctor` says which are.
                """),
        Key(
            "watch.retry_seconds", \.watch.retryDelaySeconds, .number(0...86_400), decides: false,
            help: "Seconds until a batch that failed is tried again; each further time takes four times as long, an hour at most."),
        Key(
            "watch.retry_limit", \.watch.retryLimit, .integer(1...1000), decides: false,
            help: "Tries after which a failed batch is held until `musc retry`."),
        Key(
            "watch.jobs", \.watch.jobs, .integer(1...1024), flag: "jobs", "count", decides: false,
            help: "How many batches a watcher scores at the same time."),
        Key(
            "watch.stop_seconds", \.watch.stopSeconds, .number(0...86_400), decides: false,
            help: "Seconds that a batch being scored has to end after SIGTERM or SIGINT; else it is scored again at the next start."),
        Key(
            "watch.metrics_file", \.watch.metricsFile, .emptyOr(.path("a file")), flag: "metrics-file", "file", decides: false,
            help: "A file for Prometheus's node_exporter (textfile collector): batches, images, seconds, failures, queue.",
            details: "A sweep and a watcher write it."),
    ]

    private static let judgeKeys: [Key] = [
        Key(
            "judges.known_good", \.knownGood, .emptyOr(.path("a folder of images")), flag: "known-good", "folder", isPerRoot: true,
            help: "A folder of images that somebody has found good: they judge, and are not judged.",
            details: """
                They set the threshold, so that no more than output.false_alarm_rate of good parts are flagged.
                """),
        Key(
            "judges.line_memory", \.lineMemory, .nilWord("preset", or: .integer(0...10_000).word("off", for: 0)),
            help: "How many images of the same line's earlier batches judge along where a batch is small; off for none.",
            details: "A line is the folder that its batches lie in. tuned: 48; paper: off."),
    ]

    /// The keys of which a drop folder may have a value of its own, by their names within their sections.
    fileprivate static var namesOfDropFolders: [String] {
        judgeKeys.filter(\.isPerRoot).map { String($0.ownName) } + ScoringSettings.keys.filter(\.isPerRoot).map { String($0.ownName) }
    }

    private static let outputKeys: [Key] = [
        Key(
            "output.where", \.resultsPlace, .nilWord("alongside", or: .path("a folder")), flag: "out", "folder", decides: false,
            help: "A folder for the results instead of beside the images.",
            details: "alongside: in each batch's folder. Under a folder the drop folder's tree is repeated."),
        Key(
            "output.folder_name", \.resultsFolderName, .folderName, decides: false, help: "The name of the results' folder."),
        Key(
            "output.look", \.output.look, .shareOfBatch.word("off", for: 0), decides: false,
            help: "The share of a batch that is worth a look: the highest scores, counted with the flagged ones.",
            details: "A reading order, not a suspicion: a clean batch has it too."),
        Key(
            "output.overlays", \.output.overlays, .choice(off: OutputOptions.Overlays.none), decides: false,
            help: "Which images get a heat map at full size, as PNG: all, look, flagged, or off.",
            details: "look: those that are flagged or worth a look. The page draws its own and needs none."),
        Key(
            "output.normalisation", \.output.normalisation, .choice(), decides: false,
            help: "What the heat maps' colours span: batch or image.",
            details: """
                batch: one scale whose bright end begins at the threshold, so that a clean image looks clean; image: each \
                from its own lowest to highest.
                """),
        Key(
            "output.colormap", \.output.colormap, .choice(), flag: "colormap", "name", decides: false,
            help: "The heat maps' colours: viridis, inferno, grey, turbo or jet.",
            details: "The first three are for colour-blind readers, too."),
        Key(
            "output.maps", \.output.maps, .choice(off: OutputOptions.Maps.none), flag: "maps", "format", decides: false,
            help: "Anomaly maps as data for other programs: off, tiff (32-bit floating point) or png16."),
        Key(
            "output.masks", \.output.masks, .choice(off: OutputOptions.Masks.none), decides: false,
            help: "Masks of the defect regions at the photograph's size, 8-bit PNG: off, flagged or all."),
        Key(
            "output.regions", \.output.regionsFile, .choice(off: OutputOptions.RegionsFile.none), decides: false,
            help: "The defect regions for labelling tools: off or coco. They are in regions.csv and run.json in any case."),
        Key(
            "output.least_region", \.output.leastRegion, .integer(0...1_000_000_000), decides: false,
            help: "Defect regions of fewer pixels of the photograph are left out."),
        Key(
            "output.spot_checks", \.output.spotChecks, .integer(0...1000), decides: false,
            help: "How many images that were not flagged each report asks somebody to check; 0: none.",
            details: """
                They are drawn at random, one after the other; flagged ones that come up on the way belong to the draw. Of them \
                alone it is known how many defects slip through, and from five on those that were found good set the line's \
                threshold.
                """),
        Key(
            "output.csv", \.output.csv, .csvStyle, decides: false,
            help: "How scores.csv and regions.csv are written: separator, decimal sign, byte order mark.",
            details: """
                German and French spreadsheets want another one:
                  csv: {separator: semicolon, decimal: comma, bom: true}
                separator: comma, semicolon or tab; decimal: dot or comma; bom: true helps Excel to know UTF-8.
                """),
        Key(
            "output.workbook", \.output.workbook, .choice(off: OutputOptions.WorkbookFile.none), decides: false,
            help: "Both tables as a workbook for spreadsheets of any language: off or xlsx (scores.xlsx)."),
        Key(
            "output.schema", \.output.recordFormat, .integer(1...RunRecord.currentFormat), decides: false,
            help: "How keys are named in run.json: 2, with underscores as in --json; 1, as version 0.1 had them.",
            details: "1 is for programs that read weightsSHA256 or leftOut, and goes with the next version."),
        Key(
            "output.copy_flagged_to", \.flaggedFolder, .emptyOr(.path("a folder")), decides: false,
            help: "A folder that the photographs of flagged images are copied to, each batch into a folder of its name.",
            details: """
                What lay there of an earlier scoring of the same batch is replaced. For programs that watch a folder.
                """),
    ]

    private static let hookKeys: [Key] = [
        Key(
            "hooks.on_batch", \.hooks.onBatch, .emptyOr(.command), decides: false,
            help: "A command that is run after each batch, as a list: program and arguments, without a shell.",
            details: """
                It gets the batch's result on standard input: the JSON object that `musc run --json` prints.
                  on_batch: [/usr/local/bin/to-mes, --line, "3"]
                """),
        Key(
            "hooks.on_flagged", \.hooks.onFlagged, .emptyOr(.command), decides: false,
            help: "A command that is run for each flagged image, with that image and its batch as a JSON object on standard input."),
        Key(
            "hooks.on_verdict", \.hooks.onVerdict, .emptyOr(.command), decides: false,
            help: "A command that is run for each verdict that somebody gives, with the verdict as a JSON object on standard input.",
            details: """
                Whether it is given with `musc verdict`, in a page that `musc serve` gives, or in a file that is dropped.
                """),
        Key(
            "hooks.timeout_seconds", \.hooks.timeoutSeconds, .number(0.1...86_400), decides: false,
            help: "Seconds after which a hook that still runs is ended."),
        Key(
            "hooks.webhook", \.hooks.webhooks, .webhooks, decides: false,
            help: "A URL, or a list of them, to which the JSON object of each batch, and of each verdict, is sent by POST.",
            details: """
                It is kept in the ledger until the receiver has answered with a status of 200 to 299, in order, for as \
                long as it takes; the header Idempotency-Key is the same whenever the same result is sent again.
                """),
        Key(
            "hooks.webhook_headers_file", \.hooks.webhookHeadersFile, .emptyOr(.path("a file")), decides: false,
            help: "A file of header lines that are sent along, such as \"Authorization: Bearer …\".",
            details: "Keep it readable by musc's user alone."),
        Key(
            "hooks.webhook_timeout_seconds", \.hooks.webhookTimeoutSeconds, .number(1...3600), decides: false,
            help: "Seconds that a receiver has to answer."),
    ]

    private static let modelKeys: [Key] = [
        Key(
            "model.backbone", \.backbone, .text("a backbone's name, or a JSON file that describes one"), flag: "backbone", "name",
            help: "The network: a name of `musc weights list`, or a JSON file that describes one."),
        Key(
            "model.pretrained", \.pretrained, .emptyOr(.text("openai, laion400m_e31 or laion400m_e32")), flag: "pretrained", "tag",
            help: "Which weights of a CLIP backbone: openai, laion400m_e31 or laion400m_e32.",
            details: "Left empty, the backbone's usual ones."),
    ]

    private static let logKeys: [Key] = [
        Key(
            "log.level", \.logLevel, .choice(), flag: "log-level", "level", decides: false,
            help: "How much is logged: debug, info, notice, warning or error."),
        Key(
            "log.format", \.logFormat, .choice(), flag: "log-format", "format", decides: false,
            help: "text, or json: one object a line."),
    ]
}

// MARK: How values are written that only the command has

extension ValueFormat where Value == String {
    fileprivate static var folderName: ValueFormat {
        ValueFormat("one folder name without slashes, such as _musc") { value in
            value.text.flatMap { $0.contains("/") || $0 == "." || $0 == ".." ? nil : $0 }
        } write: {
            .text($0)
        }
    }
}

extension ValueFormat where Value == Double {
    /// A share from 0 to 1, as a number or with a percent sign behind it.
    fileprivate static var shareOfBatch: ValueFormat {
        ValueFormat("a share of the batch, such as 20% or 0.2") { value in
            guard let text = value.text else { return nil }
            let isPercent = text.hasSuffix("%")
            guard let number = Double(isPercent ? String(text.dropLast()) : text), (0...(isPercent ? 100 : 1)).contains(number)
            else { return nil }
            return isPercent ? number / 100 : number
        } write: { share in
            let percent = (share * 1e6).rounded() / 1e4
            return .text(percent / 100 == share ? "\(ValueFormat<Double>.shown(percent))%" : "\(share)")
        }
    }
}

extension ValueFormat where Value == CSVStyle {
    fileprivate static var csvStyle: ValueFormat {
        ValueFormat("such as {separator: semicolon, decimal: comma, bom: true}") { value in
            guard case .mapping(let values) = value, Set(values.keys).isSubset(of: ["separator", "decimal", "bom"])
            else { return nil }
            var style = CSVStyle()
            if let given = values["separator"] {
                guard let separator = ValueFormat<CSVStyle.Separator>.choice().read(given) else { return nil }
                style.separator = separator
            }
            if let given = values["decimal"] {
                guard let decimal = ValueFormat<CSVStyle.Decimal>.choice().read(given) else { return nil }
                style.decimal = decimal
            }
            if let given = values["bom"] {
                guard let bom = given.text.flatMap({ Bool($0) }) else { return nil }
                style.bom = bom
            }
            return style
        } write: { style in
            .mapping([
                "separator": .text(style.separator.rawValue), "decimal": .text(style.decimal.rawValue),
                "bom": .text("\(style.bom)"),
            ])
        }
    }
}

extension ValueFormat where Value == [String] {
    fileprivate static var webhooks: ValueFormat {
        ValueFormat("a URL that begins with https:// or http://, or a list of them", formerNone: .empty) { value in
            // A comma may be part of a URL, so that a text is one.
            let entries: [ConfigurationValue] = if case .list(let list) = value { list } else if value == .empty { [] } else { [value] }
            var urls: [String] = []
            for entry in entries {
                guard let url = entry.text, ["https://", "http://"].contains(where: { url.hasPrefix($0) && url.count > $0.count }),
                    !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
                else { return nil }
                if !urls.contains(url) { urls.append(url) }
            }
            return urls
        } write: {
            $0.isEmpty ? .empty : .list($0.map { .text($0) })
        }
    }
}

extension ValueFormat where Value == [Configuration.DropFolder] {
    fileprivate static var dropFolders: ValueFormat {
        let own = (["folder"] + Configuration.namesOfDropFolders).joined(separator: ", ")
        return ValueFormat("a list of folders, or of {\(own)} where a folder has values of its own", formerNone: .empty) { value in
            guard let entries = value.entries else { return nil }
            let folders = entries.compactMap { Configuration.DropFolder($0) }
            return folders.count == entries.count ? folders : nil
        } write: {
            .list($0.map(\.written))
        }
    }
}
