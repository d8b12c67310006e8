import MuScBatch
import MuScImages
import MuScScoring
import Testing

/// Tokens in memory and in a file, and what is refused before memory runs out.
@Suite struct MemoryTests {
    @Test("Tokens that do not fit into memory go to a file, and scores are the same to the bit")
    func spill() throws {
        let fixture = try BatchScorerTests()
        let files = try fixture.textured(6)
        let scorer = fixture.scorer
        let needed = scorer.scoringBytes(images: files.count)
        let spilling = try BatchScorerTests.scorer { $0.memory = needed + 3 * scorer.tokenBytesOfImage / 2 }

        let (inMemory, inFile) = (try scorer.tokens(of: files), try spilling.tokens(of: files))
        #expect(inMemory.layers.joined().allSatisfy { !$0.isSpilled })
        let kept = inFile.layers.joined().count { !$0.isSpilled }
        #expect(kept > 0 && kept < inFile.layers.joined().count)
        for (one, other) in zip(inMemory.layers.joined(), inFile.layers.joined()) {
            #expect(try one.values() == other.values())
        }
        let (expected, found) = (try scorer.scores(of: inMemory), try spilling.scores(of: inFile))
        #expect(expected.patchMaps == found.patchMaps)
    }

    @Test("A batch whose mutual scoring does not fit into memory is refused, with both amounts")
    func shortage() throws {
        let fixture = try BatchScorerTests()
        let files = try fixture.textured(6)
        let scorer = try BatchScorerTests.scorer { $0.memory = fixture.scorer.scoringBytes(images: 6) - 1 }
        let error = #expect(throws: ScoringError.self) { try scorer.score(files) }
        guard case .memory(let shortage)? = error else {
            Issue.record("\(String(describing: error)) is no shortage of memory")
            return
        }
        #expect(shortage.needed == shortage.available + 1)
        #expect("\(shortage)".contains("scoring.memory allows"))
    }

    @Test("What the system leaves is told in bytes")
    func available() throws {
        #expect(try #require(SystemMemory.available) > 64 << 20)
    }
}
