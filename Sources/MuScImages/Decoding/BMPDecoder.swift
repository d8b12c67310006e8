/// Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits a pixel, bottom-up and top-down, palettes, bit masks,
/// and run lengths of 4 and 8 bits.
///
/// Sources: Microsoft's documentation of BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER; of OS/2, the
/// header of 12 bytes.
struct BMPDecoder {
    private enum Compression: Int {
        case none = 0, runs8 = 1, runs4 = 2, masks = 3, masksWithAlpha = 6
    }

    private let bytes: [UInt8]
    private let name: String
    private let width: Int
    private let height: Int
    private let isTopDown: Bool
    private let bitsPerPixel: Int
    private let compression: Compression
    private let pixelOffset: Int
    /// Red, green and blue of each index, one after the other; empty where pixels hold colours.
    private let palette: [UInt8]
    /// The bits of red, green and blue in a pixel of 16 or 32 bits.
    private let masks: [Int]

    /// Reads the headers and the palette.
    init(_ bytes: [UInt8], name: String) throws(ImageError) {
        func damaged(_ reason: String) -> ImageError { ImageError(file: name, kind: .damaged(.bmp, reason)) }
        func unsupported(_ reason: String) -> ImageError { ImageError(file: name, kind: .unsupported(.bmp, reason)) }
        func number(at offset: Int, bytes count: Int) throws(ImageError) -> Int {
            guard offset + count <= bytes.count else { throw ImageError(file: name, kind: .endsEarly(.bmp)) }
            return (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        let headerSize = try number(at: 14, bytes: 4)
        let isOS2 = headerSize == 12
        if isOS2 {
            width = try number(at: 18, bytes: 2)
            height = try number(at: 20, bytes: 2)
            isTopDown = false
            bitsPerPixel = try number(at: 24, bytes: 2)
            compression = .none
        } else {
            guard headerSize >= 40 else { throw unsupported("a header of \(headerSize) bytes") }
            width = Int(Int32(truncatingIfNeeded: try number(at: 18, bytes: 4)))
            let signedHeight = Int(Int32(truncatingIfNeeded: try number(at: 22, bytes: 4)))
            height = abs(signedHeight)
            isTopDown = signedHeight < 0
            bitsPerPixel = try number(at: 28, bytes: 2)
            let code = try number(at: 30, bytes: 4)
            // OS/2's second header gives number 3 another meaning.
            guard let known = Compression(rawValue: code), headerSize != 64 || code != 3 else {
                throw unsupported("compression \(code)")
            }
            compression = known
        }
        guard width > 0, height > 0 else { throw damaged("the image is \(width) × \(height) pixels") }

        switch (compression, bitsPerPixel) {
        case (.none, 1), (.none, 4), (.none, 8), (.none, 16), (.none, 24), (.none, 32), (.runs8, 8), (.runs4, 4),
            (.masks, 16), (.masks, 32), (.masksWithAlpha, 16), (.masksWithAlpha, 32):
            break
        default:
            throw unsupported("\(bitsPerPixel) bits a pixel with compression \(compression.rawValue)")
        }

        // Masks are part of a header of 52 bytes or more, and follow one of 40.
        var headersEnd = 14 + headerSize
        switch compression {
        case .masks, .masksWithAlpha:
            masks = [try number(at: 54, bytes: 4), try number(at: 58, bytes: 4), try number(at: 62, bytes: 4)]
            if headerSize == 40 { headersEnd += compression == .masks ? 12 : 16 }
        default:
            masks = bitsPerPixel == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF0000, 0x00FF00, 0x0000FF]
        }
        for mask in masks {
            let run = mask == 0 ? 0 : mask >> mask.trailingZeroBitCount
            guard run & (run + 1) == 0, mask < 1 << min(bitsPerPixel, 32) || bitsPerPixel < 16 else {
                throw damaged("a colour's bits are not side by side")
            }
        }

        let offset = try number(at: 10, bytes: 4)
        guard offset >= headersEnd else { throw damaged("the pixels are said to begin inside the headers") }
        var palette: [UInt8] = []
        if bitsPerPixel <= 8 {
            let entrySize = isOS2 ? 3 : 4
            let said = isOS2 ? 0 : try number(at: 46, bytes: 4)
            let most = 1 << bitsPerPixel
            let room = (offset - headersEnd) / entrySize
            for index in 0..<min(said == 0 ? most : min(said, most), room) {
                let colour = try number(at: headersEnd + index * entrySize, bytes: 3)
                palette += [UInt8(colour >> 16), UInt8(colour >> 8 & 255), UInt8(colour & 255)]
            }
            guard !palette.isEmpty else { throw damaged("the palette is missing") }
            // Indices beyond the palette are black, as Windows shows them.
            palette += [UInt8](repeating: 0, count: 3 * most - palette.count)
        }
        self.palette = palette
        self.pixelOffset = offset
        self.bytes = bytes
        self.name = name
    }

    var layout: EncodedImage.Layout {
        let isGrey = !palette.isEmpty && palette.indices.allSatisfy { palette[$0] == palette[$0 / 3 * 3] }
        let bitsPerSample =
            switch bitsPerPixel {
            case 16: 5
            case 24, 32: 8
            default: bitsPerPixel
            }
        return EncodedImage.Layout(
            width: width, height: height, channels: isGrey ? 1 : 3, bitsPerSample: bitsPerSample,
            sampleType: .uint8)
    }

    func decode() throws(ImageError) -> Raster {
        let channels = layout.channels
        var pixels: [UInt8]
        if palette.isEmpty {
            pixels = try colours()
        } else {
            pixels = compression == .none ? try unpackedIndices() : try expandedRuns()
            if channels == 1 {
                let greys = (0..<(palette.count / 3)).map { palette[3 * $0] }
                if greys != Array(0...255) { pixels = pixels.map { greys[Int($0)] } }
            } else {
                let indices = pixels
                pixels = []
                pixels.reserveCapacity(indices.count * 3)
                for index in indices { pixels += palette[(3 * Int(index))..<(3 * Int(index) + 3)] }
            }
        }
        return Raster(width: width, height: height, channels: channels, samples: .uint8(pixels))
    }

    /// Where row `y` of the image, counted from the top, is stored.
    private func offset(ofRow y: Int, rowBytes: Int) -> Int {
        pixelOffset + (isTopDown ? y : height - 1 - y) * rowBytes
    }

    /// The bytes of a stored row: rows are padded to four bytes.
    private func checkedRowBytes() throws(ImageError) -> Int {
        let used = (width * bitsPerPixel + 7) / 8
        let rowBytes = (used + 3) / 4 * 4
        // Some writers leave out the padding of the last row.
        guard pixelOffset + rowBytes * (height - 1) + used <= bytes.count else {
            throw ImageError(file: name, kind: .endsEarly(.bmp))
        }
        return rowBytes
    }

    private func colours() throws(ImageError) -> [UInt8] {
        let rowBytes = try checkedRowBytes()
        let step = bitsPerPixel / 8
        let isPlain = bitsPerPixel >= 24 && masks == [0xFF0000, 0x00FF00, 0x0000FF]
        let shifts = masks.map { $0 == 0 ? 0 : $0.trailingZeroBitCount }
        let largest = zip(masks, shifts).map { max($0 >> $1, 1) }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            let start = offset(ofRow: y, rowBytes: rowBytes)
            for source in stride(from: start, to: start + width * step, by: step) {
                if isPlain {
                    pixels.append(bytes[source + 2])
                    pixels.append(bytes[source + 1])
                    pixels.append(bytes[source])
                } else {
                    var value = 0
                    for byte in 0..<step { value |= Int(bytes[source + byte]) << (8 * byte) }
                    for channel in 0..<3 {
                        let part = (value & masks[channel]) >> shifts[channel]
                        pixels.append(UInt8(part * 255 / largest[channel]))
                    }
                }
            }
        }
        return pixels
    }

    private func unpackedIndices() throws(ImageError) -> [UInt8] {
        let rowBytes = try checkedRowBytes()
        var indices: [UInt8] = []
        indices.reserveCapacity(width * height)
        let pixelsPerByte = 8 / bitsPerPixel
        let mask = UInt8((1 << bitsPerPixel) - 1)
        for y in 0..<height {
            let start = offset(ofRow: y, rowBytes: rowBytes)
            if bitsPerPixel == 8 {
                indices += bytes[start..<(start + width)]
                continue
            }
            for x in 0..<width {
                let shift = 8 - bitsPerPixel * (x % pixelsPerByte + 1)
                indices.append(bytes[start + x / pixelsPerByte] >> UInt8(shift) & mask)
            }
        }
        return indices
    }

    /// Expands run lengths; what the runs skip has index 0. Runs that leave the row are cut off.
    private func expandedRuns() throws(ImageError) -> [UInt8] {
        var indices = [UInt8](repeating: 0, count: width * height)
        var position = pixelOffset
        var x = 0
        var y = 0 // stored rows
        func next() throws(ImageError) -> Int {
            guard position < bytes.count else { throw ImageError(file: name, kind: .endsEarly(.bmp)) }
            position += 1
            return Int(bytes[position - 1])
        }
        func put(_ index: Int) {
            if x < width, y < height { indices[(isTopDown ? y : height - 1 - y) * width + x] = UInt8(index) }
            x += 1
        }
        let isNibbles = compression == .runs4
        while true {
            let count = try next()
            let value = try next()
            if count > 0 {
                for index in 0..<count { put(isNibbles ? (index % 2 == 0 ? value >> 4 : value & 15) : value) }
                continue
            }
            switch value {
            case 0:
                x = 0
                y += 1
            case 1:
                return indices
            case 2:
                x += try next()
                y += try next()
            default:
                let stored = isNibbles ? (value + 1) / 2 : value
                for byte in 0..<stored {
                    let pair = try next()
                    if isNibbles {
                        put(pair >> 4)
                        if byte * 2 + 1 < value { put(pair & 15) }
                    } else {
                        put(pair)
                    }
                }
                if stored % 2 == 1 { _ = try next() }
            }
        }
    }
}
