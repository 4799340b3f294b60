import CKernels
import Imaging
import Metrics

/// Liver, vessels and lesions from the classes of the anatomy head.
struct AnatomyMasks {
    /// The method's name in results.
    static let method = "anatomy-head/2"
    /// Smallest lesion, and smallest sure part of a connected part of vessels, in mm³: below it lies noise of single pixels.
    static let smallestPartMM3 = 30.0

    /// How far a class may be from the most likely one, or must be ahead of the others, in natural logarithms of odds.
    ///
    /// Chosen with the weights on phantoms of the training namespace; the weights' manifest brings them.
    struct Margins: Sendable, Equatable {
        /// A liver voxel whose vessel logit is less than this below the liver's is a vessel where it is connected to a sure one.
        var vessel = 0.0
        /// What joining a part of the vessels to the rest may cost, in millimetres times logarithms; see `VesselBridges`.
        var bridge = 0.0
        /// A lesion needs one voxel whose lesion logit is at least this above all others.
        var lesion = 0.0

        /// For the identity of a model.
        var text: String { " vessel margin \(vessel) bridge \(bridge) lesion margin \(lesion)" }
    }

    /// What is known of the voxels.
    struct Findings: Sendable {
        /// 0 background, 1 liver, 2 vessel, 3 lesion; `nearlyVessel` or `surelyLesion` added where the margins say so.
        var classes: Mask
        /// How far the vessel's logit is below the largest other one, as `VesselBridges.deficit` counts.
        var vesselDeficits: [UInt8]

        static let classBits: UInt8 = 3
        static let nearlyVessel: UInt8 = 4
        static let surelyLesion: UInt8 = 8

        /// The byte of a voxel; margins: of each class, its logit minus the largest of the others.
        static func byte(_ found: UInt8, margins: UnsafePointer<Float>, _ limits: Margins) -> UInt8 {
            switch found {
            case 1: Double(margins[2]) > -limits.vessel ? found | nearlyVessel : found
            case 3: Double(margins[3]) >= limits.lesion ? found | surelyLesion : found
            default: found
            }
        }
    }

    let liver: Mask
    let vessels: Mask
    let lesions: LabelMap

    /// Separates the findings.
    ///
    /// The liver is the largest connected part of all three classes together; what lies apart from it is dropped. Vessels are the connected parts
    /// (26 neighbours) of vessels and what is nearly one, where at least 30 mm³ are sure, joined by bridges. Lesions are the connected parts (26 neighbours) of class 3
    /// from 30 mm³ on with a sure voxel, in order of their first voxel.
    init(_ all: Findings, _ margins: Margins) {
        let findings = all.classes
        let geometry = findings.geometry
        let dimensions = geometry.dimensions
        var inside = findings.voxels.map { $0 > 0 ? UInt8(1) : 0 }
        let (parts, count) = labelComponents(of: inside, dimensions: dimensions, connectivity: .six)
        if count > 1 {
            var sizes = [Int](repeating: 0, count: count + 1)
            for part in parts where part > 0 { sizes[Int(part)] += 1 }
            let largest = Int32(sizes.indices.max { (sizes[$0], -$0) < (sizes[$1], -$1) } ?? 0)
            for index in inside.indices where parts[index] != largest { inside[index] = 0 }
        }
        let smallest = AnatomyMasks.smallestPartMM3 / geometry.voxelVolumeMM3
        func named(
            _ belongs: (UInt8) -> Bool, keep: (_ size: Int, _ sure: Int) -> Bool, sure: (UInt8) -> Bool
        ) -> [Int32] {
            let chosen = zip(findings.voxels, inside).map { $1 == 1 && belongs($0) ? UInt8(1) : 0 }
            var (spots, spotCount) = labelComponents(of: chosen, dimensions: dimensions, connectivity: .twentySix)
            var sizes = [Int](repeating: 0, count: spotCount + 1)
            var sureOnes = sizes
            for (spot, finding) in zip(spots, findings.voxels) where spot > 0 {
                sizes[Int(spot)] += 1
                sureOnes[Int(spot)] += sure(finding) ? 1 : 0
            }
            var names = [Int32](repeating: 0, count: spotCount + 1)
            var next: Int32 = 1
            for spot in names.indices.dropFirst() where keep(sizes[spot], sureOnes[spot]) {
                names[spot] = next
                next += 1
            }
            for index in spots.indices { spots[index] = names[Int(spots[index])] }
            return spots
        }
        let tree = named(
            { $0 & Findings.classBits == 2 || $0 & Findings.nearlyVessel != 0 }, keep: { Double($1) >= smallest },
            sure: { $0 & Findings.classBits == 2 })
        let spots = named(
            { $0 & Findings.classBits == 3 }, keep: { Double($0) >= smallest && $1 > 0 },
            sure: { $0 & Findings.surelyLesion != 0 })
        var liver = Mask(geometry: geometry, repeating: 0)
        var vessels = liver
        var lesions = LabelMap(geometry: geometry, repeating: 0)
        liver.voxels = inside
        vessels.voxels = tree.map { $0 > 0 ? 1 : 0 }
        VesselBridges.join(
            &vessels.voxels, inside: inside, deficits: all.vesselDeficits, geometry: geometry, limit: margins.bridge)
        // A bridge may cross a lesion; there it is a vessel.
        lesions.voxels = zip(spots, vessels.voxels).map { $1 == 1 ? 0 : $0 }
        self.liver = liver
        self.vessels = vessels
        self.lesions = lesions
    }

    /// Volume of the liver, in ml.
    var liverML: Double {
        Double(liver.voxels.reduce(into: 0) { $0 += Int($1) }) * liver.geometry.voxelVolumeMM3 / 1000
    }
}
