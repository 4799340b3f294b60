import CPhantom

/// A patient ready to be sampled: organs in painting order, and where the liver is among them.
struct Patient: Sendable {
    let anatomy: Anatomy
    let primitives: [cp_primitive]
    let organs: [cp_organ]
    /// Position of the liver in `organs`; what follows until `afterLiver` lies in it.
    let liverIndex: Int
    let lesions: [PhantomLesion]
    /// Smooth vectors that make outlines irregular.
    let warpTable: [Float]

    /// Distance from the liver's surface, mm, positive inside, at a point of the reference anatomy.
    func liverDepth(_ p: Point) -> Double {
        Patient.depth(p, primitives: primitives, organ: organs[liverIndex], anatomy: anatomy, warpTable: warpTable)
    }

    static func depth(
        _ p: Point, primitives: [cp_primitive], organ: cp_organ, anatomy: Anatomy, warpTable: [Float]
    ) -> Double {
        var cavity = anatomy.cavity
        let wall = Double(cp_torso_distance(&cavity, Float(p.x), Float(p.y), Float(p.z)))
        var shift: (Float, Float, Float) = (0, 0, 0)
        withUnsafeMutableBytes(of: &shift) { bytes in
            guard let out = bytes.bindMemory(to: Float.self).baseAddress else { return }
            cp_warp(warpTable, Float(anatomy.warpMM), Float(p.x), Float(p.y), Float(p.z), out)
        }
        var o = organ
        let d = cp_distance(
            primitives, &o, Float(p.x) + shift.0, Float(p.y) + shift.1, Float(p.z) + shift.2)
        return -max(Double(d), wall)
    }
}

extension Patient {
    /// Volume of the liver, ml, on a lattice of `step` mm.
    static func liverVolumeML(
        primitives: [cp_primitive], organ: cp_organ, anatomy: Anatomy, warpTable: [Float], step: Double
    ) -> Double {
        var count = 0
        for z in stride(from: -150.0, through: 110, by: step) {
            for y in stride(from: -100.0, through: 110, by: step) {
                for x in stride(from: -125.0, through: 145, by: step)
                where depth(
                    Point(x, y, z), primitives: primitives, organ: organ, anatomy: anatomy, warpTable: warpTable) > 0
                {
                    count += 1
                }
            }
        }
        return Double(count) * step * step * step / 1000
    }

    /// Builds the patient: the liver is first fitted to its drawn volume, then everything is laid out.
    static func build(_ drawn: Anatomy, stream: RandomStream, site: PhantomSite) -> Patient {
        var anatomy = drawn
        var warp = [Float](repeating: 0, count: 32 * 32 * 32 * 4)
        cp_vector_table(stream.child(2).key, &warp)
        var low = -70.0
        var high = 90.0
        for _ in 0..<8 {
            anatomy.liverLowering = (low + high) / 2
            var trial = SceneBuilder()
            trial.addLiver(anatomy)
            let volume = liverVolumeML(
                primitives: trial.primitives, organ: trial.organs[0], anatomy: anatomy, warpTable: warp, step: 8)
            if volume < anatomy.targetLiverML { low = anatomy.liverLowering } else { high = anatomy.liverLowering }
        }
        var scene = SceneBuilder()
        scene.addTrunk(anatomy)
        scene.addThorax(anatomy)
        scene.addBowel(anatomy, stream.child(5))
        scene.addUpperAbdomen(anatomy)
        let liverIndex = scene.organs.count
        scene.addLiver(anatomy)
        let liver = scene.organs[liverIndex]
        let primitives = scene.primitives
        anatomy.liverML = liverVolumeML(
            primitives: primitives, organ: liver, anatomy: anatomy, warpTable: warp, step: 6)
        let fitted = anatomy
        let lesions = PhantomLesion.draw(stream.child(3), site: site, anatomy: fitted) { p in
            depth(p, primitives: primitives, organ: liver, anatomy: fitted, warpTable: warp)
        }
        for lesion in lesions { scene.addLesion(lesion) }
        scene.addGallbladder(anatomy)
        scene.addRetroperitoneum(anatomy)
        scene.addSkeleton(anatomy)
        return Patient(
            anatomy: anatomy, primitives: scene.primitives, organs: scene.organs, liverIndex: liverIndex,
            lesions: lesions, warpTable: warp)
    }
}
