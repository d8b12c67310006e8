import MuScBatch
import MuScImages
import MuScScoring
import Testing

/// Tokens in memory and in a file, and what is refused before memory runs out.
@Suite struct MemoryTests {
    @Test("Tokens that do not fit into memory go to a file, and scores are the same to the bit")
    func spill() throws {
        let fixture = try InspectorTests()
        let files = try fixture.textured(6)
        let inspector = fixture.inspector
        let needed = inspector.network.estimate.scoringBytes(images: files.count)
        let spilling = try InspectorTests.inspector { $0.memory = needed + 3 * inspector.network.estimate.tokenBytesOfImage / 2 }

        let (inMemory, inFile) = (try inspector.tokens(of: files), try spilling.tokens(of: files))
        #expect(inMemory.layers.joined().allSatisfy { !$0.isSpilled })
        let kept = inFile.layers.joined().count { !$0.isSpilled }
        #expect(kept > 0 && kept < inFile.layers.joined().count)
        for (one, other) in zip(inMemory.layers.joined(), inFile.layers.joined()) {
            #expect(try one.values() == other.values())
        }
        let (expected, found) = (try inspector.inspect(inMemory), try spilling.inspect(inFile))
        #expect(expected.patchMaps == found.patchMaps)
    }

    @Test("A batch whose mutual scoring does not fit into memory is refused, with both amounts")
    func shortage() throws {
        let fixture = try InspectorTests()
        let files = try fixture.textured(6)
        let inspector = try InspectorTests.inspector { $0.memory = fixture.inspector.network.estimate.scoringBytes(images: 6) - 1 }
        let error = #expect(throws: ScoringError.self) { try inspector.inspectWhole(files) }
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
