import MuScImages
import MuScTensors
import SystemPackage

/// Why a data set cannot be evaluated. Its description names the file or folder, says what is wrong and what to do.
package struct DatasetError: Error, Sendable, CustomStringConvertible {
    package enum Fault: Sendable {
        /// The folder or file is missing or cannot be read; the text is the reason.
        case unreadable(String)
        /// There is no class of this name; `there` are the names that exist.
        case noSuchClass(String, there: [String])
        /// The folder holds no class in this layout; the text says what was looked for.
        case noClasses(lookedFor: String)
        /// The folder holds images, but nothing says which are normal.
        case unlabelled
        /// All images of the class are anomalous.
        case noNormalImages(className: String)
        /// All images of the class are normal.
        case noAnomalousImages(className: String)
        /// The anomalous image has no mask; `lookedIn` is where it should lie.
        case missingMask(lookedIn: FilePath)
        /// The anomalous image has several masks that could be its own.
        case ambiguousMask(lookedIn: FilePath, String)
        /// The folder that the user named as that of the masks is in no class.
        case noMaskFolder(String)
        /// The pictures in a folder of defects look like masks.
        case looksLikeMasks(type: String)
        /// A folder that is normal by its name lies in a folder of defects.
        case conflictingLabel(normal: String, below: String)
        /// The mask is not as large as its image.
        case maskSize(mask: FilePath, maskWidth: Int, maskHeight: Int, width: Int, height: Int)
        /// The image or mask cannot be decoded.
        case image(ImageError)
        /// The listing of the data set is not what it should be.
        case badListing(line: Int?, String)
    }

    /// The file or folder at fault.
    package let path: FilePath
    package let fault: Fault

    package init(path: FilePath, fault: Fault) {
        self.path = path
        self.fault = fault
    }

    package var description: String {
        switch fault {
        case .unreadable(let reason):
            return "\(path): cannot be read (\(reason)). Check the path given as --data."
        case .noSuchClass(let name, let there):
            return "\(path): there is no class \(name.quotedForPeople); there \(there.count == 1 ? "is" : "are") \(there.listedForPeople)."
        case .noClasses(let lookedFor):
            return "\(path): no class found; looked for \(lookedFor). Check --dataset and --data."
        case .unlabelled:
            return
                "\(path): holds images, but nothing says which are normal. Put the normal ones into a folder good/ and the others into folders named after their defects, or use `musc run` for images without labels."
        case .noNormalImages(let name):
            return "\(path): all images of class \(name.quotedForPeople) are anomalous; metrics need normal ones too."
        case .noAnomalousImages(let name):
            return "\(path): all images of class \(name.quotedForPeople) are normal; metrics need anomalous ones too."
        case .missingMask(let folder):
            return
                "\(path): has no mask of its own; looked in \(folder) for one of the same name, or with one ending that all masks share, such as _mask or _GT. Name the masks so, or take the image out."
        case .ambiguousMask(let folder, let reason):
            return
                "\(path): which mask in \(folder) is its own cannot be told: \(reason). Give every image a name of its own, and its mask that name with one ending."
        case .noMaskFolder(let name):
            return "\(path): there is no folder of masks \(name.quotedForPeople) in any class, and none of that path. Check --masks."
        case .looksLikeMasks(let type):
            return
                "\(path): the pictures of type \(type.quotedForPeople) have few values, as masks have, and the normal ones do not. If they are masks, name the folder with --masks; they would be scored as defective photographs."
        case .conflictingLabel(let normal, let type):
            return
                "\(path): \(normal.quotedForPeople) stands for normal images, but the folder lies in that of the defect \(type.quotedForPeople). Move it beside that one."
        case .maskSize(let mask, let maskWidth, let maskHeight, let width, let height):
            return
                "\(mask): the mask is \(maskWidth)×\(maskHeight) pixels, its image \(path) \(width)×\(height). Make the mask for this image at its size."
        case .image(let error):
            return error.description
        case .badListing(let line, let reason):
            return "\(path)\(line.map { ":\($0)" } ?? ""): \(reason). Mend the list, or fetch it again."
        }
    }
}
