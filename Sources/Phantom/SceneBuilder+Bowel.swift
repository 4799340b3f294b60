import CPhantom

extension SceneBuilder {
    /// Duodenum, colon, small bowel and the vessels of the mesentery.
    mutating func addBowel(_ a: Anatomy, _ stream: RandomStream) {
        let moving = Int(CP_MOVING_WARPED)
        let k = a.size
        var r = stream
        // Strands and vessels in the fat.
        for _ in 0..<70 {
            var p = Point(r.uniform(-90, 70), r.uniform(-25, 66), r.uniform(-190, -5)) * k
            var radius = r.uniform(0.7, 2.0)
            var heading = r.direction()
            for _ in 0..<4 {
                heading = unit(heading + 0.8 * r.direction())
                let next = p + heading * r.uniform(8, 16)
                capsule(p, next, radius, radius * 0.85)
                p = next
                radius *= 0.85
            }
            organ(r.chance(0.7) ? .portalVein : .artery, space: moving, clip: 1, opacity: r.uniform(0.55, 0.95))
        }
        // Jejunum and ileum: wandering tubes.
        for loop in 0..<22 {
            // A third of them jejunum, in the left upper abdomen.
            let high = loop % 3 == 0
            var p =
                Point(
                    r.uniform(-88, high ? -25 : 34), r.uniform(-8, 54),
                    high ? r.uniform(-85, -22) : r.uniform(-230, -76)) * k
            var heading = unit(Point(r.uniform(-1, 1), r.uniform(-1, 1), r.uniform(-0.4, 0.4)))
            let radius = r.uniform(9, 13.5) * k
            for _ in 0..<7 {
                heading = unit(heading + 0.9 * r.direction() * Point(1, 1, 0.5))
                var next = p + heading * 17 * k
                if next.y > 58 * k || next.y < -12 * k { heading.y = -heading.y }
                if abs(next.x) > 92 * k { heading.x = -heading.x }
                next = p + heading * 17 * k
                capsule(p, next, radius * r.uniform(0.85, 1.1), radius, blend: 0)
                p = next
            }
            // Many loops are collapsed: hardly more than their wall.
            organ(
                r.chance(0.45) ? .bowelWall : .bowelContent, space: moving, clip: 1, rim: .bowelWall,
                rimMM: r.uniform(1.5, 3.2), gas: r.chance(0.2) ? .gas : nil, gasLevel: p.y + r.uniform(0, 10),
                feather: 1, structure: .bowel)
        }
        chain(
            [
                (Point(22, 28, -42) * k, 10 * k), (Point(42, 16, -50) * k, 12 * k), (Point(44, 2, -84) * k, 12 * k),
                (Point(26, -6, -112) * k, 11 * k), (Point(-24, -4, -112) * k, 11 * k),
            ])
        organ(
            .bowelContent, space: moving, clip: 1, rim: .bowelWall, rimMM: 3, gas: .gas, gasLevel: 26 * k, feather: 0.8,
            structure: .bowel)
        addColon(a, &r)
    }

    private mutating func addColon(_ a: Anatomy, _ r: inout RandomStream) {
        let k = a.size
        let drop = 0.5 * max(0, a.liverLowering)
        let course: [Point] = [
            Point(88, -14, -230), Point(92, -8, -150 - drop), Point(84, 24, -112 - drop), Point(56, 56, -106 - drop),
            Point(20, 66, -96), Point(-16, 68, -84), Point(-52, 62, -66), Point(-84, 34, -40), Point(-98, 2, -34),
            Point(-98, -20, -80), Point(-96, -24, -230),
        ]
        var points: [(Point, Double)] = []
        for (p, q) in zip(course, course.dropFirst()) {
            let n = max(2, Int(norm(q - p) / 14))
            for step in 0..<n {
                let t = Double(step) / Double(n)
                let wobble = r.direction() * 4
                // Haustra: the tube swells and narrows.
                points.append(((p + t * (q - p) + wobble) * k, (step % 2 == 0 ? 20 : 15) * k * r.uniform(0.88, 1.12)))
            }
        }
        // Pieces differ in what they hold.
        var index = 0
        while index + 4 < points.count {
            let piece = Array(points[index...(index + 4)])
            chain(piece, blend: 0)
            let middle = piece[2]
            organ(
                .stool, space: Int(CP_MOVING_WARPED), clip: 1, rim: .bowelWall, rimMM: 2.0, gas: .gas,
                gasLevel: middle.0.y + middle.1 * r.uniform(-0.3, 1.1), feather: 0.6, structure: .bowel)
            index += 4
        }
    }
}
