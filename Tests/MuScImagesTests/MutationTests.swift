import Goldens
import MuScImages
import SystemPackage
import Testing

/// Files that nobody would write on purpose, made from the fixtures with a fixed seed: decoding must end, with an
/// image or with an error, and never otherwise.
@Suite("Damaged files never crash")
struct MutationTests {
    static let limits = DecodingLimits(maxPixels: 4_000_000)

    /// Decodes, and checks what must hold of any image.
    static func decode(_ bytes: [UInt8]) -> Bool {
        let options = DecodingOptions(limits: limits)
        do throws(ImageError) {
            let image = try RGBImage(decoding: bytes, name: "mutant", options: options)
            return image.pixels.count == image.width * image.height * 3
        } catch {
            return !error.description.isEmpty
        }
    }

    @Test("Cut at 200 places", arguments: ImageFixtures.names)
    func cut(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        for place in 0..<200 {
            #expect(Self.decode(Array(bytes[..<(bytes.count * place / 200)])))
        }
    }

    @Test("Bytes changed at 2000 places", arguments: ImageFixtures.names)
    func flipped(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        var generator = SeededGenerator(state: UInt64(bytes.count))
        for round in 0..<2000 {
            var mutant = bytes
            // Headers decide the most, so every other change falls into the first hundred bytes.
            let end = round % 2 == 0 ? min(bytes.count, 100) : bytes.count
            for _ in 0...(round % 3) {
                let place = Int.random(in: 0..<end, using: &generator)
                mutant[place] = [mutant[place] ^ 1 << UInt8(round % 8), 0, 0xFF, UInt8.random(in: 0...255, using: &generator)][round % 4]
            }
            #expect(Self.decode(mutant))
        }
    }

    @Test("Parts repeated, dropped and exchanged", arguments: ImageFixtures.names)
    func spliced(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        var generator = SeededGenerator(state: 7)
        for round in 0..<200 {
            let a = Int.random(in: 0...bytes.count, using: &generator)
            let b = Int.random(in: a...bytes.count, using: &generator)
            let mutant =
                switch round % 3 {
                case 0: Array(bytes[..<b] + bytes[a...])
                case 1: Array(bytes[..<a] + bytes[b...])
                default: Array(bytes[..<a] + bytes[a..<b].reversed() + bytes[b...])
                }
            #expect(Self.decode(mutant))
        }
    }
}
