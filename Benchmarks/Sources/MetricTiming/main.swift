import Foundation
import Imaging
import Metrics

// metric-timing KIND FOLDER NX NY NZ SX SY SZ THREADS RUNS
// Reads raw arrays (x fastest) that the peers read too, and prints the median of warm runs in milliseconds with every value:
//   similarity: generated.f32, reference.f32      surfaces: generated.u8, reference.u8

let arguments = CommandLine.arguments
guard arguments.count == 11, let threads = Int(arguments[9]), let runs = Int(arguments[10]) else {
    FileHandle.standardError.write(
        Data("usage: MetricTiming similarity|surfaces FOLDER NX NY NZ SX SY SZ THREADS RUNS\n".utf8))
    exit(64)
}
let numbers = arguments[3...8].compactMap(Double.init)
let geometry = try Geometry(
    dimensions: SIMD3(Int(numbers[0]), Int(numbers[1]), Int(numbers[2])),
    affine: Affine(spacingMM: SIMD3(numbers[3], numbers[4], numbers[5])))

func read<Scalar: BitwiseCopyable & Sendable>(_ name: String, _: Scalar.Type) throws -> Volume<Scalar> {
    let data = try Data(contentsOf: URL(fileURLWithPath: arguments[2] + "/" + name))
    return try Volume(geometry: geometry, voxels: data.withUnsafeBytes { Array($0.bindMemory(to: Scalar.self)) })
}

func time(_ name: String, _ body: () throws -> [Measurement]) rethrows {
    var values = try body()
    var milliseconds: [Double] = []
    for _ in 0..<runs {
        let start = ContinuousClock.now
        values = try body()
        let elapsed = ContinuousClock.now - start
        milliseconds.append(Double(elapsed.components.attoseconds) / 1e15 + Double(elapsed.components.seconds) * 1000)
    }
    milliseconds.sort()
    let results = values.map { "\"\($0.metric)\": \($0.value.number ?? .nan)" }.joined(separator: ", ")
    print("{\"row\": \"\(name)\", \"ms\": \(milliseconds[runs / 2]), \"values\": {\(results)}}")
}

typealias Measurement = Metrics.Measurement

switch arguments[1] {
case "similarity":
    let generated = try read("generated.f32", Float.self)
    let reference = try read("reference.f32", Float.self)
    let range = DataRange(low: 0, high: 4095, clips: false)
    for metric in ["ssim", "ssim:skimage", "ssim:3d"] {
        try time(metric) {
            try ImageSimilarity.measure(
                generated: generated, reference: reference, structure: "volume", modality: .ct, dataRange: range,
                metrics: [metric], threads: threads)
        }
    }
case "surfaces":
    let generated = try read("generated.u8", UInt8.self)
    let reference = try read("reference.u8", UInt8.self)
    let panel: Set<String> = ["dice", "hausdorff", "hausdorff_95", "assd", "nsd:voxel"]
    try time("surface panel") {
        try SurfaceDistance.measure(
            generated: generated, reference: reference, structure: "liver", nsdToleranceMM: 2, metrics: panel,
            threads: threads)
    }
    try time("surface panel with surface elements") {
        try SurfaceDistance.measure(
            generated: generated, reference: reference, structure: "liver", nsdToleranceMM: 2, threads: threads)
    }
default: exit(64)
}
