/// A format of pictures that is known and not read: such a file is named with what to do about it, and never passed over.
public enum UnreadFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case webp = "WebP"
    case avif = "AVIF"
    case heic = "HEIC"
    case jpeg2000 = "JPEG 2000"
    case jpegXL = "JPEG XL"
    case jpegXR = "JPEG XR"
    case jpegLS = "JPEG-LS"
    case losslessJPEG = "lossless JPEG"
    case gif = "GIF"
    case pam = "PAM"
    case pfm = "PFM"
    case openEXR = "OpenEXR"
    case radiance = "Radiance HDR"
    case cameraRaw = "camera raw"
    case pdf = "PDF"
    case svg = "SVG"
    case photoshop = "a Photoshop document"
    case gimp = "a GIMP document"
    case targa = "Targa"
    case pcx = "PCX"
    case sgi = "SGI"
    case sun = "Sun raster"
    case qoi = "QOI"
    case dds = "DDS"
    case icon = "an icon"
    case bitmapArray = "an OS/2 bitmap array"
    case mng = "MNG"
    case dicom = "DICOM"
    case fits = "FITS"
    case video = "a video"

    /// What to do, in one sentence.
    public var remedy: String {
        switch self {
        case .webp: "Have the camera save JPEG or PNG, or convert it: dwebp photo.webp -o photo.png."
        case .avif: "Have the camera save JPEG or PNG, or convert it: avifdec photo.avif photo.png."
        case .heic:
            "On an iPhone choose Settings › Camera › Formats › Most Compatible, or convert it: heif-convert photo.heic photo.jpg."
        case .jpeg2000: "Save it as TIFF or PNG, or convert it: opj_decompress -i photo.jp2 -o photo.tif."
        case .jpegXL: "Save it as JPEG or PNG, or convert it: djxl photo.jxl photo.png."
        case .jpegXR, .targa, .pcx, .sgi, .sun, .qoi, .dds: "Save it as PNG, TIFF or JPEG."
        case .jpegLS, .losslessJPEG: "Save it as PNG, TIFF or baseline JPEG."
        case .icon, .bitmapArray: "It holds one picture in several sizes: save the largest as PNG if it belongs to the batch."
        case .mng: "Save each picture as PNG."
        case .gif: "Save each picture as PNG: a GIF has 256 colours at most, and often several pictures."
        case .pam: "Save it as PGM or PPM, or convert it: pamtopnm photo.pam > photo.ppm."
        case .pfm, .openEXR, .radiance, .fits: "Save the values as a floating-point TIFF."
        case .cameraRaw:
            "It holds what the sensor saw, not a picture: set the camera to JPEG or RAW + JPEG, or develop it to TIFF."
        case .pdf: "Export its pages as PNG: pdftoppm -png file.pdf page."
        case .svg: "It is a drawing: export it as PNG if it belongs to the batch, else move it away."
        case .photoshop, .gimp: "Save a flattened copy as TIFF or PNG."
        case .dicom: "Export it as 16-bit PNG or TIFF."
        case .video: "Save single frames as PNG or JPEG: ffmpeg -i line.mp4 -vf fps=1 frame_%04d.png."
        }
    }

    /// How names of such files end, in lower case.
    var extensions: [String] {
        switch self {
        case .webp: ["webp"]
        case .avif: ["avif", "avifs"]
        case .heic: ["heic", "heif", "heics", "hif"]
        case .jpeg2000: ["jp2", "j2k", "j2c", "jpc", "jpf", "jpx", "jph", "jhc"]
        case .jpegXL: ["jxl"]
        case .jpegXR: ["jxr", "wdp", "hdp"]
        case .jpegLS: ["jls"]
        case .losslessJPEG: ["ljpg", "ljpeg"]
        case .gif: ["gif"]
        case .pam: ["pam"]
        case .pfm: ["pfm"]
        case .openEXR: ["exr"]
        case .radiance: ["hdr", "rgbe"]
        case .cameraRaw:
            [
                "dng", "nef", "nrw", "cr2", "cr3", "crw", "arw", "srf", "sr2", "raf", "orf", "rw2", "rwl", "pef", "srw", "3fr",
                "fff", "iiq", "mrw", "x3f", "kdc", "dcr", "erf", "mef", "gpr", "raw",
            ]
        case .pdf: ["pdf"]
        case .svg: ["svg", "svgz"]
        case .photoshop: ["psd", "psb"]
        case .gimp: ["xcf"]
        case .targa: ["tga", "icb", "vda"]
        case .pcx: ["pcx", "dcx"]
        case .sgi: ["sgi", "rgb", "rgba", "bw"]
        case .sun: ["ras", "sun"]
        case .qoi: ["qoi"]
        case .dds: ["dds"]
        case .icon: ["ico", "cur"]
        case .bitmapArray: ["bga"]
        case .mng: ["mng", "jng"]
        case .dicom: ["dcm", "dicom"]
        case .fits: ["fits", "fit", "fts"]
        case .video: ["mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "wmv", "flv", "3gp", "mts", "m2ts", "mjpeg", "mjpg"]
        }
    }

    /// The format that a name's ending promises, given in lower case.
    init?(extension ending: String) {
        guard let format = Self.byExtension[ending] else { return nil }
        self = format
    }

    private static let byExtension = Dictionary(
        allCases.flatMap { format in format.extensions.map { ($0, format) } }, uniquingKeysWith: { first, _ in first })
}

extension UnreadFormat: CustomStringConvertible {
    public var description: String { rawValue }
}

extension UnreadFormat {
    /// The format of content that begins with these bytes, ``FileKind/headBytes`` of them where there are as many.
    static func detect(_ head: [UInt8]) -> UnreadFormat? {
        func has(_ text: String, at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: text.utf8) }
        for (magic, format) in magics where head.starts(with: magic) { return format }
        if has("RIFF") { return has("WEBP", at: 8) ? .webp : has("AVI ", at: 8) ? .video : nil }
        if has("ftyp", at: 4) { return ofBrands(head) }
        // "PF" alone also begins many a text: white space and the width follow.
        if has("PF") || has("Pf"), head.count > 3, head[2] == 0x0A || head[2] == 0x20, (0x30...0x39).contains(head[3]) {
            return .pfm
        }
        if has("P7\n") { return .pam }
        if let older = ofOlderHeader(head) { return older }
        if has("II*\0"), has("CR", at: 8) { return .cameraRaw }
        if has("DICM", at: 128) { return .dicom }
        if has("<svg") || has("<?xml"), contains("<svg", in: head) { return .svg }
        return nil
    }

    /// Content that is told by its first bytes alone, which stand here as the characters of these codes.
    private static let magics: [([UInt8], UnreadFormat)] = {
        let table: [(String, UnreadFormat)] = [
            ("\0\0\0\u{C}jP  \r\n\u{87}\n", .jpeg2000), ("\u{FF}O\u{FF}Q", .jpeg2000),
            ("\0\0\0\u{C}JXL \r\n\u{87}\n", .jpegXL), ("\u{FF}\n", .jpegXL), ("II\u{BC}", .jpegXR), ("GIF87a", .gif),
            ("GIF89a", .gif), ("v/1\u{1}", .openEXR), ("#?RADIANCE", .radiance), ("#?RGBE", .radiance),
            ("FUJIFILMCCD-RAW", .cameraRaw), ("IIU\0", .cameraRaw), ("IIRO", .cameraRaw), ("IIRS", .cameraRaw),
            ("MMOR", .cameraRaw), ("\0MRM", .cameraRaw), ("FOVb", .cameraRaw), ("%PDF-", .pdf), ("8BPS", .photoshop),
            ("SIMPLE  =", .fits), ("\u{1A}E\u{DF}\u{A3}", .video), ("\0\0\u{1}\u{BA}", .video), ("\0\0\u{1}\u{B3}", .video),
            ("FLV\u{1}", .video), ("0&\u{B2}u", .video), ("\u{FF}\u{D8}\u{FF}\u{F7}", .jpegLS), ("gimp xcf", .gimp),
            ("Y\u{A6}j\u{95}", .sun), ("\u{B1}h\u{DE}:", .pcx), ("DDS |\0\0\0", .dds), ("\u{8A}MNG\r\n\u{1A}\n", .mng),
            ("\u{8B}JNG\r\n\u{1A}\n", .mng),
        ]
        return table.map { text, format in (text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, format) }
    }()

    /// Formats whose first bytes alone also begin other files: the numbers that follow must be such as exist.
    private static func ofOlderHeader(_ head: [UInt8]) -> UnreadFormat? {
        guard head.count >= 22 else { return nil }
        func word(_ offset: Int) -> Int { Int(head[offset]) | Int(head[offset + 1]) << 8 }
        let entries = word(4)
        switch (head[0], head[1]) {
        // ZSoft's paint programs: a version, run lengths, bits of a pixel; a byte that is always 0.
        case (0x0A, 0), (0x0A, 2...5):
            return head[2] == 1 && [1, 2, 4, 8].contains(head[3]) && head.count > 64 && head[64] == 0 ? .pcx : nil
        // Silicon Graphics: storage, bytes of a sample, dimensions.
        case (0x01, 0xDA):
            return head[2] <= 1 && (1...2).contains(head[3]) && head[4] == 0 && (1...3).contains(head[5]) ? .sgi : nil
        // An icon or a cursor: how many pictures, and of the first the offset of its bytes, which follow the list.
        case (0, 0) where [1, 2].contains(word(2)) && (1...256).contains(entries) && head[9] == 0:
            return word(18) | word(20) << 16 >= 6 + 16 * entries ? .icon : nil
        // Targa has no mark. Of grey and colours without a palette, from the corner: sides, depth, descriptor.
        case (_, 0) where [2, 3, 10, 11].contains(head[2]) && head[3..<12].allSatisfy { $0 == 0 }:
            let isSound = word(12) > 0 && word(14) > 0 && head[17] & 0xC0 == 0
            return isSound && ([2, 10].contains(head[2]) ? [15, 16, 24, 32] : [8, 16]).contains(head[16]) ? .targa : nil
        case (0x71, 0x6F): return head[2...3].elementsEqual("if".utf8) && (3...4).contains(head[12]) ? .qoi : nil
        case (0x42, 0x41):
            return ["BM", "CI", "CP", "IC", "PT"].contains(String(decoding: head[14...15], as: UTF8.self)) ? .bitmapArray : nil
        default: return nil
        }
    }

    /// Which of the formats of ISO's base media file the brands name: the box's length, `ftyp`, the main brand, a
    /// version, and more brands.
    private static func ofBrands(_ head: [UInt8]) -> UnreadFormat {
        let length = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let end = min(max(length, 12), head.count)
        let brands = stride(from: 8, through: max(end - 4, 8), by: 4).filter { $0 != 12 && $0 + 4 <= head.count }.map {
            String(decoding: head[$0..<$0 + 4], as: UTF8.self)
        }
        if brands.contains("avif") || brands.contains("avis") { return .avif }
        let still = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1", "mif2"]
        if brands.contains(where: still.contains) { return .heic }
        if brands.first == "crx " { return .cameraRaw }
        if brands.first == "jxl " { return .jpegXL }
        if brands.first == "jp2 " || brands.first == "jpx " { return .jpeg2000 }
        return .video
    }

    private static func contains(_ text: String, in head: [UInt8]) -> Bool {
        let wanted = Array(text.utf8)
        return head.indices.contains { head[$0...].starts(with: wanted) }
    }
}
