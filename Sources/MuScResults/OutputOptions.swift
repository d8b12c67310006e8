import MuScImages
import MuScSupport
import SystemPackage

/// What is written beside a batch, and how its heat maps look: the `output` section of the configuration.
public struct OutputOptions: Sendable, Hashable {
    /// Which images get an overlay at full size.
    public enum Overlays: String, Sendable, Hashable, CaseIterable, Codable {
        case all
        /// Of those that are flagged or worth a look.
        case look
        case flagged, none
    }

    /// What the colours of a heat map span.
    public enum Normalisation: String, Sendable, Hashable, CaseIterable, Codable {
        /// One scale for the batch, anchored at the threshold, so that a clean image looks clean.
        case batch
        /// From the lowest to the highest patch score of the image itself.
        case image
    }

    /// Whether anomaly maps are written as data, and in which format.
    public enum Maps: String, Sendable, Hashable, CaseIterable, Codable {
        case none
        /// One float32 channel, scores as they are.
        case tiff
        /// One 16-bit channel, `round(score · 32767.5)`: 0 is a score of 0, 65535 one of 2, the largest possible.
        case png16
    }

    /// Of which images a mask of the regions is written: 255 where a region is, 0 elsewhere.
    public enum Masks: String, Sendable, Hashable, CaseIterable, Codable {
        case none, flagged, all
    }

    /// Whether the regions are also written for labelling tools, and in which format.
    public enum RegionsFile: String, Sendable, Hashable, CaseIterable, Codable {
        case none
        /// `regions.coco.json`.
        case coco
    }

    /// Whether the tables are also written for spreadsheets, and in which format.
    public enum WorkbookFile: String, Sendable, Hashable, CaseIterable, Codable {
        case none
        /// `scores.xlsx`, a sheet for each table.
        case xlsx
    }

    /// Which photographs a page holds that is complete in itself; all images have a thumbnail in it.
    public enum SingleFile: String, Sendable, Hashable, CaseIterable, Codable {
        /// Those of images that are flagged or worth a look.
        case flagged
        case all
    }

    /// Results lie in each batch's folder, or under another folder that repeats the drop folder's tree.
    public enum Location: Sendable, Hashable {
        case alongside
        case under(String)
    }

    public var location: Location
    /// The results folder's name in each batch.
    public var folderName: String
    public var overlays: Overlays
    public var normalisation: Normalisation
    public var colormap: Colormap
    public var maps: Maps
    public var masks = Masks.none
    public var regionsFile = RegionsFile.none
    /// Regions of fewer pixels of the photograph are left out.
    public var leastRegion = 0
    /// The share of a batch, 0 to 1, that is worth a look: a reading order beside what is flagged.
    public var look = 0.2
    /// How many images that were not flagged somebody is asked to check.
    public var spotChecks = 3
    /// Whether a page that is complete in itself is written beside the other, and what it holds; nil for none.
    public var singleFile: SingleFile?
    /// How `scores.csv` and `regions.csv` are written.
    public var csv = CSVStyle()
    /// Whether the same tables are also written as a workbook.
    public var workbook = WorkbookFile.none
    /// The format of `run.json`: 2, or 1 for the names that version 0.1 wrote.
    public var recordFormat = RunRecord.currentFormat
    /// Threads that decode photographs and write pictures; each holds one photograph in memory.
    public var threads: Int
    /// How large a photograph may be whose overlay is drawn.
    public var imageLimits = DecodingLimits()
    /// Pixels of the longer side beyond which overlays and maps are written smaller, as their page says.
    public var longestSide: Int

    public init(
        location: Location = .alongside, folderName: String = "_musc", overlays: Overlays = .look,
        normalisation: Normalisation = .batch, colormap: Colormap = .viridis, maps: Maps = .none, threads: Int = 2,
        longestSide: Int = 2560
    ) {
        self.location = location
        self.folderName = folderName
        self.overlays = overlays
        self.normalisation = normalisation
        self.colormap = colormap
        self.maps = maps
        self.threads = threads
        self.longestSide = longestSide
    }

    /// Where results lie.
    package var place: ResultsPlace {
        switch location {
        case .alongside: ResultsPlace(outer: nil, folderName: folderName)
        case .under(let folder): ResultsPlace(outer: FilePath(folder), folderName: folderName)
        }
    }
}
