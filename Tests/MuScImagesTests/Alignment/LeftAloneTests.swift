import Glibc
import MuScImages
import MuScSupport
import Testing

/// Batches in which turning or cropping would hide a defect, or in which there is no part to find.
@Suite struct LeftAloneTests {
    /// Straight parts at nearly one place.
    private static func straight(_ count: Int = 20, _ change: (inout SyntheticPart, Int) -> Void = { _, _ in }) -> SyntheticBatch {
        SyntheticBatch(
            (0..<count).map { index in
                var part = SyntheticPart(x: 158 + Double(index * 3 % 5), y: 118 + Double(index * 7 % 5), degrees: Double(index * 5 % 7) - 3)
                change(&part, index)
                return SyntheticPart.photograph([part], seed: UInt64(index))
            })
    }

    @Test("Parts that lie straight at one place are cropped by one window, so that a misplaced one stays misplaced")
    func misplaced() throws {
        let batch = Self.straight { part, index in if index == 7 { (part.x, part.y) = (200, 150) } }
        let frame = try #require(batch.frame())
        #expect(!frame.isTurned && !frame.follows)
        let places = batch.parts.map { frame.place($0, photograph: SyntheticBatch.size).toPhotograph }
        #expect(Set(places).count == 1)
        #expect(frame.area < 0.9)
    }

    @Test("Of parts that lie straight, one that lies turned or upside down stays so")
    func turned() throws {
        for degrees in [35.0, 90, 180] {
            let batch = Self.straight { part, index in if index == 3 { part.degrees = degrees } }
            if let frame = batch.frame() { #expect(!frame.isTurned, "\(degrees)") }
        }
    }

    @Test("Where a third of the parts lies across, they are left alone and told of, unless the user says otherwise")
    func thirdAcross() throws {
        let batch = Self.straight { part, index in if index % 3 == 0 { part.degrees = 90 } }
        #expect(batch.decision() == .leftAlone(.someTurned(7, of: 20)))
        #expect(batch.frame(.upright)?.isTurned == true)
        #expect(batch.frame(.crop)?.isTurned == false)
    }

    @Test("Round parts are cropped, not turned")
    func round() throws {
        let batch = SyntheticBatch(
            (0..<12).map { index in
                let part = SyntheticPart(
                    x: 110 + Double(index * 17 % 90), y: 90 + Double(index * 11 % 60), degrees: 30 * Double(index), length: 60, width: 58,
                    head: 58)
                return SyntheticPart.photograph([part], seed: UInt64(index))
            })
        let frame = try #require(batch.frame())
        #expect(!frame.isTurned && frame.follows)
    }

    @Test("Two parts in a photograph, texture to the edges, vignetting, stripes of a line and empty photographs are left alone")
    func nothingToFind() {
        let two = { (index: Int) in
            SyntheticPart.photograph(
                [SyntheticPart(x: 80, y: 60, length: 80), SyntheticPart(x: 220, y: 170, degrees: 20, length: 80)], seed: UInt64(index))
        }
        let texture = { (index: Int) in
            SyntheticPart.photograph(
                [], seed: UInt64(index),
                background: { x, y in
                    SIMD3(repeating: 120 + 60 * sin(80 * x) * cos(60 * y + Double(index)))
                })
        }
        let vignetting = { (index: Int) in
            SyntheticPart.photograph([], seed: UInt64(index), background: { x, y in SIMD3(repeating: 200 - 180 * (x * x + y * y)) })
        }
        let stripes = { (index: Int) in
            SyntheticPart.photograph(
                [], seed: UInt64(index), background: { x, _ in abs(x) < 0.2 ? SIMD3(60, 60, 60) : SIMD3(150, 150, 150) })
        }
        let empty = { (index: Int) in SyntheticPart.photograph([], seed: UInt64(index)) }
        for (name, draw) in [("two", two), ("texture", texture), ("vignetting", vignetting), ("stripes", stripes), ("empty", empty)] {
            #expect(SyntheticBatch((0..<10).map(draw)).frame() == nil, "\(name)")
        }
    }

    @Test("Where parts scatter and few can be found, that is said")
    func scattering() {
        let batch = SyntheticBatch(
            (0..<20).map { index in
                let part = SyntheticPart(degrees: 37 * Double(index), length: index % 3 == 0 ? 330 : 120)
                return SyntheticPart.photograph([part], seed: UInt64(index))
            })
        guard case .leftAlone(.fewFound(let found, of: 20, _, let scatter)) = batch.decision() else {
            Issue.record("\(batch.decision())")
            return
        }
        #expect(found < 18 && (scatter ?? 0) > 15)
    }

    @Test("Photographs that the part fills are not cropped")
    func filling() {
        let batch = Self.straight { part, _ in (part.length, part.width, part.head) = (295, 190, 190) }
        #expect(batch.frame() == nil)
    }
}
