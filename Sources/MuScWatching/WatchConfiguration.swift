import MuScSupport
import SystemPackage

/// What images that arrive after their batch is done lead to: the key `watch.on_new_images`.
package enum NewImagesPolicy: String, Sendable, CaseIterable, Codable {
    /// The whole folder is scored again and its results are replaced.
    case rescore
    /// The new images alone are a further batch, with results of its own beside the first.
    case newBatch = "new-batch"
    /// They are left alone.
    case ignore
}

/// How drop folders are watched: the keys `watch.*` of the configuration, and what the command adds to them.
package struct WatchConfiguration: Sendable, Equatable {
    /// Drop folders. Every folder below one that holds images itself is one batch; see ``batchLevel``.
    package var roots: [FilePath] = []
    /// How many levels below its drop folder a folder lies that is one batch together with all folders in it; nil where
    /// each folder that holds images is a batch of its own.
    package var batchLevel: Int?
    /// Seconds without a change after which a batch is ready.
    package var settleSeconds: Double = 10
    /// The name of a file whose appearance makes a batch ready, whatever the clock says.
    package var readyFile: String?
    /// Fewer images wait.
    package var minImages = 8
    /// Seconds after which fewer than ``minImages`` are scored too, if there are at least 2.
    package var maxWaitSeconds: Double = 3600
    /// Shell patterns of names that are never taken for images; letters of either case match.
    package var ignore = ["*.part", "*.tmp", "*.filepart", "*.crdownload", ".*", "~*"]
    /// Seconds between scans of a whole root; 0 scans only where events cannot be relied on.
    package var pollSeconds: Double = 0
    package var onNewImages = NewImagesPolicy.rescore

    /// The results' folder in each batch: `output.folder_name`.
    package var resultsFolderName = "_musc"
    /// The folder under which the drop folder's tree is repeated for the results, or nil for alongside the images:
    /// `output.where`.
    package var outputFolder: FilePath?
    /// The folder that flagged images are copied to, or nil: `output.copy_flagged_to`.
    package var copiesFolder: FilePath?
    /// Folders that are never looked into, such as known good images and copies of flagged ones that lie in a root.
    package var excludedFolders: [FilePath] = []

    /// A file for Prometheus, or nil: `watch.metrics_file`.
    package var metricsFile: FilePath?

    /// How many batches are scored at the same time.
    package var jobs = 1
    /// Seconds that a batch being scored is given to end once the program has been told to stop.
    package var stopSeconds: Double = 20
    /// Seconds until a failed batch is tried a second time; each further try waits four times as long, at most an hour.
    package var retryDelaySeconds: Double = 60
    /// Tries after which a failed batch is held.
    package var retryLimit = 5
    /// Seconds between scans of a root whose file system does not tell of every change, where ``pollSeconds`` is 0.
    package var silentPollSeconds: Double = 30
    /// Seconds between scans that make sure nothing was missed even where events are reliable.
    package var safetyScanSeconds: Double = 900

    package init(roots: [FilePath] = []) {
        self.roots = roots
    }

    /// The same with roots made absolute and free of symbolic links.
    ///
    /// - Throws: ``ConfigurationError`` where a root lies inside another, or a value is out of range.
    package func validated() throws(ConfigurationError) -> WatchConfiguration {
        var result = self
        result.roots = []
        for root in roots.map({ $0.canonical() }) where !result.roots.contains(root) {
            if let outer = result.roots.first(where: { root.isInside($0) || $0.isInside(root) }) {
                throw ConfigurationError(
                    key: "watch.roots",
                    reason: "\(root.text) and \(outer.text) overlap; name only the outer one, whose subfolders are watched anyway")
            }
            result.roots.append(root)
        }
        result.outputFolder = outputFolder?.canonical()
        result.excludedFolders = excludedFolders.map { $0.canonical() }
        for (key, place) in [("output.where", outputFolder), ("output.copy_flagged_to", copiesFolder)] {
            guard let place, let clash = Self.sharedLastName(result.roots) else { continue }
            throw ConfigurationError(
                key: key,
                reason: "two roots are called \(clash), and what belongs to them would mix under \(place.text); give them different names")
        }
        let seconds = [
            ("watch.settle_seconds", settleSeconds), ("watch.max_wait_seconds", maxWaitSeconds),
            ("watch.poll_seconds", pollSeconds), ("watch.stop_seconds", stopSeconds),
        ]
        for (key, value) in seconds where !(value.isFinite && value >= 0) {
            throw ConfigurationError(key: key, reason: "\(value) is no number of seconds; it must be 0 or more")
        }
        guard minImages >= 2 else {
            throw ConfigurationError(key: "watch.min_images", reason: "\(minImages) is too few: images judge each other, so it takes 2")
        }
        if let batchLevel, batchLevel < 0 {
            throw ConfigurationError(key: "watch.batch_level", reason: "\(batchLevel) is too little; it must be 0 or more")
        }
        guard jobs >= 1 else { throw ConfigurationError(key: "watch.jobs", reason: "\(jobs) is too few; it must be 1 or more") }
        for (key, name) in [("output.folder_name", resultsFolderName), ("watch.ready_file", readyFile ?? "ready")]
        where name.isEmpty || name.utf8.contains(UInt8(ascii: "/")) || name == "." || name == ".." {
            throw ConfigurationError(key: key, reason: "“\(name)” is no name of a single file or folder")
        }
        return result
    }

    /// A last name that several roots have, however it is written.
    private static func sharedLastName(_ roots: [FilePath]) -> String? {
        var seen: Set<String> = []
        for name in roots.compactMap(\.lastComponent) where !seen.insert(BatchName.folded(name)).inserted {
            return escapedText(name.string.utf8)
        }
        return nil
    }

    /// Where the results of a root go: the root itself, or its counterpart under ``outputFolder``.
    package func resultsRoot(of root: FilePath) -> FilePath {
        guard let outputFolder else { return root }
        guard roots.count > 1, let name = root.lastComponent else { return outputFolder }
        return outputFolder.appending(name)
    }

    /// Where the results of a batch are to appear.
    ///
    /// - Parameters:
    ///   - folder: The batch's folder, in or equal to `root`.
    ///   - sequence: 1 for a folder's first batch; the further ones of ``NewImagesPolicy/newBatch`` count up, and their
    ///     results' folders are called `_musc-2`, `_musc-3` …
    package func resultsFolder(of folder: FilePath, in root: FilePath, sequence: Int = 1) -> FilePath {
        let below = folder.relative(to: root).map { Array($0.components) } ?? []
        return ResultsPlace(outer: outputFolder == nil ? nil : resultsRoot(of: root), folderName: resultsFolderName)
            .folder(of: folder, named: below, sequence: sequence)
    }
}

/// A value of the configuration that cannot be used.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The key as the configuration file has it.
    package var key: String
    package var reason: String

    package init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }

    package var description: String { "\(key): \(reason)" }
}
