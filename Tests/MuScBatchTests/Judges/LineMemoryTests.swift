import FoundationEssentials
import Glibc
import MuScBatch
import Testing

/// What a line remembers survives rescoring, damage and strangers.
@Suite struct LineMemoryTests {
    @Test("A memory stays within its capacity, and offering a batch again changes nothing")
    func sampling() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory(capacity: 6)
        for batch in 0..<3 {
            let name = "line/b\(batch)"
            let files = try fixture.images(5, in: name, seed: batch)
            #expect(try fixture.remember(files, of: name, in: memory) == [])
        }
        let first = fixture.recalled(memory)
        #expect(first.tokens.readable == 6)
        #expect(first.problems == [])
        let files = (0..<5).map {
            BatchFile(path: fixture.folder.appending("line").appending("b1").appending("part\($0).png"), name: "part\($0).png")
        }
        _ = try fixture.remember(files, of: "line/b1", in: memory)
        #expect(Set(fixture.recalled(memory).tokens.images.map(\.path)) == Set(first.tokens.images.map(\.path)))
        #expect(try fixture.tokenFiles().count == 6)
    }

    @Test("A batch is never judged by its own remembered images")
    func ownImages() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(4, in: "line/b0"), of: "line/b0", in: memory)
        #expect(fixture.recalled(memory, for: "line/b0").tokens.readable == 0)
        #expect(fixture.recalled(memory, for: "line/b1").tokens.readable == 4)
    }

    @Test("One image can be forgotten by its name, and the others stay")
    func oneImage() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(4, in: "line/b0"), of: "line/b0", in: memory)
        let (line, state) = (fixture.folder.appending("line"), fixture.folder.appending("state"))
        let images = try #require(LineMemory.lines(in: state).first?.images)
        #expect(images.allSatisfy { $0.when != nil && $0.content?.count == 32 })
        #expect(try LineMemory.forget("b0/part2.png", of: line, in: state) == [line.string + "/b0/part2.png"])
        #expect(try LineMemory.forget("b0/part2.png", of: line, in: state) == [])
        #expect(
            fixture.recalled(memory, for: "line/b1").tokens.images.map(\.name).sorted() == ["b0/part0.png", "b0/part1.png", "b0/part3.png"])
        #expect(try fixture.tokenFiles().count == 3)
    }

    @Test("Remembered tokens differ from fresh ones by rounding alone")
    func precision() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        let files = try fixture.images(2, in: "line/b0")
        _ = try fixture.remember(files, of: "line/b0", in: memory)
        let fresh = try fixture.inspector.tokens(of: files)
        let recalled = fixture.recalled(memory).tokens
        for (index, image) in recalled.images.enumerated() {
            let original = try #require(fresh.images.firstIndex { $0.path == image.path })
            for layer in fresh.layers.indices {
                let largest = try fresh.layers[layer][original].values().reduce(0) { max($0, abs($1)) }
                for (a, b) in zip(try fresh.layers[layer][original].values(), try recalled.layers[layer][index].values()) {
                    #expect(abs(a - b) <= abs(a) / 2048 + largest * 1e-9)
                }
            }
        }
    }

    @Test("Truncated, foreign and deleted files are set aside with a message, and the rest is remembered", arguments: 0..<3)
    func damage(kind: Int) throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(4, in: "line/b0"), of: "line/b0", in: memory)
        let victim = try #require(try fixture.tokenFiles().first)
        switch kind {
        case 0: #expect(truncate(victim.string, 1000) == 0)
        case 1: try Data("something else entirely".utf8).write(to: URL(filePath: victim.string))
        default: try FileManager.default.removeItem(atPath: victim.string)
        }
        let recalled = fixture.recalled(memory)
        #expect(recalled.tokens.readable == 3)
        #expect(recalled.problems.count == 1)
        #expect(recalled.problems.first?.description.contains("set aside") == true)
        #expect(try fixture.remember(try fixture.images(4, in: "line/b1", seed: 1), of: "line/b1", in: memory) == [])
        #expect(fixture.recalled(memory).tokens.readable >= 3)
    }

    @Test("A flipped bit is noticed")
    func flippedBit() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(2, in: "line/b0"), of: "line/b0", in: memory)
        let victim = try #require(try fixture.tokenFiles().first)
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: victim.string)))
        bytes[bytes.count - 5] ^= 4
        try Data(bytes).write(to: URL(filePath: victim.string))
        #expect(fixture.recalled(memory).tokens.readable == 1)
    }

    @Test("A damaged index is set aside, and the memory begins anew")
    func damagedIndex() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(3, in: "line/b0"), of: "line/b0", in: memory)
        let index = try #require(try fixture.tokenFiles().first).removingLastComponent().appending("line.json")
        try Data("{\"format\": 1, \"li".utf8).write(to: URL(filePath: index.string))
        let recalled = fixture.recalled(memory)
        #expect(recalled.tokens.readable == 0)
        #expect(recalled.problems.first?.description.contains("begins anew") == true)
        _ = try fixture.remember(try fixture.images(3, in: "line/b1"), of: "line/b1", in: memory)
        #expect(fixture.recalled(memory).tokens.readable == 3)
    }

    @Test("A state folder that cannot be written is told of, and nothing is lost")
    func unwritable() throws {
        let fixture = try JudgesFixture()
        try Data().write(to: URL(filePath: fixture.folder.appending("state").string))
        let files = try fixture.images(2, in: "line/b0")
        let error = #expect(throws: LineMemoryError.self) {
            try fixture.remember(files, of: "line/b0", in: fixture.memory())
        }
        #expect(error?.description.contains("results are whole") == true)
        #expect(fixture.recalled(fixture.memory()).tokens.readable == 0)
    }

    @Test("Lines are listed and forgotten")
    func lines() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(3, in: "line/b0"), of: "line/b0", in: memory)
        let lines = LineMemory.lines(in: fixture.folder.appending("state"))
        #expect(lines.map(\.images.count) == [3])
        #expect(lines.first?.line == fixture.folder.appending("line").string)
        #expect(try LineMemory.forget(fixture.folder.appending("line"), in: fixture.folder.appending("state")) == 3)
        #expect(LineMemory.lines(in: fixture.folder.appending("state")).isEmpty)
    }

    @Test("A small batch is judged by both itself and its line's past")
    func smallBatch() throws {
        let fixture = try JudgesFixture()
        let past = OutsideJudges(
            origin: .linePast, tokens: try fixture.inspector.tokens(of: try fixture.images(24, in: "line/b0")))
        let scores = try fixture.inspector.inspectWhole(try fixture.images(6, in: "line/b1", odd: [2], seed: 1), judgedBy: [past])
        #expect(scores.outsideJudgments.first?.judged == true)
        #expect(scores.outsideJudgments.first?.besideBatch == true)
        #expect(scores.threshold.explanation.contains("nobody has checked"))
        #expect(scores.images[2].flagged)
    }
}
