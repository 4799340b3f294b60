import CPhantom

/// A smooth displacement that is left over in a generated image.
struct Residual: Sendable {
    let table: [Float]
    let amplitude: Float
    /// Distance of the nodes between which the field is eased, mm.
    static let cellMM: Float = 44

    /// Calls the body with the field as the kernels take it; `none` where there is no residual.
    static func with<Result>(_ residual: Residual?, _ body: (inout cp_residual) -> Result) -> Result {
        var field = cp_residual()
        guard let residual else { return body(&field) }
        return residual.table.withUnsafeBufferPointer { table in
            field.table = table.baseAddress
            field.amplitude = residual.amplitude
            field.cell_mm = cellMM
            return body(&field)
        }
    }

    /// Displacement, mm RAS, of the anatomy at a point: it is found at the point plus this.
    func displacement(at point: SIMD3<Double>) -> SIMD3<Double> {
        Residual.with(self) { field in
            var p = point
            for _ in 0..<12 {
                var n: (Float, Float, Float) = (0, 0, 0)
                withUnsafeMutableBytes(of: &n) { bytes in
                    guard let out = bytes.bindMemory(to: Float.self).baseAddress else { return }
                    cp_vector_noise(field.table, Float(p.x), Float(p.y), Float(p.z), 1 / field.cell_mm, out)
                }
                p = point - Point(Double(n.0), Double(n.1), Double(n.2)) * Double(amplitude)
            }
            return p - point
        }
    }

    /// The field whose displacement has the wanted mean length within the coronal plane over the points.
    static func fitted(meanMM: Double, over points: [Point], key: UInt64) -> Residual? {
        guard meanMM > 0, !points.isEmpty else { return nil }
        var table = [Float](repeating: 0, count: 32 * 32 * 32 * 4)
        cp_vector_table(key, &table)
        var residual = Residual(table: table, amplitude: Float(meanMM))
        for _ in 0..<6 {
            let sum = points.reduce(0.0) { sum, point in
                let u = residual.displacement(at: point)
                return sum + (u.x * u.x + u.z * u.z).squareRoot()
            }
            let now = sum / Double(points.count)
            guard now > 1e-9 else { return nil }
            residual = Residual(table: table, amplitude: residual.amplitude * Float(meanMM / now))
        }
        return residual
    }
}

/// Labels of lesions that faults make.
enum LesionMark {
    /// Where a lesion was erased; in no mask.
    static let erased: UInt8 = 255
    /// Invented lesions are labelled from here.
    static let firstInvented: UInt8 = 101
}

extension PhantomCase {
    /// The case with faults made to it: what a generator that makes these errors would have shown.
    ///
    /// Faults are drawn from the case's own random numbers, and larger sizes include what smaller ones changed.
    ///
    /// - Returns: The case, and what was done to it in the order in which it was done.
    public func applying(_ faults: PhantomFaults) -> (subject: PhantomCase, records: [PhantomFaultRecord]) {
        let stream = RandomStream(key: specification.key)
        var records: [PhantomFaultRecord] = []
        if faults.blurMM > 0 { records.append(PhantomFaultRecord("blur", "image", faults.blurMM, "mm")) }
        if faults.noise > 0 { records.append(PhantomFaultRecord("noise", "image", faults.noise, "signal")) }
        if faults.bias != 0 { records.append(PhantomFaultRecord("bias", "image", faults.bias, "signal")) }
        var trees = vessels
        VesselFaults.apply(faults, to: &trees, stream: stream.child(21), depth: patient.liverDepth, records: &records)
        let faulty = patient.applying(faults, vessels: vessels, stream: stream.child(22), records: &records)
        let residual = Residual.fitted(
            meanMM: faults.deformationMM, over: liverPoints(at: respiration.truthPhase), key: stream.child(23).key)
        if residual != nil {
            records.append(PhantomFaultRecord("deformation", "liver", faults.deformationMM, "mm"))
        }
        let subject = PhantomCase(
            specification: specification, patient: faulty, vessels: trees, respiration: respiration,
            textureKey: textureKey, faults: faults, residual: residual)
        return (subject, records)
    }

    /// Where the anatomy of a point of the truth lies in the faulty image, less the point; mm RAS.
    public func residualDisplacement(at point: SIMD3<Double>) -> SIMD3<Double> {
        residual?.displacement(at: point) ?? .zero
    }

    /// Points of the liver on a lattice of 14 mm, at a phase.
    private func liverPoints(at phase: Double) -> [Point] {
        var points: [Point] = []
        for z in stride(from: -140.0, through: 100, by: 14) {
            for y in stride(from: -98.0, through: 98, by: 14) {
                for x in stride(from: -112.0, through: 140, by: 14) where patient.liverDepth(Point(x, y, z)) > 0 {
                    points.append(position(ofReference: Point(x, y, z), atPhase: phase))
                }
            }
        }
        return points
    }
}

extension Patient {
    /// The patient without some lesions and with some that are not there.
    func applying(
        _ faults: PhantomFaults, vessels: [VesselTree], stream: RandomStream, records: inout [PhantomFaultRecord]
    ) -> Patient {
        var r = stream
        var order = lesions
        for index in order.indices.reversed() where index > 0 { order.swapAt(index, r.integer(0...index)) }
        let count = Int((faults.erasedLesions * Double(order.count)).rounded(.up))
        let erased = Set(order.prefix(count).map(\.label))
        for lesion in order.prefix(count) {
            records.append(
                PhantomFaultRecord(
                    "erased_lesion", "lesion-\(lesion.label)", lesion.diameterMM, "mm", at: lesion.centreMM))
        }
        let invented = invent(faults.inventedLesions, vessels: vessels, stream: stream.child(1))
        for lesion in invented {
            records.append(
                PhantomFaultRecord(
                    "invented_lesion", "lesion-\(lesion.label)", lesion.diameterMM, "mm", at: lesion.centreMM))
        }
        guard !erased.isEmpty || !invented.isEmpty else { return self }
        var scene = SceneBuilder()
        for lesion in invented { scene.addLesion(lesion) }
        let added = scene.organs.map { organ in
            var moved = organ
            moved.first += Int32(primitives.count)
            return moved
        }
        // Lesions are painted over the liver and before what lies on it.
        var kept = organs.map { organ in
            guard organ.lesion > 0, erased.contains(Int(organ.lesion)) else { return organ }
            var hidden = organ
            hidden.opacity = 0
            hidden.structure = 0
            hidden.lesion = Int32(LesionMark.erased)
            return hidden
        }
        kept.insert(contentsOf: added, at: liverIndex + 1)
        return Patient(
            anatomy: anatomy, primitives: primitives + scene.primitives, organs: kept, liverIndex: liverIndex,
            lesions: lesions.filter { !erased.contains($0.label) } + invented, warpTable: warpTable)
    }

    /// Lesions in healthy liver, clear of vessels and other lesions, so that only lesion metrics see them.
    private func invent(_ count: Int, vessels: [VesselTree], stream: RandomStream) -> [PhantomLesion] {
        var r = stream
        let lines = vessels.flatMap { tree in
            tree.branches.flatMap { branch in branch.centreLineMM.map { (point: $0, radius: branch.radiusMM) } }
        }
        var made: [PhantomLesion] = []
        for number in 0..<count {
            var best: (centre: Point, room: Double)?
            for _ in 0..<1500 {
                let p = Point(r.uniform(-90, 120), r.uniform(-85, 90), r.uniform(-120, 85))
                var room = liverDepth(p) - 4
                guard room > (best?.room ?? 2) else { continue }
                for lesion in lesions + made { room = min(room, lesion.distance(p) - 5) }
                for line in lines where room > (best?.room ?? 2) {
                    room = min(room, norm(line.point - p) - line.radius - 2)
                }
                if room > (best?.room ?? 2) { best = (p, room) }
                if (best?.room ?? 0) > 6 { break }
            }
            guard let best else { continue }
            let label = Int(LesionMark.firstInvented) + number
            // Lobes bulge beyond the mean radius.
            made.append(
                PhantomLesion(
                    label: label, kind: .metastasis, centre: best.centre, diameter: min(11, best.room * 1.5),
                    stream: stream.child(UInt64(number))))
        }
        return made
    }
}
