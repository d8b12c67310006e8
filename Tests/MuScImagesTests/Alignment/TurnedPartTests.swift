import Foundation
import MuScImages
import MuScSupport
import Testing

/// Long parts that lie at any angle.
@Suite struct TurnedPartTests {
    /// One part at each of 24 angles, somewhere in the photograph.
    private static func parts(_ change: (inout SyntheticPart, Int) -> Void = { _, _ in }) -> [SyntheticPart] {
        (0..<24).map { index in
            var part = SyntheticPart(x: 140 + Double(index * 7 % 40), y: 105 + Double(index * 5 % 30), degrees: 15 * Double(index) + 3)
            change(&part, index)
            return part
        }
    }

    private static func batch(of parts: [SyntheticPart]) -> SyntheticBatch {
        SyntheticBatch(parts.enumerated().map { .photograph([$1], seed: UInt64($0)) })
    }

    /// The difference of two directions, degrees from −180 to 180.
    private func apart(_ a: Double, _ b: Double) -> Double {
        let turns = (a - b) / 360
        return 360 * (turns - turns.rounded())
    }

    @Test("Parts at all angles are turned upright, all the same way round, within two degrees")
    func turns() throws {
        let parts = Self.parts()
        let batch = Self.batch(of: parts)
        let frame = try #require(batch.frame())
        #expect(frame.isTurned && frame.follows)
        let found = batch.parts.map { frame.place($0, photograph: SyntheticBatch.size) }
        #expect(found.allSatisfy { $0.fault == nil && !$0.hasMoreOutside })
        let half = abs(apart(found[0].degrees, parts[0].degrees)) > 90 ? 180.0 : 0
        for (place, part) in zip(found, parts) {
            #expect(abs(apart(place.degrees, part.degrees + half)) < 2, "\(place.degrees) for \(part.degrees)")
        }
    }

    @Test("A marked pixel of the part lies at one place of the frame at all angles, and comes back to where it was put")
    func markedPixel() throws {
        let parts = Self.parts()
        let batch = Self.batch(of: parts)
        let frame = try #require(batch.frame())
        // Of as many patches as 336 × 336.
        let size = ImageSize(width: 36 * 14, height: 16 * 14)
        let wide = frame.widened(to: size)
        var shares: [(x: Double, y: Double)] = []
        for (index, part) in parts.enumerated() {
            let place = wide.place(batch.parts[index], photograph: SyntheticBatch.size)
            let mark = part.pixel(along: 40, across: -6)
            let inverse = try #require(place.toPhotograph.inverse)
            let share = inverse(mark.x, mark.y)
            shares.append(share)
            let back = place.pixel(x: Int(share.x * 504), y: Int(share.y * 224), of: size, photograph: SyntheticBatch.size)
            #expect(abs(Double(back.x) + 0.5 - mark.x) < 1.5 && abs(Double(back.y) + 0.5 - mark.y) < 1.5)
        }
        let middle = (x: shares.map(\.x).sorted()[12], y: shares.map(\.y).sorted()[12])
        for share in shares {
            #expect(abs(share.x - middle.x) < 1.0 / 36 && abs(share.y - middle.y) < 1.0 / 16, "\(share) against \(middle)")
        }
    }

    @Test("What is cut out of photographs of parts at all angles looks alike")
    func cuts() throws {
        let batch = Self.batch(of: Self.parts())
        let size = ImageSize(width: 252, height: 112)
        let frame = try #require(batch.frame()).widened(to: size)
        let cuts = zip(batch.images, batch.parts).map { image, part in
            FrameCut(frame.place(part, photograph: SyntheticBatch.size).toPhotograph, size: size, filter: .bilinear)(image)
        }
        for cut in cuts.dropFirst() {
            let sum = zip(cut.pixels, cuts[0].pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(Double(sum) / Double(cut.pixels.count) < 12)
        }
    }

    @Test("A mirrored part stays mirrored, and one with a broken shaft is turned as the others")
    func oddParts() throws {
        var parts = Self.parts()
        parts[5].isMirrored = true
        parts[9].length = 80
        let batch = Self.batch(of: parts)
        let frame = try #require(batch.frame())
        for part in batch.parts {
            let map = frame.place(part, photograph: SyntheticBatch.size).toPhotograph
            #expect(map.a * map.e - map.b * map.d > 0)
        }
        #expect(frame.place(batch.parts[9], photograph: SyntheticBatch.size).fault == nil)
    }

    @Test("Parts are found in JPEG files of quality 60, in the dark field and in the bright field")
    func lights() throws {
        for (background, colour) in [((240.0, 240.0, 238.0), SIMD3(90.0, 85, 80)), ((12, 12, 14), SIMD3(160, 150, 140))] {
            let images = try Self.parts { part, _ in part.colour = colour }.enumerated().map { index, part in
                let image = RGBImage.photograph(
                    [part], seed: UInt64(index), background: { x, y in (1 + 0.1 * x) * SIMD3(background.0, background.1, background.2) })
                return try RGBImage(decoding: image.jpegEncoded(quality: 60), name: "part.jpg")
            }
            #expect(SyntheticBatch(images).frame()?.isTurned == true)
        }
    }

    @Test("A frame that is stored and read again places parts as before, and fits a second batch of the same parts")
    func stored() throws {
        let batch = Self.batch(of: Self.parts())
        let frame = try #require(batch.frame())
        let read = try JSONDecoder().decode(AlignmentFrame.self, from: JSONEncoder().encode(frame))
        #expect(read == frame)
        #expect(read.place(batch.parts[3], photograph: SyntheticBatch.size) == frame.place(batch.parts[3], photograph: SyntheticBatch.size))
        let second = Self.batch(of: Self.parts { part, index in part.degrees += 7 * Double(index) })
        #expect(frame.fits(second.parts))
        let others = Self.batch(of: Self.parts { part, _ in (part.length, part.head) = (70, 26) })
        #expect(!frame.fits(others.parts))
    }

    @Test("A frame of a damaged file is refused, and nothing is made of its numbers")
    func damaged() throws {
        let frame = try #require(Self.batch(of: Self.parts()).frame())
        let text = String(decoding: try JSONEncoder().encode(frame), as: UTF8.self)
        for (number, other) in [
            ("\"width\":", "\"width\":-1e300,\"was\":"), ("\"samples\":\"", "\"samples\":\"zz"), ("\"copy\":", "\"copy\":0,\"was\":"),
        ] {
            let damaged = text.replacing(number, with: other)
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(AlignmentFrame.self, from: Data(damaged.utf8)) }
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(AffineMap.self, from: Data(#"{"a":1e300,"b":0,"c":0,"d":0,"e":1,"f":0}"#.utf8))
        }
    }

    @Test("Something beside a part, outside the frame, is told of")
    func beside() throws {
        let parts = Self.parts()
        var images = parts.enumerated().map { RGBImage.photograph([$1], seed: UInt64($0)) }
        let piece = SyntheticPart(x: 290, y: 215, length: 18, width: 18, head: 18)
        images[4] = .photograph([parts[4], piece], seed: 4)
        let batch = SyntheticBatch(images)
        let frame = try #require(batch.frame())
        let told = batch.parts.map { frame.place($0, photograph: SyntheticBatch.size).hasMoreOutside }
        #expect(told.indices.filter { told[$0] } == [4])
    }
}

extension RGBImage {
    fileprivate static func photograph(
        _ parts: [SyntheticPart], seed: UInt64,
        background: (Double, Double) -> SIMD3<Double> = { x, y in (1 + 0.25 * x - 0.15 * y) * SIMD3(60, 100, 160) }
    ) -> RGBImage { SyntheticPart.photograph(parts, seed: seed, background: background) }
}
