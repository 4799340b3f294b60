// swift-tools-version: 6.2
import PackageDescription

/// Timings in the library itself, beside the peers in `peers/`; a package of its own, so that users never build it.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "aphidiff-validate", path: "..")],
    targets: [
        .executableTarget(
            name: "MetricTiming",
            dependencies: [
                .product(name: "Imaging", package: "aphidiff-validate"),
                .product(name: "Metrics", package: "aphidiff-validate"),
            ]),
        .executableTarget(
            name: "RegistrationTiming",
            dependencies: [
                .product(name: "Imaging", package: "aphidiff-validate"),
                .product(name: "Metrics", package: "aphidiff-validate"),
            ]),
        .executableTarget(
            name: "StudyPool",
            dependencies: [
                .product(name: "Cohort", package: "aphidiff-validate"),
                .product(name: "Statistics", package: "aphidiff-validate"),
                .product(name: "Study", package: "aphidiff-validate"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
