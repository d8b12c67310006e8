import MuScImages
import MuScSupport
import Testing

/// Photographs of a part that was photographed before are known, and nothing is guessed where parts look alike.
@Suite struct TwinSearchTests {
    /// A part with details of its own on a grid that all parts share, photographed by a noisy camera.
    private struct Part {
        var seed: UInt64
        /// How strong its own details are, in grey levels.
        var own = 12.0

        private struct Spot { var x, y, size, height: Double }
        private var spots: [Spot] {
            var generator = SeededGenerator(seed: seed)
            func number(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
            return (0..<400).map { _ in
                Spot(x: number(0...1), y: number(0...1), size: number(0.008...0.03), height: number(-own...own))
            }
        }

        /// - Parameters:
        ///   - move: Pixels to the right and down, of 300.
        ///   - light: What brightness is multiplied with.
        ///   - shot: Seeds the camera's noise of 2 grey levels; nil for none.
        func photograph(move: (Double, Double) = (0, 0), light: Double = 1, shot: UInt64?) -> RGBImage {
            let side = 300
            var values = [Double](repeating: 0, count: side * side)
            for y in 0..<side {
                for x in 0..<side {
                    let u = Double(x) - move.0, v = Double(y) - move.1
                    let isLine = u.truncatingRemainder(dividingBy: 100).magnitude < 4 || v.truncatingRemainder(dividingBy: 60).magnitude < 2
                    values[y * side + x] = isLine ? 60 : 130 + u / 20
                }
            }
            for spot in spots {
                let (cx, cy) = (spot.x * Double(side) + move.0, spot.y * Double(side) + move.1)
                let size = spot.size * Double(side)
                let reach = Int(3 * size)
                for y in max(Int(cy) - reach, 0)..<min(Int(cy) + reach, side) where y < side {
                    for x in max(Int(cx) - reach, 0)..<min(Int(cx) + reach, side) {
                        let (dx, dy) = ((Double(x) - cx) / size, (Double(y) - cy) / size)
                        // A bump without an exponential.
                        let fall = max(1 - (dx * dx + dy * dy) / 9, 0)
                        values[y * side + x] += spot.height * fall * fall * fall
                    }
                }
            }
            var noise = SeededGenerator(seed: seed &* 7919 &+ (shot ?? 0) &* 104_729 &+ 1)
            let pixels = values.flatMap { value -> [UInt8] in
                var sum = value * light
                if shot != nil { for _ in 0..<4 { sum += Double.random(in: -1.73...1.73, using: &noise) } }
                return [UInt8](repeating: UInt8(min(max(sum.rounded(), 0), 255)), count: 3)
            }
            return RGBImage(width: side, height: side, pixels: pixels)
        }
    }

    private func search(_ parts: [Part]) -> TwinSearch {
        let looks = parts.map { ImageLook($0.photograph(shot: 1)) }
        var search = TwinSearch(usual: TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount))))
        for (number, look) in looks.enumerated() { search.add(look, as: number) }
        return search
    }

    @Test("Parts with details of their own are no twins of each other, and their second photographs are")
    func bursts() throws {
        let parts = (1...10).map { Part(seed: $0) }
        let search = search(parts)
        for other in 11...20 { #expect(search.twin(of: ImageLook(Part(seed: UInt64(other)).photograph(shot: 1))) == nil) }
        for (number, part) in parts.enumerated() {
            let copy = part.photograph(shot: 1)
            #expect(search.twin(of: ImageLook(copy)) == number)
            #expect(search.twin(of: ImageLook(part.photograph(shot: 2))) == number)
            #expect(search.twin(of: ImageLook(part.photograph(move: (1.4, -1.4), shot: 3))) == number)
            #expect(search.twin(of: ImageLook(part.photograph(move: (-2, 0), light: 0.85, shot: 4))) == number)
            #expect(search.twin(of: ImageLook(part.photograph(light: 1.15, shot: 5))) == number)
            for quality in [60, 95] {
                let saved = try RGBImage(decoding: copy.jpegEncoded(quality: quality), name: "copy.jpg")
                #expect(search.twin(of: ImageLook(saved)) == number, "quality \(quality)")
            }
        }
    }

    @Test("Where parts are alike but for noise, no twin is guessed")
    func prints() {
        // The same print again and again: what each photograph has for itself is noise alone.
        let looks = (1...12).map { ImageLook(Part(seed: 3).photograph(move: (Double($0 % 3), 0), shot: UInt64($0))) }
        var search = TwinSearch(usual: TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount))))
        for (number, look) in looks.enumerated() {
            #expect(search.twin(of: look) == nil)
            search.add(look, as: number)
        }
    }

    @Test("Film without details, and images of one colour, are no twins")
    func film() {
        let looks = (1...10).map { ImageLook(Part(seed: 3, own: 0).photograph(shot: UInt64($0))) }
        var search = TwinSearch(usual: TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount))))
        let black = ImageLook(RGBImage(width: 20, height: 20, pixels: [UInt8](repeating: 0, count: 1200)))
        #expect(black.blank == .oneColour)
        for (number, look) in (looks + [black, black]).enumerated() {
            #expect(search.twin(of: look) == nil)
            search.add(look, as: number)
        }
    }

    @Test("Two photographs alone say nothing of what is usual, and are no twins")
    func two() {
        let looks = (1...2).map { ImageLook(Part(seed: 3).photograph(shot: UInt64($0))) }
        var search = TwinSearch(usual: TwinSearch.usualDifference(looks))
        search.add(looks[0], as: 0)
        #expect(search.twin(of: looks[1]) == nil)
        search.remove(0)
        #expect(search.twin(of: looks[0]) == nil)
    }

    @Test("What is foreseen on all threads is what is found one after the other", arguments: [false, true])
    func foreseen(_ areKept: Bool) {
        let parts = (1...10).map { Part(seed: $0) }
        // A twin beside its part, one far behind it, and one of the twin's own.
        var looks = parts.map { ImageLook($0.photograph(shot: 1)) }
        looks.insert(ImageLook(parts[2].photograph(move: (1, 0), shot: 2)), at: 3)
        looks.append(ImageLook(parts[0].photograph(move: (0, -1), shot: 2)))
        looks.append(looks[0])
        let usual = TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount)))
        #expect(usual == TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount)), threads: 3))

        func met(foreseeing: Bool) -> [Int?] {
            var search = TwinSearch(usual: usual, threads: 2)
            for (number, look) in looks[..<4].enumerated() { search.add(look, as: number) }
            return looks.indices.map { index in
                if foreseeing, index % 5 == 0 { search.foresee(Array(looks[index...].prefix(5)), areKept: areKept) }
                let twin = search.twin(of: looks[index])
                if twin == nil { search.add(looks[index], as: 100 + index) }
                return twin
            }
        }
        let found = met(foreseeing: false)
        #expect(found.last == 0 && found.contains(nil))
        #expect(met(foreseeing: true) == found)
    }
}
