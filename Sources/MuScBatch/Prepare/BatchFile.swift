import MuScImages
import SystemPackage

/// One file of a batch.
public struct BatchFile: Sendable, Hashable {
    public var path: FilePath
    /// The name relative to the batch's folder, for people.
    public var name: String
    /// The folder that the file must lie in once its links are followed, absolute and without links itself; nil for
    /// anywhere. In a drop folder anybody may put a link where an image was.
    public var root: FilePath?
    /// Which full page of a TIFF with several, counted from 0; nil for a file that is one image.
    public var page: Int?

    public init(path: FilePath, name: String, root: FilePath? = nil) {
        self.path = path
        self.name = name
        self.root = root
    }

    /// Names a file relative to the batch's folder.
    public init(_ path: FilePath, in folder: FilePath, root: FilePath? = nil) {
        var relative = path
        _ = relative.removePrefix(folder)
        self.init(path: path, name: relative.string, root: root)
    }
}

/// The images that are judged together.
public struct Batch: Sendable, Hashable {
    /// In the order in which the results have them.
    public var files: [BatchFile]
    /// The folder that they lie in, by which a batch is known again; nil for files from anywhere.
    public var folder: FilePath?
    /// What is to be said of the files' pages.
    public var findings: [Finding] = []

    public init(_ files: [BatchFile], folder: FilePath? = nil) {
        self.files = files
        self.folder = folder
    }

    /// The images that files hold, in the order of their names.
    ///
    /// - Parameters:
    ///   - folder: That they lie in, relative to which they are named.
    ///   - root: See ``BatchFile/root``.
    ///   - pages: What is made of the pages of a TIFF.
    public init(
        _ files: [FilePath], in folder: FilePath, root: FilePath? = nil, pages: PageChoice = .all, threads: Int = 1
    ) {
        self.folder = folder
        (self.files, findings) = BatchFile.images(in: files, of: folder, root: root, pages: pages, threads: threads)
    }

    /// The images of a folder, sorted by name.
    ///
    /// - Parameters:
    ///   - recursive: Whether the folders below belong to the batch too.
    ///   - pages: What is made of the pages of a TIFF.
    /// - Throws: ``ListingError`` where the folder is missing or cannot be read.
    public init(
        _ folder: FilePath, recursive: Bool = false, pages: PageChoice = .all, threads: Int = 1
    ) throws(ListingError) {
        self.init(
            try ImageListing.images(in: folder, recursive: recursive), in: folder, pages: pages, threads: threads)
    }
}
