import Imaging
import Metrics

// Registers one pair and compares the result with the known field.
//
// usage: RegistrationTiming FIXED MOVING LIVER FIELD [THREADS [RUNS]]
//
// FIELD is a NIfTI vector image in RAS mm on the grid of FIXED. One line `name value` each on standard output.
let arguments = CommandLine.arguments
guard arguments.count >= 5 else {
    print("usage: RegistrationTiming FIXED MOVING LIVER FIELD [THREADS [RUNS]]")
    throw UsageError()
}

struct UsageError: Error {}

let reference = try VolumeReader.readVolume(path: arguments[1])
let generated = try VolumeReader.readVolume(path: arguments[2])
let liver = try VolumeReader.readMask(path: arguments[3])
let known = try DisplacementField(
    NIfTIReader.read(path: arguments[4]).vectorField(anyIntent: true), frame: .ras)
let threads = arguments.count > 5 ? Int(arguments[5]) ?? 2 : 2
let runs = arguments.count > 6 ? Int(arguments[6]) ?? 5 : 5

func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

let clock = ContinuousClock()
var times: [Double] = []
var result = try Registration.displacement(of: generated, onto: reference, liver: liver, threads: threads)
for _ in 0..<runs {
    let start = clock.now
    result = try Registration.displacement(of: generated, onto: reference, liver: liver, threads: threads)
    times.append(seconds(clock.now - start))
}
print("registration_median_s \(times.sorted()[runs / 2])")
print("registration_least_s \(times.min() ?? 0)")

/// The known field at the voxels of the part that was registered; its axes may run the other way.
func cut(_ field: DisplacementField, to grid: Geometry) throws -> DisplacementField {
    var r: [Float] = []
    var a: [Float] = []
    var s: [Float] = []
    let d = field.geometry.dimensions
    for k in 0..<grid.dimensions.z {
        for j in 0..<grid.dimensions.y {
            for i in 0..<grid.dimensions.x {
                let index = field.geometry.index(grid.world(SIMD3(Double(i), Double(j), Double(k))))
                let at = SIMD3<Int>(index.rounded(.toNearestOrAwayFromZero))
                let u = field[offset: at.x + d.x * (at.y + d.y * at.z)]
                r.append(Float(u.x))
                a.append(Float(u.y))
                s.append(Float(u.z))
            }
        }
    }
    return try DisplacementField(geometry: grid, components: (r, a, s), frame: .ras)
}

let rows = try Deformation.measureField(
    estimated: result.field, known: cut(known, to: result.field.geometry), mask: result.liver)
for metric in [
    "coronal_deformation", "coronal_deformation_p95", "coronal_deformation_max", "deformation_3d", "fold_fraction",
] {
    print("\(metric) \(rows.first { $0.metric == metric }?.value.number ?? .nan)")
}
let start = clock.now
let panel = try Deformation.measureImages(
    generated: generated, reference: reference, liver: liver,
    settings: ImageDeformationSettings(limitMM: 1.2, threads: threads)
).measurements
print("mode_i_s \(seconds(clock.now - start))")
for row in panel
where [
    "coronal_deformation", "coronal_deformation_floor", "deformation_recovery_slope", "deformation_recovery_offset",
    "deformation_inverse_consistency", "deformation_lncc_before", "deformation_lncc_after",
].contains(row.metric) {
    print("mode_i_\(row.metric) \(row.value.number ?? .nan)")
}
for parameter in panel.first?.parameters ?? []
where ["verdict", "look_blur_mm", "look_noise", "upper_95_mm"].contains(parameter.name) {
    print("mode_i_\(parameter.name) \(parameter.value)")
}
