import CKernels
import Foundation
import Imaging

/// Respiratory deformation of a volume: phases and amplitude to a low-rank velocity field on cells, integrated to a displacement.
///
/// Same phase: exactly the identity. Phases exchanged: the velocity changes its sign. Arrays are k (head), j (back), i (left).
struct BreathingField: Sendable {
    private struct Description: Decodable {
        let cellMM: Double
        let bases, squarings: Int

        enum CodingKeys: String, CodingKey {
            case cellMM = "cell_mm"
            case bases, squarings
        }
    }

    private struct Layer: Sendable {
        let inputs, outputs, kernel: Int
        /// Tap × input × output.
        let weights: [Float]
        let bias: [Float]
    }

    private let layers: [String: Layer]
    private let phase1, phase2, context: DenseLayer
    private let cellMM: Double
    private let bases: Int
    private let squarings: Int

    init(_ weights: NetworkWeights) throws(SafetensorsError) {
        let description: Description = try NetworkWeights.describe("deformation", of: weights.file)
        guard (1...100).contains(description.cellMM), description.bases == 4, (1...10).contains(description.squarings)
        else { throw SafetensorsError(file: weights.file.name, reason: "the deformation is not described") }
        cellMM = description.cellMM
        bases = description.bases
        squarings = description.squarings
        let shapes = [
            ("enter", 4, 12, 3), ("down1", 12, 24, 3), ("down2", 24, 48, 3), ("middle", 48, 48, 3), ("up1", 48, 24, 1),
            ("up0", 24, 12, 1), ("join1", 24, 24, 3), ("join0", 12, 12, 3), ("bases", 12, 3 * description.bases, 3),
        ]
        var layers: [String: Layer] = [:]
        for (name, inputs, outputs, kernel) in shapes {
            let (w, bias) = try weights.volumeConvolution("deformation." + name, inputs, outputs, kernel: kernel)
            let taps = kernel * kernel * kernel
            var turned = [Float](repeating: 0, count: w.count)
            for o in 0..<outputs {
                for rest in 0..<taps * inputs { turned[rest * outputs + o] = w[o * taps * inputs + rest] }
            }
            layers[name] = Layer(inputs: inputs, outputs: outputs, kernel: kernel, weights: turned, bias: bias)
        }
        self.layers = layers
        phase1 = try weights.dense("deformation.phase1", 6, 32)
        phase2 = try weights.dense("deformation.phase2", 32, description.bases)
        context = try weights.dense("deformation.context", 48, 48)
    }

    /// Values on a grid of cells, channels fastest.
    struct Cells: Sendable {
        var size: [Int]
        var channels: Int
        var values: [Float]
        var count: Int { size[0] * size[1] * size[2] }
    }

    /// Means of an encoded volume over cells that start at its first face; planes are handed over one by one.
    func cells(size: [Int], spacingMM: [Double], plane: (Int, UnsafeMutablePointer<Float>) -> Void) -> Cells {
        var cellOf: [[Int]] = []
        for axis in 0..<3 { cellOf.append((0..<size[axis]).map { Int((Double($0) + 0.5) * spacingMM[axis] / cellMM) }) }
        let counts = cellOf.map { ($0.last ?? 0) + 1 }
        // Axis by axis, as means of means, the last axis first: what a cell without a voxel centre takes is the nearest voxel.
        func reduced(_ line: (Int) -> Float, axis: Int) -> [Float] {
            var sums = [Float](repeating: 0, count: counts[axis])
            var hits = [Int](repeating: 0, count: counts[axis])
            for n in 0..<size[axis] {
                sums[cellOf[axis][n]] += line(n)
                hits[cellOf[axis][n]] += 1
            }
            return sums.indices.map { cell in
                if hits[cell] > 0 { return sums[cell] / Float(hits[cell]) }
                return line(min(size[axis] - 1, Int((Double(cell) + 0.5) * cellMM / spacingMM[axis])))
            }
        }
        var planes: [[Float]] = []
        var image = [Float](repeating: 0, count: size[1] * size[2])
        for k in 0..<size[0] {
            image.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { plane(k, base) } }
            var rows: [[Float]] = []
            for j in 0..<size[1] { rows.append(reduced({ image[j * size[2] + $0] }, axis: 2)) }
            var columns: [[Float]] = []
            for i in 0..<counts[2] { columns.append(reduced({ rows[$0][i] }, axis: 1)) }
            planes.append((0..<counts[1] * counts[2]).map { columns[$0 % counts[2]][$0 / counts[2]] })
        }
        var values = [Float](repeating: 0, count: counts[0] * counts[1] * counts[2])
        for at in 0..<counts[1] * counts[2] {
            for (k, value) in reduced({ planes[$0][at] }, axis: 0).enumerated() {
                values[k * counts[1] * counts[2] + at] = value
            }
        }
        return Cells(size: counts, channels: 1, values: values)
    }

    /// Velocity whose exponential leads from the target's grid to the source: components first, in cells.
    func velocity(
        _ image: Cells, sourcePhase: Double, targetPhase: Double, amplitudeMM: Double, threads: Int
    ) -> Cells {
        let from = coefficients(sourcePhase, amplitudeMM)
        let to = coefficients(targetPhase, amplitudeMM)
        let change = zip(to, from).map { $0 - $1 }
        let basis = basisFields(image, threads: threads)
        let count = image.count
        var values = [Float](repeating: 0, count: 3 * count)
        for at in 0..<count {
            for component in 0..<3 {
                var sum: Float = 0
                for k in 0..<bases { sum += change[k] * basis.values[at * basis.channels + 3 * k + component] }
                values[component * count + at] = sum
            }
        }
        return Cells(size: image.size, channels: 3, values: values)
    }

    /// Displacement of a stationary velocity, by scaling and squaring: components first, in cells.
    func exponential(_ velocity: Cells, threads: Int) -> Cells {
        var u = velocity
        let share = Float(sign: .plus, exponent: -squarings, significand: 1)
        for index in u.values.indices { u.values[index] *= share }
        let size = velocity.size.map(Int32.init)
        for _ in 0..<squarings {
            let current = u.values
            var next = current
            next.withUnsafeMutableBufferPointer { out in
                let target = SharedPointer(out.baseAddress)
                inParallel(velocity.size[0], threads: threads) { k in
                    guard let out = target.pointer else { return }
                    ck_compose_plane(current, size, Int32(k), out)
                }
            }
            u.values = next
        }
        return u
    }

    private func coefficients(_ phase: Double, _ amplitudeMM: Double) -> [Float] {
        let angles = (1...3).map { Float(phase) * Float(2 * Double.pi) * Float($0) }
        let features = angles.map { Float(cos(Double($0))) } + angles.map { Float(sin(Double($0))) }
        return phase2(phase1(features).map(silu)).map { $0 * (Float(amplitudeMM) / 10) }
    }

    private func basisFields(_ image: Cells, threads: Int) -> Cells {
        let padded = image.size.map { ($0 + 3) / 4 * 4 }
        var x = Cells(size: padded, channels: 4, values: [])
        x.values.reserveCapacity(4 * x.count)
        for k in 0..<padded[0] {
            for j in 0..<padded[1] {
                for i in 0..<padded[2] {
                    let inside = [k, j, i].enumerated().map { min($0.element, image.size[$0.offset] - 1) }
                    x.values.append(image.values[(inside[0] * image.size[1] + inside[1]) * image.size[2] + inside[2]])
                    for (axis, index) in [k, j, i].enumerated() {
                        x.values.append(
                            (Float(index) - Float(Double(image.size[axis] - 1) / 2)) * Float(cellMM / 100))
                    }
                }
            }
        }
        func convolved(_ name: String, _ x: Cells, silu: Bool) -> Cells { convolve(name, x, silu, threads) }
        var h0 = convolved("enter", x, silu: true)
        var h1 = convolved("down1", halved(h0), silu: true)
        var h2 = convolved("down2", halved(h1), silu: true)
        addContext(to: &h2)
        h2 = convolved("middle", h2, silu: true)
        h1 = convolved("join1", sum(doubled(convolved("up1", h2, silu: false)), h1), silu: true)
        h0 = convolved("join0", sum(doubled(convolved("up0", h1, silu: false)), h0), silu: true)
        return cut(convolved("bases", h0, silu: false), to: image.size)
    }

    private func convolve(_ name: String, _ x: Cells, _ silu: Bool, _ threads: Int) -> Cells {
        guard let layer = layers[name] else { return x }
        var out = Cells(size: x.size, channels: layer.outputs, values: [])
        out.values = [Float](repeating: 0, count: out.count * layer.outputs)
        out.values.withUnsafeMutableBufferPointer { values in
            let target = SharedPointer(values.baseAddress)
            inParallel(x.size[0], threads: threads) { plane in
                guard let out = target.pointer else { return }
                ck_convolve_volume_plane(
                    x.values, Int32(x.size[0]), Int32(x.size[1]), Int32(x.size[2]), Int32(layer.inputs), layer.weights,
                    layer.bias, Int32(layer.outputs), Int32(layer.kernel), silu ? 1 : 0, Int32(plane), out)
            }
        }
        return out
    }

    private func halved(_ x: Cells) -> Cells {
        var out = Cells(size: x.size.map { $0 / 2 }, channels: x.channels, values: [])
        out.values = [Float](repeating: 0, count: out.count * x.channels)
        for k in 0..<x.size[0] {
            for j in 0..<x.size[1] {
                for i in 0..<x.size[2] {
                    let from = ((k * x.size[1] + j) * x.size[2] + i) * x.channels
                    let to = ((k / 2 * out.size[1] + j / 2) * out.size[2] + i / 2) * x.channels
                    for c in 0..<x.channels { out.values[to + c] += 0.125 * x.values[from + c] }
                }
            }
        }
        return out
    }

    private func doubled(_ x: Cells) -> Cells {
        var out = Cells(size: x.size.map { $0 * 2 }, channels: x.channels, values: [])
        out.values.reserveCapacity(out.count * x.channels)
        for k in 0..<out.size[0] {
            for j in 0..<out.size[1] {
                for i in 0..<out.size[2] {
                    let from = ((k / 2 * x.size[1] + j / 2) * x.size[2] + i / 2) * x.channels
                    out.values.append(contentsOf: x.values[from..<from + x.channels])
                }
            }
        }
        return out
    }

    private func sum(_ a: Cells, _ b: Cells) -> Cells {
        var out = a
        for index in out.values.indices { out.values[index] += b.values[index] }
        return out
    }

    private func addContext(to x: inout Cells) {
        var means = [Double](repeating: 0, count: x.channels)
        for index in x.values.indices { means[index % x.channels] += Double(x.values[index]) }
        let added = context(means.map { Float($0 / Double(x.count)) })
        for index in x.values.indices { x.values[index] += added[index % x.channels] }
    }

    private func cut(_ x: Cells, to size: [Int]) -> Cells {
        var out = Cells(size: size, channels: x.channels, values: [])
        out.values.reserveCapacity(out.count * x.channels)
        for k in 0..<size[0] {
            for j in 0..<size[1] {
                let row = (k * x.size[1] + j) * x.size[2] * x.channels
                out.values.append(contentsOf: x.values[row..<row + size[2] * x.channels])
            }
        }
        return out
    }

    /// A volume at the target's phase, on its own grid: trilinear, clamped at the border.
    func warped(_ source: Volume<Float>, order: AxialOrder, displacement: Cells, threads: Int) -> Volume<Float> {
        var out = Volume<Float>(geometry: source.geometry, repeating: 0)
        let size = order.size.map(Int32.init)
        let step = order.step.map(Int64.init)
        let cells = displacement.size.map(Int32.init)
        let rate = order.spacingMM.map { $0 / cellMM }
        out.voxels.withUnsafeMutableBufferPointer { voxels in
            let target = SharedPointer(voxels.baseAddress)
            inParallel(order.slices, threads: threads) { k in
                guard let out = target.pointer else { return }
                var plane = [Float](repeating: 0, count: order.pixels)
                source.voxels.withUnsafeBufferPointer { from in
                    guard let base = from.baseAddress else { return }
                    ck_warp_plane(
                        base + order.origin, size, step, displacement.values, cells, rate, Int32(k), &plane)
                }
                order.write(plane, to: k, of: out)
            }
        }
        return out
    }
}
