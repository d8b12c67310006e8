import MuScSupport
import SystemPackage
import Testing

@Suite struct ResultsPlaceTests {
    @Test(
        "Results lie in the batch's folder, or under another folder by the batch's name",
        arguments: [
            (nil, "drop/a/b", "b", 1, "drop/a/b/_musc"), (nil, "drop/a/", "a", 2, "drop/a/_musc-2"), (nil, "/", "", 1, "/_musc"),
            ("out", "/drop/a/b", "a/b", 1, "out/a/b/_musc"), ("out/", "/drop", "", 1, "out/_musc"),
            ("out", "/x/y/parts", "parts", 3, "out/parts/_musc-3"),
        ] as [(String?, String, String, Int, String)])
    func location(_ outer: String?, _ batch: String, _ name: String, _ sequence: Int, _ expected: String) {
        let place = ResultsPlace(outer: outer.map { FilePath($0) }, folderName: "_musc")
        let folder = place.folder(of: FilePath(batch), named: Array(FilePath(name).components), sequence: sequence)
        #expect(folder == FilePath(expected))
    }

    @Test(
        "A batch is named by as many of its last folders as no other batch has",
        arguments: [
            (["/a/0900"], ["0900"]),
            (["/a/0900", "/b/0900"], ["a/0900", "b/0900"]),
            (["/x/a/0900", "/y/a/0900", "/b/0900"], ["x/a/0900", "y/a/0900", "b/0900"]),
            (["/0900", "/a/0900", "/c"], ["0900", "a/0900", "c"]),
            (["/a/Part", "/b/part"], ["a/Part", "b/part"]),
            (["/a/caf\u{E9}", "/b/cafe\u{301}"], ["a/caf\u{E9}", "b/cafe\u{301}"]),
            (["/a/STRASSE", "/b/straße"], ["a/STRASSE", "b/straße"]),
            (["/"], [""]),
        ])
    func names(_ batches: [String], _ expected: [String]) throws {
        let names = try BatchName.names(of: batches.map { FilePath($0) })
        #expect(names.map { FilePath(root: nil, $0).string } == expected)
    }

    @Test(
        "Batches that differ by case or Unicode form alone are named, and cannot be told apart",
        arguments: [["/a/Part", "/c", "/a/part"], ["/a/caf\u{E9}/1", "/A/cafe\u{301}/1"], ["/a", "/a"]])
    func clash(_ batches: [String]) {
        let clash = #expect(throws: BatchName.Clash.self) { try BatchName.names(of: batches.map { FilePath($0) }) }
        #expect(clash == BatchName.Clash(first: FilePath(batches[0]), second: FilePath(batches[batches.count - 1])))
    }

    @Test("However deep batches lie, no two of them have the same results' folder")
    func distinct() throws {
        // All paths of up to three folders of two names in two writings.
        let names = ["n", "N", "m"]
        let one = names.map { "/\($0)" }
        let two = one.flatMap { outer in names.map { "\(outer)/\($0)" } }
        let three = two.flatMap { outer in names.map { "\(outer)/\($0)" } }
        let all = one + two + three
        let place = ResultsPlace(outer: "/out", folderName: "_musc")
        var kept = 0
        for first in all {
            for second in all where second != first {
                let batches = [first, second, "/m/n/n/m"].map { FilePath($0) }
                guard let names = try? BatchName.names(of: batches) else {
                    #expect(Set(batches.map { $0.string.lowercased() }).count < 3)
                    continue
                }
                let folders = zip(batches, names).map { place.folder(of: $0, named: $1).string.lowercased() }
                #expect(Set(folders).count == 3, "\(batches)")
                kept += 1
            }
        }
        #expect(kept > 1000)
    }
}
