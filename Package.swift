// swift-tools-version: 6.2

import PackageDescription

// The optimiser of Swift 6.3 comes down on asynchronous closures that throw, so that the tests that are full of these are
// built without it; what they test is not.
let testsOfClosures: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

let package = Package(
    name: "musc",
    products: [
        .library(name: "MuSc", targets: ["MuSc"]),
        .executable(name: "musc", targets: ["musc"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // C libraries of the system.
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // C of our own: codecs behind setjmp, kernels with intrinsics chosen at run time, and Linux calls that Swift
        // does not see.
        .target(name: "CImageCodecs", dependencies: ["CJPEG", "CPNG", "CTIFF", "CZlib"]),
        .target(
            name: "CKernels",
            cSettings: ["dispatch", "tiles", "network", "mutual", "mutual/msm", "ranks"].map { .headerSearchPath($0) }),
        .target(name: "CLinux"),

        // The pipeline, in the order in which data flows.
        .target(
            name: "MuScSupport",
            dependencies: ["CCrypto", "COpenBLAS", .product(name: "SystemPackage", package: "swift-system")]),
        .target(
            name: "MuScImages",
            dependencies: [
                "CImageCodecs", "MuScSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "MuScTensors", dependencies: ["CZlib"]),
        .target(
            name: "MuScBackbone", dependencies: ["CKernels", "MuScImages", "MuScSupport", "MuScTensors"]),
        .target(
            name: "MuScWeights",
            dependencies: [
                "MuScBackbone", "MuScSupport", "MuScTensors",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "MuScScoring", dependencies: ["CKernels", "MuScSupport"]),
        .target(
            name: "MuScVerdicts",
            dependencies: ["MuScSupport", .product(name: "SystemPackage", package: "swift-system")]),
        .target(
            name: "MuScBatch",
            dependencies: [
                "MuScBackbone", "MuScImages", "MuScSupport", "MuScScoring", "MuScTensors", "MuScVerdicts",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "MuScResults",
            dependencies: [
                "CLinux", "MuScBatch", "MuScImages", "MuScSupport", "MuScScoring", "MuScTensors", "MuScVerdicts",
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [.embedInCode("Templates")]),
        .target(
            name: "MuScServing",
            dependencies: [
                "CLinux", "MuScImages", "MuScResults", "MuScSupport", "MuScVerdicts",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "MuScWatching",
            dependencies: [
                "CLinux", "MuScImages", "MuScSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "MuScHooks",
            dependencies: [
                "MuScSupport", "MuScWatching",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "MuScEvaluation",
            dependencies: [
                "MuScBatch", "MuScBackbone", "MuScImages", "MuScSupport", "MuScResults", "MuScScoring", "MuScTensors", "MuScVerdicts",
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("PublishedTables"), .embedInCode("Templates")]),
        .target(
            name: "MuSc",
            dependencies: [
                "MuScBackbone", "MuScBatch", "MuScImages", "MuScResults", "MuScScoring", "MuScSupport", "MuScVerdicts", "MuScWeights",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(name: "ScoreFolder", dependencies: ["MuSc"], path: "examples/ScoreFolder"),
        .executableTarget(name: "WriteReport", dependencies: ["MuSc"], path: "examples/WriteReport"),
        .executableTarget(
            name: "musc",
            dependencies: [
                "CKernels", "MuSc", "MuScBatch", "MuScBackbone", "MuScEvaluation", "MuScHooks", "MuScImages", "MuScSupport",
                "MuScResults", "MuScScoring", "MuScServing", "MuScTensors", "MuScVerdicts", "MuScWatching", "MuScWeights",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Tests mirror the sources.
        .target(name: "Goldens", dependencies: ["MuScBackbone", "MuScTensors"], path: "Tests/Goldens"),
        .target(
            name: "ScratchFolders", dependencies: [.product(name: "SystemPackage", package: "swift-system")],
            path: "Tests/ScratchFolders"),
        .testTarget(
            name: "MuScImagesTests",
            dependencies: [
                "CImageCodecs", "MuScImages", "MuScSupport", "MuScTensors", "Goldens",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MuScSupportTests",
            dependencies: ["MuScSupport", .product(name: "SystemPackage", package: "swift-system")]),
        .testTarget(
            name: "MuScVerdictsTests",
            dependencies: [
                "MuScSupport", "MuScVerdicts", "ScratchFolders", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(name: "MuScTensorsTests", dependencies: ["MuScSupport", "MuScTensors", "Goldens", "ScratchFolders"]),
        .testTarget(
            name: "MuScBackboneTests",
            dependencies: ["MuScBackbone", "MuScWeights", "MuScTensors", "Goldens", "ScratchFolders"]),
        .testTarget(
            name: "MuScWeightsTests",
            dependencies: ["MuScBackbone", "MuScWeights", "MuScTensors", "Goldens", "ScratchFolders"]),
        .testTarget(
            name: "MuScScoringTests", dependencies: ["MuScSupport", "MuScScoring", "MuScTensors", "CKernels", "Goldens"]),
        .testTarget(
            name: "MuScBatchTests",
            dependencies: [
                "MuScBatch", "MuScBackbone", "MuScImages", "MuScScoring", "MuScSupport", "MuScTensors", "MuScVerdicts", "MuScWeights",
                "Goldens",
                "ScratchFolders",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MuScEvaluationTests",
            dependencies: [
                "MuScBatch", "MuScBackbone", "MuScEvaluation", "MuScImages", "MuScResults", "MuScSupport", "MuScScoring", "MuScTensors",
                "MuScVerdicts", "MuScWeights", "Goldens",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MuScResultsTests",
            dependencies: [
                "MuScBatch", "MuScResults", "MuScImages", "MuScSupport", "MuScScoring", "MuScTensors",
                "MuScVerdicts", "Goldens", "ScratchFolders",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MuScServingTests",
            dependencies: [
                "MuScResults", "MuScServing", "MuScSupport", "MuScVerdicts", "ScratchFolders",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "WatchFixtures",
            dependencies: ["MuScWatching", .product(name: "SystemPackage", package: "swift-system")],
            path: "Tests/WatchFixtures"),
        .executableTarget(
            name: "WatchHarness",
            dependencies: [
                "MuScWatching", "WatchFixtures",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/WatchHarness"),
        .testTarget(
            name: "MuScWatchingTests",
            dependencies: [
                "MuScWatching", "WatchFixtures", "WatchHarness",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: testsOfClosures),
        .executableTarget(
            name: "JudgesTables",
            dependencies: [
                "MuScBatch", "MuScBackbone", "MuScImages", "MuScSupport", "MuScScoring", "MuScWeights",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Benchmarks/JudgesTables"),
        .executableTarget(name: "LibraryBatch", dependencies: ["MuSc"], path: "Tests/Benchmarks/LibraryBatch"),
        .testTarget(
            name: "MuScHooksTests",
            dependencies: [
                "MuScHooks", "MuScWatching", "ScratchFolders",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["UnreliableServer.py"]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "musc", "MuSc", "MuScBatch", "MuScBackbone", "MuScEvaluation", "MuScImages", "MuScResults", "MuScSupport", "MuScTensors",
                "MuScServing", "MuScVerdicts", "MuScWeights", "MuScWatching",
                "Goldens", "Mutations", "ScratchFolders",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        .testTarget(name: "DocumentationTests", dependencies: ["MuSc", "MuScSupport", "MuScTensors"]),

        // Inputs that nobody would write on purpose.
        .target(name: "Mutations", dependencies: ["MuScSupport"], path: "Tests/Mutations"),
        .target(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CFuzzer", "Mutations", "MuScEvaluation", "MuScImages", "MuScServing", "MuScTensors", "MuScVerdicts",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Fuzz"),
    ],
    swiftLanguageModes: [.v6]
)

// CI sets this. A user's compiler may be newer than ours and warn of more: there a warning stays one.
if Context.environment["MUSC_WARNINGS"] == "error" {
    for target in package.targets where [.regular, .executable, .test].contains(target.type) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
        target.cSettings = (target.cSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
