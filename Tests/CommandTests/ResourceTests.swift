import Foundation
import Glibc
import Testing

/// What asks for more than the machine has is refused in words or done in a slower way; nothing ends the process.
@Suite("Bounds") struct ResourceTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try musc.makeBatch("batch", images: 4)
    }

    /// A greymap of zeros that takes no room on the disk.
    private func writeGreymap(_ name: String, width: Int, height: Int) throws {
        let header = Array("P5 \(width) \(height) 255\n".utf8)
        let file = open(musc.scratch.appending(path: "batch/\(name)").path, O_WRONLY | O_CREAT, 0o644)
        try #require(file >= 0)
        defer { close(file) }
        #expect(write(file, header, header.count) == header.count)
        #expect(ftruncate(file, off_t(header.count + width * height)) == 0)
    }

    private func run(_ more: [String] = [], through: [String] = []) throws -> MuscCommand.Result {
        try musc.run(["run", "batch", "--threads", "4"] + MuscCommand.tiny + more, through: through)
    }

    private func table() throws -> String {
        try String(contentsOf: musc.scratch.appending(path: "batch/_musc/scores.csv"), encoding: .utf8)
    }

    /// Runs in an address space, or with memory, of so many bytes.
    static func within(addressSpace bytes: Int) -> [String] { ["/bin/sh", "-c", "ulimit -v \(bytes >> 10); exec \"$@\"", "sh"] }

    @Test("Four photographs of 100 megapixels are scored by four threads in less memory than four take")
    func oneAtATime() throws {
        for index in 0..<4 { try writeGreymap("large_\(index).pgm", width: 10_000, height: 10_000) }
        let result = try run(through: Self.within(addressSpace: 2600 << 20))
        #expect(result.status == 0, "\(result.errors)")
        #expect(try table().split(separator: "\r\n").count == 9)
        #expect(!(try table()).contains("memory"))
    }

    @Test("Under a limit of address space a photograph that does not fit is left out with the reason, the others are scored")
    func addressSpace() throws {
        try writeGreymap("large.pgm", width: 14_000, height: 14_000)
        let result = try run(through: Self.within(addressSpace: 1400 << 20))
        #expect(result.status == 0, "\(result.errors)")
        let row = try #require(table().split(separator: "\r\n").first { $0.contains("large.pgm") })
        #expect(row.contains("MiB") && row.contains("give musc more memory"), "\(row)")
        #expect(try table().split(separator: "\r\n").count == 6)
    }

    static let group = "/sys/fs/cgroup/memory/musc-test-\(getpid())"
    static let canLimit: Bool = {
        guard mkdir(group, 0o755) == 0 else { return false }
        rmdir(group)
        return true
    }()

    @Test(
        "In a control group too small for a photograph the kernel kills nothing: it is left out with the reason",
        .enabled(if: canLimit, "making a control group needs root and version 1"))
    func controlGroup() throws {
        try writeGreymap("large.pgm", width: 14_000, height: 14_000)
        #expect(mkdir(Self.group, 0o755) == 0)
        defer { rmdir(Self.group) }
        try "\(700 << 20)".write(toFile: Self.group + "/memory.limit_in_bytes", atomically: false, encoding: .ascii)
        let result = try run(through: ["/bin/sh", "-c", "echo $$ > \(Self.group)/cgroup.procs && exec \"$@\"", "sh"])
        #expect(result.status == 0, "status \(result.status): \(result.errors)")
        let row = try #require(table().split(separator: "\r\n").first { $0.contains("large.pgm") })
        #expect(row.contains("give musc more memory"), "\(row)")
    }

    @Test("The limit of pixels is a key of the configuration, and says what it refused")
    func pixels() throws {
        try writeGreymap("large.pgm", width: 2000, height: 1000)
        try Data("images: {max_pixels: 1000000}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        #expect(try run(["--config", "musc.yaml"]).status == 0)
        #expect(try table().contains("2000 × 1000 pixels; at most 1000000 pixels are decoded"))
        #expect(try run().status == 0)
        #expect(!(try table()).contains("at most"))
    }

    @Test("A bomb of each format costs its own row, in a moment")
    func bombs() throws {
        func bytes(_ number: Int, _ count: Int = 4) -> [UInt8] { (0..<count).map { UInt8(number >> (8 * (count - 1 - $0)) & 255) } }
        let png =
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + bytes(13) + Array("IHDR".utf8) + bytes(60_000) + bytes(60_000)
            + [1, 0, 0, 0, 0] + bytes(0)
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]
        var tiff: [UInt8] = Array("MM".utf8) + bytes(42, 2) + bytes(8) + bytes(4, 2)
        for (tag, value) in [(256, 4_000_000_000), (257, 4_000_000_000), (258, 8 << 16), (273, 8)] {
            tiff += bytes(tag, 2) + bytes(tag == 258 ? 3 : 4, 2) + bytes(1) + bytes(value)
        }
        let pnm = Array("P6 99999 99999 255\n".utf8)
        for (name, content) in [("a.png", png), ("b.jpg", jpeg), ("c.tif", tiff + bytes(0)), ("d.ppm", pnm)] {
            try Data(content).write(to: musc.scratch.appending(path: "batch/\(name)"))
        }
        let result = try run(through: Self.within(addressSpace: 1400 << 20))
        #expect(result.status == 0, "\(result.errors)")
        let rows = try table().split(separator: "\r\n")
        let refused = rows.filter { $0.contains("pixels") || $0.contains("damaged") || $0.contains("ends early") }
        #expect(rows.count == 9 && refused.count == 4, "\(rows)")
    }
}
