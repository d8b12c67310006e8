import Foundation
import MuScImages
import MuScSupport
import Testing

/// Files that nobody would write on purpose, made from the fixtures with a fixed seed: decoding must end, with an
/// image or with an error, and never otherwise.
///
/// Memory errors that do not crash show under the address sanitiser; `MUSC_MUTATIONS` sets how many files are made of
/// each fixture, and from which seed on:
///
///     MUSC_MUTATIONS=20000 ASAN_OPTIONS=detect_leaks=0 \
///         swift test -c release --sanitize=address --scratch-path .build-asan --filter MutationTests
@Suite("Damaged files never crash")
struct MutationTests {
    static let rounds = ProcessInfo.processInfo.environment["MUSC_MUTATIONS"].flatMap { Int($0) } ?? 2000
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

    @Test("Bytes changed at 2000 places or more", arguments: ImageFixtures.names)
    func flipped(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        var generator = SeededGenerator(seed: UInt64(bytes.count + Self.rounds))
        for round in 0..<Self.rounds {
            var mutant = bytes
            // Headers decide the most, so every other change falls into the first hundred bytes.
            let end = round % 2 == 0 ? min(bytes.count, 100) : bytes.count
            for _ in 0...(round % 3) {
                let place = Int.random(in: 0..<end, using: &generator)
                switch round % 4 {
                case 0: mutant[place] ^= 1 << UInt8(round % 8)
                case 1: mutant[place] = 0
                case 2: mutant[place] = 0xFF
                default: mutant[place] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            #expect(Self.decode(mutant))
        }
    }

    @Test("Parts repeated, dropped and exchanged", arguments: ImageFixtures.names)
    func spliced(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        var generator = SeededGenerator(seed: UInt64(Self.rounds))
        for round in 0..<(Self.rounds / 10) {
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
