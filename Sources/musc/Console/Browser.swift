import Subprocess

/// Opens a page with the desktop's own program.
enum Browser {
    static func open(_ path: String) async {
        let result = try? await Subprocess.run(
            .name("xdg-open"), arguments: [path], output: .discarded, error: .discarded)
        if result?.terminationStatus.isSuccess != true {
            Terminal.note("xdg-open could not show the page: open \(path) in a browser", .warning)
        }
    }
}
