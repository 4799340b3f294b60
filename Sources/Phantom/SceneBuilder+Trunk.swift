import CPhantom

extension SceneBuilder {
    private static let fixed = Int(CP_STATIC)
    private static let fixedWarped = Int(CP_STATIC_WARPED)
    private static let moving = Int(CP_MOVING_WARPED)

    /// Skin, fat, muscles of the wall, the fat of the cavity.
    mutating func addTrunk(_ a: Anatomy) {
        // The back lies flat on the table.
        let back = Double(a.body.cy - a.body.rback) + 3
        addTable(under: back)
        torso(a.body)
        plane(Point(0, back, 0), normal: Point(0, -1, 0), op: Int32(CP_INTERSECT), blend: 9)
        // The furrow over the spinous processes.
        ellipsoid(
            Point(0, -Double(a.body.rback) - 10, -40), Point(9, 14, 500), op: Int32(CP_SUBTRACT), blend: 34)
        organ(.fat, space: Self.fixed, rim: .skin, rimMM: 1.6, structure: .body)
        torso(a.muscle)
        organ(.muscle, space: Self.fixedWarped, structure: .muscle)
        // Thin sheets of fat between the layers of the wall, and the linea alba's fat in front.
        let k = a.size
        torso(a.cavity, offset: 3.6 * k, half: 0.45)
        organ(.fat, space: Self.fixedWarped, opacity: 0.75, structure: nil)
        torso(a.cavity, offset: 8.0 * k, half: 0.4)
        organ(.fat, space: Self.fixedWarped, opacity: 0.6, structure: nil)
        torso(a.cavity)
        organ(.mesentery, space: Self.fixed, structure: .body)
    }

    /// The curved plate of the scanner's table, which only X-rays see.
    private mutating func addTable(under back: Double) {
        let (wide, deep) = (560.0, 420.0)
        let centre = Point(0, back - 22 + deep, 0)
        for (grow, tissue) in [(0.0, Tissue.table), (-2.2, Tissue.tableCore)] {
            cylinder(centre, wide + grow, deep + grow, half: 900)
            if tissue == .tableCore { cylinder(centre, wide - 14, deep - 14, half: 901, op: Int32(CP_SUBTRACT)) }
            plane(Point(0, back + 40, 0), normal: Point(0, 1, 0), op: Int32(CP_INTERSECT))
            organ(tissue, space: Self.fixed)
        }
        cylinder(centre, wide - 16, deep - 16, half: 900)
        plane(Point(0, back + 41, 0), normal: Point(0, 1, 0), op: Int32(CP_INTERSECT))
        organ(.air, space: Self.fixed)
    }

    /// Lungs, mediastinum, heart: what lies above the diaphragm.
    mutating func addThorax(_ a: Anatomy) {
        let k = a.size
        let recess = k * (-22 + 8 * a.trait(5))
        plane(Point(0, 0, recess), normal: Point(0, 0.35, -1), op: Int32(CP_UNION))
        addDomes(a, op: Int32(CP_SUBTRACT), grow: 0)
        // Fat under the heart and behind the sternum, and the muscles beside the spine, keep the lungs apart.
        ellipsoid(Point(-14, 62, 6) * k, Point(58, 62, 74) * k, op: Int32(CP_SUBTRACT), blend: 14)
        cylinder(Point(0, -66, 0) * k, 34 * k, 22 * k, half: 600, blend: 10, op: Int32(CP_SUBTRACT))
        organ(.lung, space: Self.moving, clip: 1, structure: .lung)
        ellipsoid(Point(-6 * k, -18 * k, 150), Point(34 * k, 52 * k, 95), blend: 0)
        ellipsoid(Point(-22 * k, 38 * k, a.domeTop + 30 * k), Point(74 * k, 54 * k, 44 * k), blend: 20)
        organ(.mesentery, space: Self.moving, clip: 1, structure: .body)
        let heart = Point(k * (-26 + 5 * a.trait(6)), 30 * k, a.domeTop + 27 * k)
        ellipsoid(heart, Point(58, 46, 42) * k, turn: 0.5)
        organ(.heart, space: Self.moving, clip: 1, structure: .heart)
        ellipsoid(heart + Point(-14, 2, 4) * k, Point(26, 23, 24) * k, turn: 0.5)
        organ(.heartBlood, space: Self.moving, clip: 1, structure: .heart)
        ellipsoid(heart + Point(26, 0, 4) * k, Point(21, 27, 26) * k, turn: 0.2)
        organ(.heartBlood, space: Self.moving, clip: 1, structure: .heart)
        // Oesophagus, left of the aorta.
        capsule(Point(-4, -20, 200) * k, Point(-22, -8, 46) * k, 8 * k, 7 * k)
        organ(.stomachContent, space: Self.moving, clip: 1, rim: .stomachWall, rimMM: 3.6, structure: .bowel)
    }

    /// The two domes of the diaphragm.
    mutating func addDomes(_ a: Anatomy, op: Int32, grow: Double) {
        let k = a.size
        let g = Point(repeating: grow)
        let right = Point(k * (55 + 3 * a.trait(7)), 6 * k, 0)
        let left = Point(-55 * k, 4 * k, 0)
        let rise = 14 + 4 * a.trait(8)
        ellipsoid(right, Point(70 * k, 80 * k, a.domeTop) + g, op: op, blend: op == CP_UNION ? 0 : 4, dome: true)
        ellipsoid(left, Point(70 * k, 80 * k, a.domeTop - rise) + g, op: op, blend: 24, dome: true)
    }

    /// Liver: what lies under the domes, above the visceral face, in front of spine and stomach.
    mutating func addLiver(_ a: Anatomy) {
        let k = a.size
        let cut = Int32(CP_INTERSECT)
        let away = Int32(CP_SUBTRACT)
        addDomes(a, op: Int32(CP_UNION), grow: -2.2)
        let drop = a.liverLowering
        // Visceral face: low on the right, rising to the left and to the back.
        let slope = 0.62 + 0.06 * a.trait(9)
        plane(Point(0, 8 * k, -10 * k - drop), normal: Point(-slope, -0.28, -1), op: cut, blend: 26)
        // The left lobe thins out towards its tip.
        let tip = k * (-66 + 9 * a.trait(10))
        plane(Point(tip, 30 * k, 40 * k), normal: Point(-1, -0.2, -0.3), op: cut, blend: 64)
        // Stomach, spleen and oesophagus keep the left lobe in front.
        ellipsoid(
            Point(-74 * k, (-36 + 5 * a.trait(11)) * k, 20 * k), Point(78 * k, 62 * k, 150), op: away, blend: 32)
        // Spine, crura and the cava's bed.
        cylinder(Point(-2 * k, -52 * k, 0), 38 * k, 36 * k, half: 300, blend: 16, op: away)
        cylinder(Point(22 * k, -22 * k, -60), 13 * k, 11 * k, half: 100, blend: 8, op: away)
        // Right kidney and colon press into the visceral face.
        ellipsoid(Point(60, -54, -78) * k, Point(36, 34, 60) * k, op: away, blend: 12)
        ellipsoid(Point(90, 32, -112) * k, Point(38, 36, 34) * k, op: away, blend: 16)
        // Porta hepatis, gallbladder bed, fissure of the round ligament, falciform notch.
        ellipsoid(Point(16, 2, -24) * k, Point(24, 12, 24) * k, turn: -0.25, op: away, blend: 10)
        ellipsoid(
            gallbladderCentre(a) + Point(0, 6, -10) * k, Point(13.5, 14.5, 25) * (k * gallbladderFill(a)), tilt: 0.2,
            op: away, blend: 3)
        ellipsoid(
            gallbladderCentre(a) + Point(-5, -8, 8) * k, Point(8.5, 8.5, 15.5) * k, tilt: 0.35, op: away, blend: 4)
        ellipsoid(Point(-10, 34, -26) * k, Point(2.6, 24, 38) * k, turn: 0.25, op: away, blend: 7)
        ellipsoid(Point(-14, 88, 10) * k, Point(5, 15, 60) * k, op: away, blend: 20)
        if a.cirrhosis {
            ellipsoid(Point(30, 34, -60) * k, Point(34, 26, 36) * k, op: away, blend: 18)
        }
        organ(.liver, space: Self.moving, clip: 1, structure: .liver)
    }

    private func gallbladderCentre(_ a: Anatomy) -> Point {
        let k = a.size
        return Point((38 + 3 * a.trait(12)) * k, 38 * k, (-44 - 0.4 * a.liverLowering) * k)
    }

    private func gallbladderFill(_ a: Anatomy) -> Double { 1 + 0.12 * a.trait(13) }

    /// Gallbladder, hanging below its bed.
    mutating func addGallbladder(_ a: Anatomy) {
        let k = a.size
        let c = gallbladderCentre(a)
        let fill = gallbladderFill(a)
        ellipsoid(c + Point(0, 6, -10) * k, Point(13, 14, 24) * (k * fill), tilt: 0.2)
        ellipsoid(c + Point(-5, -8, 8) * k, Point(8, 8, 15) * k, tilt: 0.35, blend: 10)
        organ(.bile, space: Self.moving, clip: 1, rim: .gallbladderWall, rimMM: 1.8, structure: .gallbladder)
    }

    /// Spleen, stomach, pancreas, kidneys, glands and the vessels that feed them.
    mutating func addUpperAbdomen(_ a: Anatomy) {
        let k = a.size
        // Kidneys: cortex as rim, medulla, sinus fat with the pelvis.
        for side in [1.0, -1.0] {
            let up = side > 0 ? -84.0 : -64.0
            let c = Point(side * 60, -50, up + 5 * a.trait(side > 0 ? 14 : 15)) * k
            ellipsoid(c, Point(39, 37, 66) * k, turn: side * 0.5)
            organ(.mesentery, space: Self.moving, clip: 1, structure: nil)
            ellipsoid(c, Point(29, 26, 54) * k, turn: side * 0.55, tilt: -side * 0.18)
            ellipsoid(
                c + Point(-side * 24, 13, 0) * k, Point(15, 10, 20) * k, turn: side * 0.6, op: Int32(CP_SUBTRACT),
                blend: 8)
            organ(
                .kidneyMedulla, space: Self.moving, clip: 1, rim: .kidneyCortex, rimMM: 8.5, feather: 2.5,
                structure: .kidney)
            // Columns of cortex between the pyramids.
            for n in 0..<7 {
                let z = -36.0 + 12 * Double(n)
                let out = Point(side * 24, -14, z) * k
                capsule(c + Point(-side * 8, 4, z * 0.6) * k, c + out * 0.72, 3.0 * k, 3.0 * k)
            }
            organ(.kidneyCortex, space: Self.moving, clip: 1, opacity: 0.75, feather: 2, structure: nil)
            ellipsoid(c + Point(-side * 13, 7, 0) * k, Point(13, 8, 26) * k, turn: side * 0.55)
            organ(.mesentery, space: Self.moving, clip: 1, feather: 1.5, structure: nil)
            ellipsoid(c + Point(-side * 16, 8, -6) * k, Point(8, 4.5, 13) * k, turn: side * 0.5)
            organ(.urine, space: Self.moving, clip: 1, feather: 1, structure: nil)
            capsule(c + Point(-side * 12, 6, 2) * k, Point(side * 16, -24, up + 4) * k, 3.2 * k, 4.2 * k)
            organ(.cava, space: Self.moving, clip: 1, structure: nil)
        }
        // Adrenal glands.
        for side in [1.0, -1.0] {
            let c = Point(side * 34, -42, side > 0 ? -18 : -6) * k
            capsule(c, c + Point(side * 10, -10, 6) * k, 2.6 * k, 1.8 * k)
            capsule(c, c + Point(side * 2, -14, -8) * k, 2.6 * k, 1.8 * k)
            organ(.gland, space: Self.moving, clip: 1)
        }
        addStomachAndSpleen(a)
        // Pancreas, lobulated.
        let p = 3 * a.trait(20)
        chain(
            [
                (Point(34, 12, -62 + p) * k, 13 * k), (Point(26, 14, -44 + p) * k, 13 * k),
                (Point(4, 16, -34 + p) * k, 8 * k), (Point(-30, 0, -24) * k, 9.5 * k),
                (Point(-62, -22, -8) * k, 8.5 * k), (Point(-80, -32, 2) * k, 7 * k),
            ], blend: 6)
        organ(.pancreas, space: Self.moving, clip: 1, feather: 0.8, structure: .pancreas)
        // Splenic and mesenteric veins join behind the pancreas; the portal trunk rises to the liver.
        chain(
            [
                (Point(-86, -34, 8) * k, 3.6 * k), (Point(-58, -28, -8) * k, 4.2 * k),
                (Point(-26, -6, -26) * k, 4.6 * k), (Point(8, 4, -36) * k, 5.4 * k),
            ])
        chain(
            [
                (Point(8, 10, -220) * k, 4.6 * k), (Point(10, 12, -90) * k, 5.2 * k), (Point(8, 4, -36) * k, 6 * k),
                (Point(13, 4, -20) * k, 6.4 * k), (Point(20, 4, -8) * k, 6.4 * k),
            ])
        organ(.portalVein, space: Self.moving, clip: 1)
        // Coeliac trunk, splenic and common hepatic arteries; mesenteric artery.
        chain(
            [
                (Point(-8, -18, -12) * k, 3.8 * k), (Point(-8, -4, -14) * k, 3.4 * k),
                (Point(-34, -2, -16) * k, 2.6 * k), (Point(-52, -26, -2) * k, 2.4 * k),
                (Point(-84, -38, 10) * k, 2.2 * k),
            ])
        chain([(Point(-8, -4, -14) * k, 2.8 * k), (Point(8, 8, -24) * k, 2.5 * k), (Point(16, 12, -14) * k, 2.3 * k)])
        chain([(Point(-8, -18, -32) * k, 3.6 * k), (Point(-4, 2, -62) * k, 3.4 * k), (Point(-6, 8, -220) * k, 2.8 * k)])
        organ(.aorta, space: Self.moving, clip: 1)
    }

    private mutating func addStomachAndSpleen(_ a: Anatomy) {
        let k = a.size
        ellipsoid(
            Point(-91 + 3 * a.trait(16), -40, 20 + 7 * a.trait(17)) * k,
            Point(32 + 2 * a.trait(18), 54, 60 + 5 * a.trait(19)) * k, turn: -0.45)
        ellipsoid(Point(-52, -20, 22) * k, Point(38, 38, 70) * k, turn: -0.3, op: Int32(CP_SUBTRACT), blend: 30)
        organ(.spleen, space: Self.moving, clip: 1, structure: .spleen)
        let fill = 1 + 0.14 * a.trait(21)
        chain(
            [
                (Point(-56, -16, 48) * k, 33 * k * fill), (Point(-62, 8, 18) * k, 32 * k * fill),
                (Point(-50, 34, -14) * k, 24 * k * fill), (Point(-24, 44, -38) * k, 19 * k),
                (Point(6, 38, -44) * k, 15 * k), (Point(22, 28, -42) * k, 9 * k),
            ], blend: 20)
        organ(
            .stomachContent, space: Self.moving, clip: 1, rim: .stomachWall, rimMM: 2.6, gas: .gas,
            gasLevel: k * (36 + 8 * a.trait(22)), feather: 0.6, structure: .bowel)
    }
}
