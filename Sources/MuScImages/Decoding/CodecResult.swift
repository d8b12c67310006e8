import CImageCodecs

extension musc_codec_result {
    /// The library's own words.
    var words: String {
        withUnsafeBytes(of: message) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension ImageError.Kind {
    /// What a decoder's result says, or nil where all went well.
    init?(_ result: musc_codec_result, _ format: ImageFormat) {
        switch result.status {
        case MUSC_CODEC_OK: return nil
        case MUSC_CODEC_ENDS_EARLY: self = .endsEarly(format)
        case MUSC_CODEC_UNSUPPORTED: self = .unsupported(format, result.words)
        case MUSC_CODEC_TOO_LARGE, MUSC_CODEC_OUT_OF_MEMORY: self = .tooMuchMemory(format, result.words)
        default: self = .damaged(format, result.words)
        }
    }
}

extension EncodedImage.Layout {
    init(_ header: musc_image_header) {
        let sampleType: SampleType =
            switch header.samples {
            case MUSC_SAMPLES_FLOAT32: .float32
            case MUSC_SAMPLES_UINT16: .uint16
            default: .uint8
            }
        self.init(
            width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
            bitsPerSample: Int(header.bits), sampleType: sampleType)
        meaning.stretchedFrom = header.stretched_from > 0 ? Double(header.stretched_from) : nil
        if header.full_low < header.full_high { meaning.fullRange = header.full_low...header.full_high }
        meaning.isInverted = header.is_inverted != 0
        meaning.saidLargest = header.said_largest > 0 ? header.said_largest : nil
    }

    /// A raster of this layout, filled by a codec, which must have written every byte where it reports success.
    func raster(
        _ format: ImageFormat, name: String,
        filledBy decode: (_ pixels: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> musc_codec_result
    ) throws(ImageError) -> Raster {
        var result = musc_codec_result()
        func filled<Sample: BitwiseCopyable>(_: Sample.Type) -> [Sample] {
            let count = width * height * channels
            return [Sample](unsafeUninitializedCapacity: count) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).withMemoryRebound(to: UInt8.self) { bytes in
                    guard let start = bytes.baseAddress else { return }
                    result = decode(start, count * MemoryLayout<Sample>.stride)
                }
                initialized = result.status == MUSC_CODEC_OK ? count : 0
            }
        }
        let samples: Raster.Samples =
            switch sampleType {
            case .uint8: .uint8(filled(UInt8.self))
            case .uint16: .uint16(filled(UInt16.self))
            case .float32: .float32(filled(Float.self))
            }
        if let kind = ImageError.Kind(result, format) { throw ImageError(file: name, kind: kind) }
        return Raster(width: width, height: height, channels: channels, samples: samples)
    }
}
