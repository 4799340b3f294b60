// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: language mode 6, no warning left behind.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The kernels fix their own order of operations; `FP_CONTRACT OFF` in each file keeps the bits equal on every CPU.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=off"])]

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "aphidiff-validate",
    products: [
        .executable(name: "validate", targets: ["Validate"]),
        .executable(name: "phantom-feed", targets: ["PhantomFeed"]),
        .library(name: "Imaging", targets: ["Imaging"]),
        .library(name: "Metrics", targets: ["Metrics"]),
        .library(name: "Statistics", targets: ["Statistics"]),
        .library(name: "Cohort", targets: ["Cohort"]),
        .library(name: "Study", targets: ["Study"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    ],
    targets: [
        // System libraries and C shims: each is seen by exactly one Swift target.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CXML", dependencies: ["CLibXML2"], linkerSettings: [.linkedLibrary("xml2")]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("z")]),
        .target(name: "CKernels", cSettings: kernelSettings, linkerSettings: [.linkedLibrary("m")]),

        .target(name: "CPhantom", cSettings: kernelSettings),
        .target(name: "CDNNL", linkerSettings: [.linkedLibrary("dnnl")]),

        // The floors of the house, bottom to top.
        library("Imaging", ["CZlib", "CPNG"]),
        library("Metrics", ["Imaging", "CKernels"]),
        library("Statistics"),
        library("Phantom", ["CPhantom"]),
        library("Cohort", ["Imaging", "Metrics", "Phantom", .product(name: "Crypto", package: "swift-crypto")]),
        // The weights are found by path, not as a bundle: see their README.
        library("Engine", ["CDNNL", "CKernels", "Cohort", "Imaging", "Metrics"], exclude: ["Resources"]),
        library(
            "Study",
            [
                "Cohort", "CXML", "Engine", "Imaging", "Metrics", "Statistics",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        library(
            "Reports",
            [
                "Cohort", "Imaging", "Metrics", "Statistics", "Study",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Mustache", package: "swift-mustache"),
            ]),
        .executableTarget(
            name: "Validate",
            dependencies: [
                "Cohort", "Engine", "Imaging", "Metrics", "Phantom", "Reports", "Statistics", "Study",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "PhantomFeed", dependencies: ["Phantom"], swiftSettings: strict),

        tests("ImagingTests", ["Imaging"], resources: [.copy("Fixtures")]),
        tests("MetricsTests", ["Imaging", "Metrics", "Phantom"], resources: [.copy("Fixtures")]),
        tests("StatisticsTests", ["Statistics"], resources: [.copy("Fixtures")]),
        tests("PhantomTests", ["CPhantom", "Phantom"]),
        tests("CohortTests", ["Cohort", "Imaging", "Metrics", "Phantom"], resources: [.copy("Fixtures")]),
        tests(
            "EngineTests", ["CDNNL", "CKernels", "Cohort", "Engine", "Imaging", "Metrics"],
            resources: [.copy("Fixtures")]),
        tests(
            "StudyTests", ["Cohort", "Engine", "Imaging", "Metrics", "Statistics", "Study"],
            resources: [.copy("Fixtures")]),
        tests(
            "ReportsTests",
            ["Cohort", "Imaging", "Metrics", "Reports", "Study", .product(name: "Mustache", package: "swift-mustache")]),
        tests("ValidateTests", ["Imaging", "Validate"]),
    ],
    swiftLanguageModes: [.v6]
)
