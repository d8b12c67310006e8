// swift-tools-version: 6.2

import PackageDescription

// With the thread sanitizer the optimiser of Swift 6.3 comes down on asynchronous closures that throw, so that these
// tests are built without it then; what they test is not.
let testsOfClosures: [SwiftSetting] =
    Context.environment["MUSC_SANITIZER"] == "thread" ? [.unsafeFlags(["-Onone"])] : []

let package = Package(
    name: "musc",
    products: [
        .library(name: "MuSc", targets: ["MuSc"]),
        .executable(name: "musc", targets: ["musc"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
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

        // C of our own: codecs behind setjmp, kernels with intrinsics chosen at run time, and Linux calls that Swift
        // does not see.
        .target(name: "CImageCodecs", dependencies: ["CJPEG", "CPNG", "CTIFF", "CZlib"]),
        .target(name: "CKernels"),
        .target(name: "CLinuxFiles"),

        // The pipeline, in the order in which data flows.
        .target(name: "MuScParallel"),
        .target(name: "MuScRandom"),
        .target(name: "MuScPaths", dependencies: [.product(name: "SystemPackage", package: "swift-system")]),
        .target(name: "MuScLinearAlgebra", dependencies: ["COpenBLAS"]),
        .target(
            name: "MuScImages",
            dependencies: [
                "CImageCodecs", "MuScParallel",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "MuScTables"),
        .target(name: "MuScTensors", dependencies: ["CZlib"]),
        .target(
            name: "MuScBackbone",
            dependencies: [
                "CKernels", "MuScImages", "MuScLinearAlgebra", "MuScParallel", "MuScTensors",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        .target(name: "MuScScoring", dependencies: ["CKernels", "MuScLinearAlgebra", "MuScParallel"]),
        .target(
            name: "MuSc",
            dependencies: [
                "MuScBackbone", "MuScImages", "MuScParallel", "MuScPaths", "MuScRandom", "MuScScoring", "MuScTensors",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "MuScEvaluation",
            dependencies: [
                "MuSc", "MuScBackbone", "MuScImages", "MuScParallel", "MuScResults", "MuScScoring", "MuScTensors",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("PublishedTables"), .embedInCode("Templates")]),
        .target(
            name: "MuScResults",
            dependencies: [
                "CLinuxFiles", "MuSc", "MuScImages", "MuScParallel", "MuScPaths", "MuScScoring", "MuScTables", "MuScTensors",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [.embedInCode("Templates")]),
        .target(
            name: "MuScWatching",
            dependencies: [
                "MuScPaths", "MuScTables",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "MuScHooks",
            dependencies: [
                "MuScWatching",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "musc",
            dependencies: [
                "CKernels", "MuSc", "MuScBackbone", "MuScEvaluation", "MuScHooks", "MuScImages", "MuScLinearAlgebra",
                "MuScParallel", "MuScResults", "MuScScoring", "MuScWatching",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Tests mirror the sources.
        .target(name: "Goldens", dependencies: ["MuScTensors"], path: "Tests/Goldens"),
        .target(
            name: "ScratchFolders", dependencies: [.product(name: "SystemPackage", package: "swift-system")],
            path: "Tests/ScratchFolders"),
        .testTarget(
            name: "MuScImagesTests",
            dependencies: [
                "MuScImages", "MuScParallel", "MuScRandom", "MuScTensors", "Goldens",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(name: "MuScTablesTests", dependencies: ["MuScTables"]),
        .testTarget(name: "MuScTensorsTests", dependencies: ["MuScRandom", "MuScTensors", "Goldens", "ScratchFolders"]),
        .testTarget(name: "MuScBackboneTests", dependencies: ["MuScBackbone", "MuScTensors", "Goldens", "ScratchFolders"]),
        .testTarget(
            name: "MuScScoringTests", dependencies: ["MuScRandom", "MuScScoring", "MuScTensors", "CKernels", "Goldens"]),
        .testTarget(
            name: "MuScTests",
            dependencies: [
                "MuSc", "MuScBackbone", "MuScImages", "MuScScoring", "MuScTensors", "Goldens", "ScratchFolders",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MuScEvaluationTests",
            dependencies: [
                "MuSc", "MuScBackbone", "MuScEvaluation", "MuScImages", "MuScRandom", "MuScScoring", "MuScTensors", "Goldens",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MuScResultsTests",
            dependencies: [
                "MuSc", "MuScResults", "MuScImages", "MuScParallel", "MuScPaths", "MuScRandom", "MuScScoring", "MuScTensors",
                "Goldens",
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
                "MuSc", "MuScBackbone", "MuScImages", "MuScParallel", "MuScRandom", "MuScScoring",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/JudgesTables"),
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
                "musc", "MuSc", "MuScBackbone", "MuScEvaluation", "MuScImages", "MuScResults", "MuScTensors", "MuScWatching",
                "Goldens", "Mutations", "ScratchFolders",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        // Inputs that nobody would write on purpose.
        .target(name: "Mutations", dependencies: ["MuScRandom"], path: "Tests/Mutations"),
        .target(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CFuzzer", "Mutations", "MuScEvaluation", "MuScImages", "MuScTensors",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Fuzz"),
    ],
    swiftLanguageModes: [.v6]
)
