import Foundation
import MuScSupport
import Testing

@Suite struct LocalTimeTests {
    @Test(
        "A time in UTC is told in the zone of the machine, with its distance",
        arguments: [
            (0, "2026-11-24 09:00:12 Z"), (3600, "2026-11-24 10:00:12 +01:00"), (-12600, "2026-11-24 05:30:12 -03:30"),
            (50400, "2026-11-24 23:00:12 +14:00"),
        ])
    func local(seconds: Int, text: String) throws {
        let zone = try #require(TimeZone(secondsFromGMT: seconds))
        #expect(LocalTime.text("2026-11-24T09:00:12Z", in: zone) == text)
    }

    @Test("A time that has another zone keeps it, and what is no time stays as it is")
    func others() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 3600))
        #expect(LocalTime.text("2026-11-24T09:00:12-05:00", in: zone) == "2026-11-24 09:00:12 -05:00")
        #expect(LocalTime.text("yesterday", in: zone) == "yesterday")
    }
}
