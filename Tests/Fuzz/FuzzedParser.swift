import MuScEvaluation
import MuScImages
import MuScServing
import MuScTensors
import MuScVerdicts
import SystemPackage

/// A parser of files that others write, and the fixtures from which its inputs are made.
struct FuzzedParser: Sendable {
    let name: String
    /// The seeds: files below `Tests/Fixtures` whose names end so.
    let seeds: [String]
    /// Larger seeds are left out: most of their bytes are numbers that no parser looks at.
    let largestSeed: Int
    /// Parses, and stops the program where what comes out cannot be.
    let parse: @Sendable ([UInt8]) -> Void

    static let all: [FuzzedParser] = [
        image("jpeg", [".jpg", ".mpo"]), image("png", [".png"]), image("tiff", [".tif"]), image("bmp", [".bmp"]),
        image("pnm", [".pbm", ".pgm", ".ppm"]),
        FuzzedParser(name: "exif", seeds: ["exif6.jpg", "exif6.png", "orientation8.tif"], largestSeed: 1 << 16) { bytes in
            for header in [try? ImageHeader(decoding: bytes, name: "input"), exifAlone(bytes)] {
                if let header { require(header.width > 0 && header.height > 0) }
            }
        },
        tensors("safetensors", [".safetensors", ".bfloat16.bin"]),
        tensors("pickle", [".dat", ".pkl"]),
        tensors("zip", [".pth", ".pt", ".npz", ".whl"]),
        tensors("onnx", [".onnx"]),
        tensors("npy", [".npy"]),
        FuzzedParser(name: "csv", seeds: [".csv"], largestSeed: 1 << 16) { bytes in
            withFile(of: bytes) { path in
                outcome { () throws(RescoringError) in
                    let list = try ScoreList(contentsOf: FilePath(path))
                    require(list.names.map { $0.count == list.scores.count } ?? true)
                }
                outcome { () throws(DatasetError) in _ = try VisAListing(table: FilePath(path)) }
            }
        },
        FuzzedParser(name: "verdicts", seeds: ["verdicts.csv"], largestSeed: 1 << 16) { bytes in
            guard let table = try? VerdictTable(bytes) else { return }
            // What is added is read again, whatever stood before it, and takes nothing of that away.
            let again = try? VerdictTable(table.adding([PartVerdict(image: "added.png", answer: .good)]))
            require(again?.rows.last?.verdict.image == "added.png" && again?.rows.count == table.rows.count + 1)
        },
        FuzzedParser(name: "http", seeds: ["request.http"], largestSeed: 1 << 16) { bytes in
            guard let request = try? HTTPRequest(head: bytes) else { return }
            require(request.length <= HTTPRequest.mostBody)
            for part in request.path { require(!part.isEmpty && part.first != "." && !part.contains { "/\\\0".contains($0) }) }
        },
        FuzzedParser(name: "yaml", seeds: [".yaml"], largestSeed: 1 << 16) { bytes in
            withFile(of: bytes) { path in
                outcome { () throws(ReferenceConfiguration.Fault) in
                    if ReferenceConfiguration.recognises(FilePath(path)) {
                        _ = try ReferenceConfiguration(contentsOf: FilePath(path))
                    }
                }
            }
        },
    ]

    static func named(_ name: String) -> FuzzedParser? { all.first { $0.name == name } }

    private static func image(_ name: String, _ seeds: [String]) -> FuzzedParser {
        FuzzedParser(name: name, seeds: seeds, largestSeed: 1 << 16) { bytes in
            let peek = FilePeek { offset, count in Array(bytes.dropFirst(Int(clamping: offset)).prefix(count)) }
            require(peek.pictures >= 1 && peek.images >= 1)
            let options = DecodingOptions(limits: DecodingLimits(maxPixels: 1 << 20, maxSide: 1 << 16))
            outcome { () throws(ImageError) in
                let header = try ImageHeader(decoding: bytes, name: "input", options: options)
                require(header.width * header.height <= options.limits.maxPixels)
                let image = try RGBImage(decoding: bytes, name: "input", options: options)
                require(image.width == header.width && image.height == header.height)
                require(image.pixels.count == 3 * image.width * image.height)
            }
        }
    }

    private static func tensors(_ name: String, _ seeds: [String]) -> FuzzedParser {
        FuzzedParser(name: name, seeds: seeds, largestSeed: 1 << 14) { bytes in
            withFile(of: bytes) { path in
                outcome { () throws(TensorFileError) in
                    let archive = try TensorArchive(path: path)
                    for name in archive.names {
                        let tensor = try archive.tensor(name)
                        require(tensor.floats().count == tensor.count && tensor.integers().count == tensor.count)
                    }
                }
            }
        }
    }

    /// The input as the EXIF block of an otherwise sound JPEG.
    private static func exifAlone(_ bytes: [UInt8]) -> ImageHeader? {
        let block = bytes.prefix(60_000)
        let length = block.count + 8
        var file: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + Array("Exif\0\0".utf8) + block
        // A frame of 8 × 8 grey pixels; the header ends with the start of the scan.
        file += [0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]
        let header = try? ImageHeader(decoding: file, name: "input")
        require(header != nil)
        return header
    }
}

/// Stops the program, which is what a fuzzer looks for.
func require(_ condition: Bool) {
    if !condition { fatalError("a parser gave what cannot be") }
}

/// Lets an error pass that a person can be shown: a line of text that no byte of the input can break.
private func outcome<Failure: CustomStringConvertible>(_ body: () throws(Failure) -> Void) {
    do throws(Failure) {
        try body()
    } catch {
        let text = error.description
        require(!text.isEmpty && text.utf8.count < 4096)
        if let control = text.unicodeScalars.first(where: { $0.properties.generalCategory == .control }) {
            fatalError("an error holds the control character \(control.value): \(text.debugDescription)")
        }
    }
}
