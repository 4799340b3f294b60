extension Volume {
    /// The value of the nearest voxel at every voxel of another grid; for masks and labels, which cannot be averaged.
    ///
    /// - Parameters:
    ///   - target: Grid of the result, anywhere in the patient, in RAS mm.
    ///   - outside: Value where the target leaves this image, that is, lies beyond the outer faces of its voxels.
    public func resampledNearest(onto target: Geometry, outside: Scalar) -> Volume<Scalar> {
        var result = [Scalar](repeating: outside, count: target.voxelCount)
        let d = geometry.dimensions
        voxels.withUnsafeBufferPointer { voxels in
            result.withUnsafeMutableBufferPointer { result in
                SamplePositions(source: geometry, target: target).forEachInside { offset, point in
                    let index = SIMD3<Int>((point + 0.5).rounded(.down))
                    result[offset] =
                        voxels[
                            min(index.x, d.x - 1) + d.x * (min(index.y, d.y - 1) + d.y * min(index.z, d.z - 1))]
                }
            }
        }
        return Volume(sameGridAs: target, voxels: result)
    }
}

extension Volume where Scalar == Float {
    /// The image sampled at the voxel centres of another grid.
    ///
    /// Nothing is smoothed before a coarser grid is sampled: a protocol that asks for one decides on that itself.
    ///
    /// - Parameters:
    ///   - target: Grid of the result, anywhere in the patient, in RAS mm.
    ///   - interpolation: Kind of interpolation.
    ///   - outside: Value where the target leaves this image, that is, lies beyond the outer faces of its voxels.
    /// - Throws: `ResamplingError.notFinite` for a spline through values that are not finite.
    /// - Agrees with: scipy.ndimage.map_coordinates, order 0 and 1 (mode nearest) and 3 (mode mirror), inside the image.
    public func resampled(
        onto target: Geometry, interpolation: Interpolation, outside: Float
    ) throws(ResamplingError) -> Volume<Float> {
        switch interpolation {
        case .nearest: return resampledNearest(onto: target, outside: outside)
        case .linear: return resampledLinear(onto: target, outside: outside)
        case .cubicBSpline:
            let odd = voxels.count { !$0.isFinite }
            guard odd == 0 else { throw .notFinite(count: odd) }
            return resampledCubic(onto: target, outside: outside)
        }
    }

    private func resampledLinear(onto target: Geometry, outside: Float) -> Volume<Float> {
        var result = [Float](repeating: outside, count: target.voxelCount)
        let d = geometry.dimensions
        voxels.withUnsafeBufferPointer { voxels in
            result.withUnsafeMutableBufferPointer { result in
                SamplePositions(source: geometry, target: target).forEachInside { offset, point in
                    let floor = point.rounded(.down)
                    let t = point - floor
                    let base = SIMD3<Int>(floor)
                    // A neighbour without weight is not read: it may lie outside, or not be a number.
                    let stepX = t.x > 0 ? 1 : 0
                    let stepY = t.y > 0 ? d.x : 0
                    let stepZ = t.z > 0 ? d.x * d.y : 0
                    let at = base.x + d.x * (base.y + d.y * base.z)
                    func along(_ start: Int) -> Double {
                        let a = Double(voxels[start])
                        return a + t.x * (Double(voxels[start + stepX]) - a)
                    }
                    func plane(_ start: Int) -> Double {
                        let a = along(start)
                        return a + t.y * (along(start + stepY) - a)
                    }
                    let a = plane(at)
                    result[offset] = Float(a + t.z * (plane(at + stepZ) - a))
                }
            }
        }
        return Volume(sameGridAs: target, voxels: result)
    }

    private func resampledCubic(onto target: Geometry, outside: Float) -> Volume<Float> {
        let coefficients = BSplineCoefficients(voxels: voxels, dimensions: geometry.dimensions)
        var result = [Float](repeating: outside, count: target.voxelCount)
        let d = geometry.dimensions
        coefficients.values.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                SamplePositions(source: geometry, target: target).forEachInside { offset, point in
                    let floor = point.rounded(.down)
                    let base = SIMD3<Int>(floor)
                    let t = point - floor
                    let x = CubicTaps(base.x, t.x, d.x)
                    let y = CubicTaps(base.y, t.y, d.y)
                    let z = CubicTaps(base.z, t.z, d.z)
                    var sum = 0.0
                    for c in 0..<4 {
                        var plane = 0.0
                        for b in 0..<4 {
                            let row = d.x * (y.index[b] + d.y * z.index[c])
                            var line = 0.0
                            for a in 0..<4 { line += x.weight[a] * Double(values[row + x.index[a]]) }
                            plane += y.weight[b] * line
                        }
                        sum += z.weight[c] * plane
                    }
                    result[offset] = Float(sum)
                }
            }
        }
        return Volume(sameGridAs: target, voxels: result)
    }
}

/// The four coefficients along one axis that make up a spline's value, and their weights.
private struct CubicTaps {
    let index: SIMD4<Int>
    let weight: SIMD4<Double>

    init(_ base: Int, _ fraction: Double, _ length: Int) {
        let w = BSplineCoefficients.weights(fraction)
        if length == 1 {
            index = .zero
            weight = SIMD4(1, 0, 0, 0)
        } else {
            weight = SIMD4(w.0, w.1, w.2, w.3)
            index = SIMD4(
                BSplineCoefficients.mirrored(base - 1, length), BSplineCoefficients.mirrored(base, length),
                BSplineCoefficients.mirrored(base + 1, length), BSplineCoefficients.mirrored(base + 2, length))
        }
    }
}
