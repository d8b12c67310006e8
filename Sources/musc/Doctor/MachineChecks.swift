import CKernels
import FoundationEssentials
import Glibc
import MuSc
import MuScBackbone
import MuScBatch
import MuScImages
import MuScSupport
import MuScWatching
import MuScWeights
import SystemPackage

/// What of this machine matters whatever is scored: processor, memory, weights, the ledger, room for temporary files.
enum MachineChecks {
    static func all(_ configuration: Configuration, ledger: FilePath) -> [Check] {
        [processor(configuration), blas(), memory(), weights(configuration), state(ledger), temporary()]
    }

    private static func processor(_ configuration: Configuration) -> Check {
        let best = musc_isa_best()
        let name = String(cString: musc_isa_name(best))
        let finding = "\(processorCount()) cores, \(configuration.threads) threads; kernels for \(name)"
        #if arch(x86_64)
            if best == MUSC_ISA_PLAIN {
                return .warn("processor", finding, "scoring will be slow: a processor with AVX2 is several times as fast")
            }
        #endif
        return .ok("processor", finding)
    }

    private static func blas() -> Check {
        let kernel = OpenBLAS.kernelName
        #if arch(x86_64)
            let fast = ["Haswell", "Zen", "SkylakeX", "Cooperlake", "Sapphirerapids"]
            if musc_isa_best() != MUSC_ISA_PLAIN, !fast.contains(where: { $0.lowercased() == kernel.lowercased() }) {
                return .warn(
                    "BLAS", "OpenBLAS with the kernels for \(kernel), which are slower than this processor allows",
                    "unset OPENBLAS_CORETYPE, or install a newer libopenblas0")
            }
        #endif
        return .ok("BLAS", "OpenBLAS with the kernels for \(kernel)")
    }

    private static func memory() -> Check {
        guard let bytes = SystemMemory.available else { return .warn("memory", "cannot be told: /proc is not readable") }
        let finding = "\(SystemFacts.size(bytes)) available"
        if bytes < 700_000_000 {
            return .fail("memory", finding, "end other programs, or raise the container's limit: a batch of 100 images needs about 1 GB")
        }
        if bytes < 1_500_000_000 {
            return .warn("memory", finding, "enough for small batches; larger ones need 1 GB and more")
        }
        return .ok("memory", finding)
    }

    private static func weights(_ configuration: Configuration) -> Check {
        let store = WeightsStore()
        let description: BackboneDescription
        do throws(UserError) {
            description = try InstalledBackbone.description(of: configuration.backbone)
        } catch {
            return .fail("weights", "\(error)", "set model.backbone to a name of musc weights list")
        }
        let id = WeightsStore.id(backbone: description.name, pretrained: configuration.pretrained)
        do throws(WeightsStoreError) {
            let installed = try store.verify(id)
            return .ok("weights", "\(id) in \(store.folder), SHA-256 \(installed.sha256.prefix(12))… verified")
        } catch {
            if case .notInstalled = error {
                return .fail(
                    "weights", "\(id) is not in \(store.folder)",
                    "musc weights fetch \(id.commandArguments), or musc weights import FILE --as \(id.commandArguments); "
                        + "another folder is named by the variable MUSC_WEIGHTS")
            }
            return .fail("weights", "\(error)", "get them again: musc weights fetch \(id.commandArguments)")
        }
    }

    private static func state(_ path: FilePath) -> Check {
        let folder = path.removingLastComponent()
        let place = SystemFacts.existingPart(of: folder)
        guard SystemFacts.allows(W_OK | X_OK, place) else {
            return .fail(
                "ledger", "\(folder.text) may not be written by \(SystemFacts.userName)",
                "run musc as the user who owns it, or name another folder with --state or MUSC_STATE")
        }
        if FileManager.default.fileExists(atPath: path.string) {
            do throws(LedgerError) {
                _ = try Ledger(path: path, readOnly: true)
            } catch {
                return .fail("ledger", "\(error)", "see the message")
            }
        }
        if let kind = FileSystemKind.of(place), ["nfs", "nfs4", "cifs", "smb3", "9p"].contains(kind.name) {
            return .warn(
                "ledger", "\(path.text) lies on \(kind.name)",
                "keep it on a disk of this machine (--state, MUSC_STATE): locks do not hold over a network")
        }
        let room = SystemFacts.freeSpace(at: place)
        if let room, room < 50_000_000 {
            return .fail("ledger", "\(SystemFacts.size(room)) free at \(place.text)", "make room")
        }
        return .ok("ledger", "\(path.text), " + (room.map { "\(SystemFacts.size($0)) free" } ?? "room unknown"))
    }

    private static func temporary() -> Check {
        let folder = FilePath(ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp")
        guard SystemFacts.isFolder(folder), SystemFacts.allows(W_OK | X_OK, folder) else {
            return .warn("temporary files", "\(folder.text) may not be written", "set TMPDIR to a folder that may be")
        }
        let room = SystemFacts.freeSpace(at: folder)
        if let room, room < 200_000_000 {
            return .warn("temporary files", "\(SystemFacts.size(room)) free in \(folder.text)", "make room: fetching weights needs 200 MB")
        }
        return .ok("temporary files", folder.text + (room.map { ", \(SystemFacts.size($0)) free" } ?? ""))
    }
}
