import MuScWatching
import SystemPackage
import Testing

@Suite("Settling")
struct SettlingTests {
    let folder: FilePath = "/drop/a"
    let rules = Settling.Rules(settleSeconds: 10, minImages: 8, maxWaitSeconds: 3600, waitsForReadyFile: false)

    func moment(_ seconds: Double) -> Moment { Moment(seconds: 1000 + seconds) }

    func seen(_ images: Int, _ content: String = "a", mark: String? = nil, spent: String? = nil) -> Settling.Observation {
        Settling.Observation(digest: FileSetDigest(text: "\(content)\(images)"), images: images, readyMark: mark, spentReadyMark: spent)
    }

    @Test("A set that was seen unchanged over the settle time is ready, and not before")
    func settles() {
        var settling = Settling(rules: rules)
        #expect(settling.observe(folder, seen(8), at: moment(0)) == .changing(until: moment(10)))
        #expect(settling.observe(folder, seen(8), at: moment(9.9)) == .changing(until: moment(10)))
        #expect(settling.due(at: moment(9.9)) == [])
        #expect(settling.due(at: moment(10)) == [folder])
        #expect(settling.observe(folder, seen(8), at: moment(10)) == .ready)
    }

    @Test("Another size, time or file begins the settle time anew")
    func changes() {
        var settling = Settling(rules: rules)
        _ = settling.observe(folder, seen(8), at: moment(0))
        #expect(settling.observe(folder, seen(8, "grown"), at: moment(9)) == .changing(until: moment(19)))
        #expect(settling.observe(folder, seen(8, "grown"), at: moment(19)) == .ready)
    }

    @Test("An event begins the settle time anew even where the listing is the same")
    func events() {
        var settling = Settling(rules: rules)
        _ = settling.observe(folder, seen(8), at: moment(0))
        settling.closed("x.jpg", in: folder, at: moment(6))
        #expect(settling.observe(folder, seen(8), at: moment(10)) == .changing(until: moment(16)))
        #expect(settling.observe(folder, seen(8), at: moment(16)) == .ready)
    }

    @Test("A file seen created and not closed holds its batch back, but not for ever")
    func stalled() {
        var settling = Settling(rules: rules)
        settling.created("x.jpg", in: folder, at: moment(0))
        for time in stride(from: 0.0, to: 59, by: 5) {
            let verdict = settling.observe(folder, seen(8), at: moment(time))
            #expect(verdict != .ready, "after \(time) s")
        }
        #expect(settling.observe(folder, seen(8), at: moment(60)) == .ready)
    }

    @Test("Few images wait for the longest wait, a single one for company")
    func fewImages() {
        var settling = Settling(rules: rules)
        _ = settling.observe(folder, seen(2), at: moment(0))
        #expect(settling.observe(folder, seen(2), at: moment(10)) == .tooFew(images: 2, until: moment(3600)))
        #expect(settling.observe(folder, seen(2), at: moment(3600)) == .ready)

        settling.forget(folder)
        _ = settling.observe(folder, seen(1), at: moment(0))
        #expect(settling.observe(folder, seen(1), at: moment(9999)) == .tooFew(images: 1, until: nil))
        #expect(settling.due(at: moment(99_999)) == [])
    }

    @Test("A ready file makes ready at once, and without it nothing is ready")
    func readyFile() {
        var settling = Settling(rules: rules)
        settling.rules.waitsForReadyFile = true
        _ = settling.observe(folder, seen(8), at: moment(0))
        #expect(settling.observe(folder, seen(8), at: moment(5000)) == .awaitingReadyFile)
        #expect(settling.observe(folder, seen(3, mark: "1"), at: moment(5001)) == .ready)
    }

    @Test("A ready file that was acted on says nothing about later images: these settle by the clock")
    func spentReadyFile() {
        var settling = Settling(rules: rules)
        settling.rules.waitsForReadyFile = true
        #expect(settling.observe(folder, seen(9, mark: "1", spent: "1"), at: moment(0)) == .changing(until: moment(10)))
        #expect(settling.observe(folder, seen(9, mark: "1", spent: "1"), at: moment(10)) == .ready)
        #expect(settling.observe(folder, seen(10, mark: "2", spent: "1"), at: moment(11)) == .ready)
    }

    @Test("What an earlier process observed counts, unless its clock lies ahead")
    func earlier() {
        var settling = Settling(rules: rules)
        #expect(settling.observe(folder, seen(8), at: moment(20), earlier: (moment(5), moment(0))) == .ready)
        settling.forget(folder)
        #expect(
            settling.observe(folder, seen(8), at: moment(20), earlier: (moment(50), moment(0))) == .changing(until: moment(30)))
    }
}
