import ArgumentParser
import Foundation
import MuScServing
import MuScSupport
import SystemPackage

/// `musc serve`: index and reports over HTTP, and verdicts at a click.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the index and the reports over HTTP on this machine, and keep verdicts at a click.",
        discussion: """
            Nothing but results, the photographs beside them and verdicts is served, and nothing but verdicts is written. With \
            --listen others reach it too, and then it asks for a token: the one in MUSC_SERVE_TOKEN, or one that is made \
            anew and printed. There is no encryption: put a proxy with TLS before it where the network is not trusted.
            """)

    @Option(help: ArgumentHelp("The address and port to listen at; 0 is any port that is free.", valueName: "address:port"))
    var listen = "127.0.0.1:8042"

    @OptionGroup var watch: WatchOptions
    @OptionGroup var messages: MessageFlags

    func run() async throws {
        let configuration = try watch.watched(try messages.configuration([]))
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]), (0...65_535).contains(port)
        else {
            throw UserError("--listen \(listen): is no address and port: give such as 127.0.0.1:8042", exit: .usage)
        }
        let host = listen[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let isLocal = host == "::1" || host.hasPrefix("127.")
        let given = ProcessInfo.processInfo.environment["MUSC_SERVE_TOKEN"] ?? ""
        if !given.isEmpty,
            given.utf8.count < 16 || !given.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) })
        {
            throw UserError("MUSC_SERVE_TOKEN: is no token: give at least 16 letters and digits", exit: .usage)
        }
        let token = isLocal && given.isEmpty ? nil : given.isEmpty ? ResultsSite.random() : given
        let roots = configuration.watch.roots.map { ResultsSite.Root(results: configuration.watch.resultsRoot(of: $0), drop: $0) }
        let hooks = configuration.hooks
        let site = ResultsSite(roots: roots, folderName: configuration.output.folderName, token: token) { verdict, folder in
            // Whoever gave it does not wait for a receiver.
            Task.detached { await hooks.tell(hooks.deliveries(of: verdict, in: folder)) }
        }
        let server: HTTPServer
        do throws(ServingError) {
            server = try HTTPServer(host: host, port: port) { site.response(to: $0, body: $1) }
        } catch {
            throw UserError("\(error)", exit: .batchFailed)
        }
        let shown = host.contains(":") ? "[\(host)]" : host
        Terminal.printResult("http://\(shown):\(server.port)/\(token.map { given.isEmpty ? "?token=\($0)" : "" } ?? "")")
        if token != nil { Terminal.note("others reach this address, unencrypted; they need the token", .notice) }
        try await StopSignal.asking({ server.stop() }) {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    server.run()
                    continuation.resume()
                }
            }
        }
    }
}
