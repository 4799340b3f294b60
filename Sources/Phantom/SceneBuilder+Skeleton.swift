import CPhantom

extension SceneBuilder {
    /// Great vessels, crura and muscles beside the spine: they do not breathe.
    mutating func addRetroperitoneum(_ a: Anatomy) {
        let warped = Int(CP_STATIC_WARPED)
        let k = a.size
        for side in [1.0, -1.0] {
            ellipsoid(Point(side * 35, -55, -150) * k, Point(19, 21, 128) * k)
            organ(.muscle, space: warped, clip: 1, structure: .muscle)
            // Quadratus lumborum.
            ellipsoid(Point(side * 62, -72, -140) * k, Point(22, 11, 105) * k, turn: side * 0.35)
            organ(.muscle, space: warped, structure: .muscle)
            // Crus of the diaphragm.
            chain(
                [
                    (Point(side * 7, -14, 30) * k, 4.2 * k), (Point(side * 20, -22, 0) * k, 4.4 * k),
                    (Point(side * 17, -34, -60) * k, 4.6 * k), (Point(side * 9, -32, -110) * k, 3 * k),
                ])
            organ(.muscle, space: warped, structure: .muscle)
        }
        let sway = 2 * a.trait(30)
        chain(
            [
                (Point(-14 + sway, -24, 260) * k, 10.6 * k), (Point(-10 + sway, -23, 60) * k, 10.6 * k),
                (Point(-8, -19, -20) * k, 9.6 * k), (Point(-7, -17, -240) * k, 8.8 * k),
            ])
        organ(.aorta, space: Int(CP_STATIC), rim: .muscle, rimMM: 0.9, structure: .aorta)
        let wide = 1 + 0.08 * a.trait(31)
        chain(
            [
                (Point(18, -20, -240) * k, 9.8 * k * wide), (Point(21, -22, -60) * k, 10.6 * k * wide),
                (Point(21, -20, 20) * k, 11 * k * wide), (Point(16, -8, a.domeTop / k + 4) * k, 11.8 * k * wide),
                (Point(4, 14, a.domeTop / k + 34) * k, 14 * k),
            ])
        // Flatter than round below the liver.
        chain([(Point(15, -21, -240) * k, 8.8 * k * wide), (Point(17, -22, -30) * k, 8.8 * k * wide)])
        chain([(Point(22, -22, -240) * k, 8.6 * k * wide), (Point(26, -22, -30) * k, 8.8 * k * wide)])
        organ(.cava, space: Int(CP_STATIC), structure: .cava)
    }

    /// Spine with its processes, back muscles and ribs.
    mutating func addSkeleton(_ a: Anatomy) {
        addBackMuscles(a)
        addSpine(a)
        addRibs(a)
    }

    private mutating func addBackMuscles(_ a: Anatomy) {
        let warped = Int(CP_STATIC_WARPED)
        let k = a.size
        // Multifidus fills the groove beside the spinous processes.
        cylinder(Point(0, -72, -50) * k, 33 * k, 19 * k, half: 600)
        organ(.muscle, space: warped, structure: .muscle)
        for side in [1.0, -1.0] {
            // Erector spinae with thin clefts of fat between its columns; larger in the lumbar region.
            ellipsoid(Point(side * 31, -90, -150) * k, Point(33, 21, 300) * k, turn: side * 0.1)
            organ(.muscle, space: warped, structure: .muscle)
            ellipsoid(Point(side * 23, -91, -150) * k, Point(0.9, 17, 300) * k, turn: -side * 0.25)
            ellipsoid(Point(side * 43, -91, -150) * k, Point(0.8, 15, 300) * k, turn: side * 0.35)
            organ(.fat, space: warped, opacity: 0.75, feather: 0.6)
        }
    }

    private mutating func addSpine(_ a: Anatomy) {
        let fixed = Int(CP_STATIC_WARPED)
        let k = a.size
        let period = 33.0 * k
        let start = period * 0.5 * (1 + 0.9 * a.trait(32) / 2.5)
        for level in -9...7 {
            let z = Double(level) * period + start
            // Lumbar bodies are wider than thoracic ones.
            let grow = 1 - 0.0011 * z
            let rx = 21.5 * k * grow
            let ry = 15.5 * k * grow
            let c = Point(0, -46 * k, z)
            cylinder(c, rx, ry, half: period * 0.5 - 4.6 * k)
            organ(.marrow, space: fixed, rim: .cortex, rimMM: 1.1, structure: .bone)
            cylinder(c + Point(0, 0, period / 2), rx * 1.02, ry * 1.02, half: 4.4 * k)
            organ(.disc, space: fixed, feather: 0.8, structure: .body)
            for side in [1.0, -1.0] {
                capsule(
                    c + Point(side * 13 * grow, -12, 3) * k, c + Point(side * 13 * grow, -26, 1) * k, 4.6 * k, 4.2 * k)
                capsule(
                    c + Point(side * 13, -28, 0) * k, c + Point(side * 1.5, -38, -5) * k, 3.6 * k, 3.6 * k, blend: 4)
                // Articular and transverse processes.
                capsule(c + Point(side * 16, -28, 10) * k, c + Point(side * 17, -32, -13) * k, 5 * k, 5 * k, blend: 3)
                capsule(
                    c + Point(side * 15, -25, 0) * k, c + Point(side * 40, -31 - (z > 0 ? 6 : 0), 3) * k, 4 * k,
                    3.2 * k, blend: 3)
            }
            capsule(c + Point(0, -38, -5) * k, c + Point(0, -57, -12) * k, 3.2 * k, 3.6 * k, blend: 3)
            organ(.marrow, space: fixed, rim: .cortex, rimMM: 1.7, structure: .bone)
        }
        cylinder(Point(0, -69, -50) * k, 10.5 * k, 8.2 * k, half: 600)
        organ(.fat, space: fixed, structure: .body)
        cylinder(Point(0, -68.5, -50) * k, 8.6 * k, 6.8 * k, half: 600)
        organ(.fluid, space: fixed, structure: .body)
        ellipsoid(Point(0, -69, 130) * k, Point(5.6, 4.4, 210) * k)
        organ(.cord, space: fixed, structure: .body)
    }

    private mutating func addRibs(_ a: Anatomy) {
        let k = a.size
        for rib in 0..<11 {
            for side in [1.0, -1.0] {
                let start = k * (196 - 26.5 * Double(rib))
                let short = rib == 10 ? 0.42 : (rib == 9 ? 0.7 : 1.0)
                let steps = 13
                var points: [(Point, Double)] = [(Point(side * 22, -56, 0) * k + Point(0, 0, start), 4.6 * k)]
                for step in 0...steps {
                    let t = short * Double(step) / Double(steps)
                    let angle = (-70 + 128 * t) * Double.pi / 180
                    let z = start - k * (8 + 62 * t + 30 * t * t)
                    points.append((wallPoint(a, angle: angle, side: side, z: z, outside: 5.4 * k), (5.2 - 0.6 * t) * k))
                }
                chain(points)
                organ(.ribMarrow, space: Int(CP_STATIC), rim: .cortex, rimMM: 1.7, structure: .bone)
            }
        }
    }

    /// A point `outside` mm from the cavity's wall, at an angle from the side (negative is backwards).
    private func wallPoint(_ a: Anatomy, angle: Double, side: Double, z: Double, outside: Double) -> Point {
        var torso = a.cavity
        let direction = Point(side * Mathematics.cos(angle), Mathematics.sin(angle), 0)
        let centre = Point(Double(torso.cx), Double(torso.cy), z)
        var low = 20.0
        var high = 220.0
        for _ in 0..<24 {
            let middle = (low + high) / 2
            let p = centre + direction * middle
            if Double(cp_torso_distance(&torso, Float(p.x), Float(p.y), Float(p.z))) < outside {
                low = middle
            } else {
                high = middle
            }
        }
        return centre + direction * low
    }
}
