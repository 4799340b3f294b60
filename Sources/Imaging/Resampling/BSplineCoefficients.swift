import Glibc

/// Coefficients of the cubic B-spline that passes through the voxel values.
///
/// Source: Unser, Aldroubi, Eden, IEEE Trans Signal Process 1993;41:821–848 (recursive filter, mirror boundary).
struct BSplineCoefficients {
    let dimensions: SIMD3<Int>
    private(set) var values: [Float]

    /// Pole of the cubic spline's inverse filter.
    private static let pole = 3.0.squareRoot() - 2

    init(voxels: [Float], dimensions: SIMD3<Int>) {
        self.dimensions = dimensions
        values = voxels
        let strides = [1, dimensions.x, dimensions.x * dimensions.y]
        for axis in 0..<3 where dimensions[axis] > 1 {
            let length = dimensions[axis]
            let others = (0..<3).filter { $0 != axis }
            var line = [Double](repeating: 0, count: length)
            values.withUnsafeMutableBufferPointer { values in
                for b in 0..<dimensions[others[1]] {
                    for a in 0..<dimensions[others[0]] {
                        let start = a * strides[others[0]] + b * strides[others[1]]
                        for n in 0..<length { line[n] = Double(values[start + n * strides[axis]]) }
                        BSplineCoefficients.filter(&line)
                        for n in 0..<length { values[start + n * strides[axis]] = Float(line[n]) }
                    }
                }
            }
        }
    }

    /// Replaces the samples of a line by its coefficients.
    private static func filter(_ line: inout [Double]) {
        let n = line.count
        let gain = (1 - pole) * (1 - 1 / pole)
        for index in 0..<n { line[index] *= gain }
        // Sum of the mirrored signal; it has period 2n − 2, so the geometric series closes.
        let last = pow(pole, Double(n - 1))
        var sum = line[0] + last * line[n - 1]
        var power = pole
        if n > 2 {
            for index in 1..<n - 1 {
                sum += (power + last * last / power) * line[index]
                power *= pole
                if abs(power) < 1e-18 { break }
            }
        }
        line[0] = sum / (1 - last * last)
        for index in 1..<n { line[index] += pole * line[index - 1] }
        line[n - 1] = pole / (pole * pole - 1) * (pole * line[n - 2] + line[n - 1])
        for index in stride(from: n - 2, through: 0, by: -1) { line[index] = pole * (line[index + 1] - line[index]) }
    }

    /// The four weights of a point at fraction `t` behind its voxel.
    static func weights(_ t: Double) -> (Double, Double, Double, Double) {
        let u = 1 - t
        return (u * u * u / 6, (4 - 6 * t * t + 3 * t * t * t) / 6, (4 - 6 * u * u + 3 * u * u * u) / 6, t * t * t / 6)
    }

    /// Index mirrored at the centres of the first and the last voxel.
    static func mirrored(_ index: Int, _ length: Int) -> Int {
        guard length > 1 else { return 0 }
        let period = 2 * length - 2
        let m = ((index % period) + period) % period
        return m < length ? m : period - m
    }
}
