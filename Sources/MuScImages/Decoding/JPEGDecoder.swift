import CImageCodecs

/// JPEG through libjpeg, with the settings that Pillow uses.
enum JPEGDecoder {
    static func layout(_ bytes: [UInt8], name: String) throws(ImageError) -> EncodedImage.Layout {
        var header = musc_image_header()
        let result = bytes.withUnsafeBufferPointer { musc_jpeg_read_header($0.baseAddress, $0.count, &header) }
        if let kind = ImageError.Kind(result, .jpeg) {
            throw ImageError(file: name, kind: unread(bytes).map { .unreadFormat($0) } ?? kind)
        }
        return EncodedImage.Layout(header)
    }

    /// The format that only begins like JPEG: libjpeg has but a number for it.
    private static func unread(_ bytes: [UInt8]) -> UnreadFormat? {
        let segments = JPEGSegments(at: 0) { offset, count in Array(bytes.dropFirst(offset).prefix(max(count, 0))) }
        return switch segments.frame {
        case 0xF7: .jpegLS
        case 0xC3, 0xC7, 0xCB, 0xCF: .losslessJPEG
        default: nil
        }
    }

    static func decode(
        _ bytes: [UInt8], layout: EncodedImage.Layout, eighths: Int, name: String
    ) throws(ImageError) -> Raster {
        var layout = layout
        layout.width = (layout.width * eighths + 7) / 8
        layout.height = (layout.height * eighths + 7) / 8
        return try layout.raster(.jpeg, name: name) { pixels, capacity in
            bytes.withUnsafeBufferPointer { input in
                musc_jpeg_decode(input.baseAddress, input.count, Int32(eighths), pixels, capacity)
            }
        }
    }
}
