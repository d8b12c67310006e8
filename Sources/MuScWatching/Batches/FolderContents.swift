import MuScImages
import SystemPackage

/// A folder's listing, sorted into images and other files, and compared with what is known of them.
struct FolderContents {
    /// What the ledger knows of a file.
    struct KnownFile {
        var file: ImageFile
        var isImage: Bool
        var isClaimed: Bool
        var isScored: Bool
        var isAbsent: Bool
        /// Whether it could not be read for a reason that may pass when its batch was scored.
        var isUnread: Bool
    }

    /// Images in ascending order of names.
    private(set) var images: [ImageFile] = []
    /// Those that no published results include, in the same order.
    private(set) var fresh: [ImageFile] = []
    private(set) var others: Set<FileName> = []
    /// The identity of the mask of what counts, if there is one.
    let maskMark: String?
    /// Whether published results are of another mask than is there now, or one of them of none.
    let hasOtherMask: Bool
    /// Files that are new or have changed, or have come back as they were.
    private(set) var changed: [KnownFile] = []
    /// Known files that are no longer there.
    private(set) var vanished: [FileName] = []
    /// Whether files are there, as they were, that could not be read for a reason that may pass.
    private(set) var hasUnread = false
    /// Whether something happened to such a file, so that it may be read by now.
    private(set) var isAnyReadAgain = false

    /// Opens no file but those that are not known as they are.
    ///
    /// - Parameter scoredMask: The identity of the mask that published results are of.
    init(_ listing: FolderListing, known: [FileName: KnownFile], scoredMask: String?) {
        maskMark = listing.maskMark
        hasOtherMask = listing.maskMark != scoredMask
        var present: Set<FileName> = []
        let doubles = RawBesideImage(listing.files.lazy.map(\.name.bytes))
        for file in listing.files {
            if !known.isEmpty { present.insert(file.name) }
            var entry: KnownFile
            if let old = known[file.name], file.isSurely(old.file) {
                entry = old
                entry.file = file
                entry.isAbsent = false
                if old.isAbsent || old.file != file { changed.append(entry) }
                if old.isUnread { hasUnread = true }
            } else {
                if known[file.name]?.isUnread == true { isAnyReadAgain = true }
                let isImage = FileKind.belongsToBatch(listing.folder.appending(file.name), name: file.name.bytes)
                entry = KnownFile(file: file, isImage: isImage, isClaimed: false, isScored: false, isAbsent: false, isUnread: false)
                changed.append(entry)
            }
            // Camera raw becomes part of the batch, or ceases to be, when the image beside it goes or comes. And an
            // earlier version may have passed over what is known now.
            let belongs = !doubles.contains(file.name.bytes) && (entry.isImage || FileKind.promisesImage(file.name.bytes))
            if belongs != entry.isImage {
                entry.isImage = belongs
                if changed.last?.file == file { changed.removeLast() }
                changed.append(entry)
            }
            if entry.isImage {
                images.append(file)
                if !entry.isScored { fresh.append(file) }
            } else {
                others.insert(file.name)
            }
        }
        for (name, old) in known where !old.isAbsent && !present.contains(name) { vanished.append(name) }
    }

    /// The images that are to be scored.
    ///
    /// - Parameter hasResults: Whether results of the folder were ever published.
    func pending(_ policy: NewImagesPolicy, hasResults: Bool) -> [ImageFile] {
        switch policy {
        case .rescore: fresh.isEmpty && !(hasOtherMask && hasResults) ? [] : images
        case .newBatch: fresh
        case .ignore: hasResults ? [] : images
        }
    }
}
