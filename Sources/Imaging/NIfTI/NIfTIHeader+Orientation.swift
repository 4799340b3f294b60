extension NIfTIHeader {
    /// The affine from voxel indices to RAS mm by the rules of the standard (sform, else qform, else pixdim).
    ///
    /// Oddities that leave the result usable go to `findings`.
    ///
    /// - Throws: `ImagingError.malformed` when the orientation that applies cannot be used.
    func affine(path: String, findings: inout [String]) throws(ImagingError) -> Affine {
        let scale: Double
        switch spatialUnitCode {
        case 2: scale = 1
        case 1:
            scale = 1000
            findings.append("the spatial unit is metre; positions were converted to millimetres")
        case 3:
            scale = 0.001
            findings.append("the spatial unit is micrometre; positions were converted to millimetres")
        default:
            scale = 1
            findings.append("the spatial unit is unknown (xyzt_units); millimetres are assumed")
        }
        if pixdim[1...3].contains(where: { $0 < 0 }) {
            findings.append("pixdim is negative: \(spacingText)")
        }
        if sformCode < 0 || qformCode < 0 {
            findings.append("sform or qform code is negative and was taken as 'none'")
        }

        let native: Affine
        if sformCode > 0 {
            try checkUsable(sform, name: "sform", path: path)
            native = sform
            compareWithPixdim(findings: &findings)
            compareWithQform(findings: &findings)
        } else if qformCode > 0 {
            switch qformAffine() {
            case .success(let affine): native = affine
            case .failure(let problem): throw .malformed(path: path, reason: problem.reason)
            }
        } else {
            try checkPixdim(path: path)
            native = Affine(spacingMM: SIMD3(pixdim[1], pixdim[2], pixdim[3]))
            findings.append("sform and qform codes are both 0: the orientation is unknown")
        }
        return Affine(native.row0 * scale, native.row1 * scale, native.row2 * scale)
    }

    private var spacingText: String { "(\(pixdim[1]), \(pixdim[2]), \(pixdim[3]))" }

    private struct Problem: Error {
        let reason: String
    }

    /// Spacing must be a number that a scanner can have, whatever the unit.
    private var pixdimProblem: String? {
        for axis in 1...3 where !(pixdim[axis].isFinite && pixdim[axis] > 1e-9 && pixdim[axis] < 1e9) {
            return "pixdim[\(axis)] is \(pixdim[axis]), not a voxel spacing"
        }
        return nil
    }

    private func checkPixdim(path: String) throws(ImagingError) {
        if let problem = pixdimProblem { throw .malformed(path: path, reason: problem) }
    }

    private func checkUsable(_ affine: Affine, name: String, path: String) throws(ImagingError) {
        guard affine.isFinite else {
            throw .malformed(path: path, reason: "the \(name) affine has entries that are not finite")
        }
        guard affine.inverse != nil else {
            throw .malformed(path: path, reason: "the \(name) affine is singular: its axes do not span space")
        }
    }

    /// The quaternion orientation as an affine, in the file's unit.
    private func qformAffine() -> Result<Affine, Problem> {
        if let problem = pixdimProblem { return .failure(Problem(reason: "the qform needs pixdim, but \(problem)")) }
        let (b, c, d) = (quaternion.x, quaternion.y, quaternion.z)
        let norm = b * b + c * c + d * d
        let offset = quaternionOffset
        guard norm.isFinite, offset.x.isFinite, offset.y.isFinite, offset.z.isFinite else {
            return .failure(Problem(reason: "the qform quaternion or its offset is not finite"))
        }
        // Float32 rounding of a half turn exceeds 1 by about 1e-7.
        guard norm <= 1 + 1e-5 else {
            return .failure(Problem(reason: "the qform quaternion is longer than 1 (b²+c²+d² = \(norm))"))
        }
        let unit = norm > 1 ? 1 / norm.squareRoot() : 1
        let (x, y, z) = (b * unit, c * unit, d * unit)
        let w = max(0, 1 - (x * x + y * y + z * z)).squareRoot()
        let qfac: Double = pixdim[0] < 0 ? -1 : 1
        let step = SIMD3(pixdim[1], pixdim[2], pixdim[3] * qfac)
        let affine = Affine(
            SIMD4(
                (w * w + x * x - y * y - z * z) * step.x, 2 * (x * y - w * z) * step.y, 2 * (x * z + w * y) * step.z,
                offset.x),
            SIMD4(
                2 * (x * y + w * z) * step.x, (w * w + y * y - x * x - z * z) * step.y, 2 * (y * z - w * x) * step.z,
                offset.y),
            SIMD4(
                2 * (x * z - w * y) * step.x, 2 * (y * z + w * x) * step.y, (w * w + z * z - x * x - y * y) * step.z,
                offset.z))
        return .success(affine)
    }

    private func compareWithPixdim(findings: inout [String]) {
        let spacing = SIMD3(length(sform.column(0)), length(sform.column(1)), length(sform.column(2)))
        let differs = (0..<3).contains { axis in
            let stored = abs(pixdim[axis + 1])
            return !(abs(stored - spacing[axis]) <= 1e-3 * spacing[axis])
        }
        if differs {
            findings.append(
                "pixdim spacing \(spacingText) does not match the sform (\(spacing.x), \(spacing.y), \(spacing.z)); "
                    + "the sform was used")
        }
    }

    /// Both orientations of one file have to say the same when they claim the same space, and never differ in sides.
    private func compareWithQform(findings: inout [String]) {
        guard qformCode > 0 else { return }
        let qform: Affine
        switch qformAffine() {
        case .success(let affine): qform = affine
        case .failure(let problem):
            findings.append("\(problem.reason); the sform was used")
            return
        }
        var dimensions = SIMD3(1, 1, 1)
        for axis in 0..<min(3, extents.count) { dimensions[axis] = extents[axis] }
        // Codes 1 and 2 (scanner, aligned) may differ by a registration; equal codes may not.
        let last = SIMD3<Double>(dimensions) - 1
        var distance = 0.0
        for bits in 0..<8 {
            let corner = SIMD3(bits & 1 == 0 ? 0 : last.x, bits & 2 == 0 ? 0 : last.y, bits & 4 == 0 ? 0 : last.z)
            distance = max(distance, length(sform(corner) - qform(corner)))
        }
        let smallest = min(length(sform.column(0)), length(sform.column(1)), length(sform.column(2)))
        let sides = (orientationCode(of: sform), orientationCode(of: qform))
        if sides.0 != sides.1 {
            findings.append("sform and qform disagree on the orientation (\(sides.0), \(sides.1)); the sform was used")
        } else if sformCode == qformCode, distance > 0.1 * smallest {
            findings.append("sform and qform disagree by up to \(distance) in position; the sform was used")
        }
    }

    private func orientationCode(of affine: Affine) -> String {
        // Unit voxels keep the spacing check out of the way: only directions matter here.
        let columns = (0..<3).map { axis in affine.column(axis) / length(affine.column(axis)) }
        let directions = Affine(
            SIMD4(columns[0].x, columns[1].x, columns[2].x, 0), SIMD4(columns[0].y, columns[1].y, columns[2].y, 0),
            SIMD4(columns[0].z, columns[1].z, columns[2].z, 0))
        return (try? Geometry(dimensions: SIMD3(1, 1, 1), affine: directions))?.orientationCode ?? "unknown"
    }
}
