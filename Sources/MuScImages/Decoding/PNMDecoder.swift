/// Portable bitmaps, greymaps and pixmaps, plain (P1 to P3) and raw (P4 to P6), of up to 16 bits.
///
/// A maximum other than 255 or 65535 is stretched to the full range of 8 bits (up to 255) or 16 bits (above),
/// rounded as Pillow does. Source: the Netpbm project's pbm(5), pgm(5) and ppm(5).
struct PNMDecoder {
    private let bytes: [UInt8]
    private let name: String
    private let isPlain: Bool
    private let isBitmap: Bool
    private let channels: Int
    private let width: Int
    private let height: Int
    private let maximum: Int
    private let pixelOffset: Int

    /// Reads the header.
    init(_ bytes: [UInt8], name: String) throws(ImageError) {
        let digit = Int(bytes[1]) - 0x30
        isPlain = digit <= 3
        isBitmap = digit % 3 == 1
        channels = digit % 3 == 0 ? 3 : 1
        var scanner = Scanner(bytes: bytes, position: 2, name: name)
        width = try scanner.number()
        height = try scanner.number()
        maximum = isBitmap ? 1 : try scanner.number()
        guard (1...65535).contains(maximum) else {
            throw ImageError(file: name, kind: .damaged(.pnm, "the maximum is \(maximum)"))
        }
        // A single white-space character ends the header.
        pixelOffset = scanner.position + 1
        self.bytes = bytes
        self.name = name
    }

    var layout: EncodedImage.Layout {
        EncodedImage.Layout(
            width: width, height: height, channels: channels,
            bitsPerSample: Int.bitWidth - maximum.leadingZeroBitCount, sampleType: isDeep ? .uint16 : .uint8,
            meaning: Raster.Meaning(stretchedFrom: isDeep && maximum < 65535 ? Double(maximum) : nil))
    }

    /// How many bytes header and pixels take; nil where the pixels are numbers in text.
    var bytesOfFile: Int? {
        guard !isPlain else { return nil }
        // Each number has nine digits at most, so that nothing overflows.
        return pixelOffset + (isBitmap ? (width + 7) / 8 * height : width * height * channels * (isDeep ? 2 : 1))
    }

    private var isDeep: Bool { maximum > 255 }

    func decode() throws(ImageError) -> Raster {
        let count = width * height * channels
        let samples: Raster.Samples
        if isDeep, !isPlain, maximum == 65535 {
            samples = .uint16(try rawSamples(count, size: 2))
        } else if isDeep {
            samples = .uint16(try stretched(isPlain ? plainSamples(count) : rawSamples(count, size: 2)))
        } else if isBitmap {
            samples = .uint8(try isPlain ? plainBits(count) : rawBits())
        } else if isPlain || maximum != 255 {
            samples = .uint8(try stretched(isPlain ? plainSamples(count) : rawSamples(count, size: 1)))
        } else {
            try requireBytes(count)
            samples = .uint8(Array(bytes[pixelOffset..<(pixelOffset + count)]))
        }
        return Raster(width: width, height: height, channels: channels, samples: samples)
    }

    private func requireBytes(_ count: Int) throws(ImageError) {
        guard count <= bytes.count - pixelOffset else { throw ImageError(file: name, kind: .endsEarly(.pnm)) }
    }

    /// Samples of 0 to `maximum`, stretched to all that the type can hold.
    private func stretched<Sample: FixedWidthInteger>(_ samples: [UInt16]) -> [Sample] {
        let range = Double(Sample.max)
        let table = (0...maximum).map { value in
            Sample((Double(value) / Double(maximum) * range).rounded(.toNearestOrEven))
        }
        return samples.map { table[min(Int($0), maximum)] }
    }

    private func rawSamples(_ count: Int, size: Int) throws(ImageError) -> [UInt16] {
        try requireBytes(count * size)
        let samples = (0..<count).map { index in
            let offset = pixelOffset + index * size
            return size == 1 ? UInt16(bytes[offset]) : UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
        }
        // The low byte first, as some programs write it, gives noise that looks like an image.
        if size == 2, let high = samples.max(), high > maximum {
            throw ImageError(
                file: name,
                kind: .damaged(.pnm, "the sample \(high) is above the maximum of \(maximum); are the bytes in the wrong order?"))
        }
        return samples
    }

    private func plainSamples(_ count: Int) throws(ImageError) -> [UInt16] {
        // Each sample takes at least a digit, and all but the last a separator.
        try requireBytes(2 * count - 1)
        var scanner = Scanner(bytes: bytes, position: pixelOffset, name: name)
        var samples: [UInt16] = []
        samples.reserveCapacity(count)
        for _ in 0..<count {
            let value = try scanner.number()
            guard value <= maximum else {
                throw ImageError(file: name, kind: .damaged(.pnm, "the sample \(value) is above the maximum"))
            }
            samples.append(UInt16(value))
        }
        return samples
    }

    /// 1 is black.
    private func rawBits() throws(ImageError) -> [UInt8] {
        let rowBytes = (width + 7) / 8
        try requireBytes(rowBytes * height)
        var samples = [UInt8](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width where bytes[pixelOffset + y * rowBytes + x / 8] >> UInt8(7 - x % 8) & 1 == 0 {
                samples[y * width + x] = 255
            }
        }
        return samples
    }

    private func plainBits(_ count: Int) throws(ImageError) -> [UInt8] {
        try requireBytes(count)
        var scanner = Scanner(bytes: bytes, position: pixelOffset, name: name)
        var samples: [UInt8] = []
        samples.reserveCapacity(count)
        for _ in 0..<count { samples.append(try scanner.bit() ? 0 : 255) }
        return samples
    }
}

/// Numbers between white space and comments.
private struct Scanner {
    let bytes: [UInt8]
    var position: Int
    let name: String

    /// Steps over white space, and over comments that run to their line's end.
    private mutating func skipSpace() throws(ImageError) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09...0x0D:
                position += 1
            case 0x23:
                while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
            default:
                return
            }
        }
        throw ImageError(file: name, kind: .endsEarly(.pnm))
    }

    /// A decimal number of at most nine digits.
    mutating func number() throws(ImageError) -> Int {
        try skipSpace()
        var value = 0
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            guard position - start < 9 else {
                throw ImageError(file: name, kind: .damaged(.pnm, "a number has more than nine digits"))
            }
            value = value * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        guard position > start else { throw ImageError(file: name, kind: .damaged(.pnm, "a number is missing")) }
        return value
    }

    /// A single 0 or 1, which no white space need follow.
    mutating func bit() throws(ImageError) -> Bool {
        try skipSpace()
        guard bytes[position] == 0x30 || bytes[position] == 0x31 else {
            throw ImageError(file: name, kind: .damaged(.pnm, "a bit is neither 0 nor 1"))
        }
        position += 1
        return bytes[position - 1] == 0x31
    }
}
