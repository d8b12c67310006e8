import Foundation
import Glibc

/// A moment by the machine's clock that never goes back, in seconds since it was started; time asleep counts.
///
/// What was observed when is compared by this clock alone. Files' own times come from another machine's clock as often
/// as not, and wall clocks are set.
package struct Moment: Hashable, Comparable, Sendable {
    package var seconds: Double

    package init(seconds: Double) {
        self.seconds = seconds
    }

    package static func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Moment(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    package static func < (a: Moment, b: Moment) -> Bool { a.seconds < b.seconds }
    package static func + (a: Moment, seconds: Double) -> Moment { Moment(seconds: a.seconds + seconds) }
    package static func - (a: Moment, b: Moment) -> Double { a.seconds - b.seconds }

    /// Tells one run of the machine from the next, so that moments of different runs are not compared.
    static let boot: String = {
        let id = readWhole("/proc/sys/kernel/random/boot_id").filter { $0 > 32 }
        return String(decoding: id, as: UTF8.self)
    }()
}

/// The wall clock, for people and for what must outlast a restart of the machine: seconds since 1970.
func wallClock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
