import CKernels
import Imaging
import Metrics

/// Liver, vessels and lesions from the classes of the anatomy head.
struct AnatomyMasks {
    /// The method's name in results.
    static let method = "anatomy-head/1"
    /// Smallest lesion that is kept, in mm³: below it lies noise of single pixels.
    static let smallestLesionMM3 = 30.0

    let liver: Mask
    let vessels: Mask
    let lesions: LabelMap

    /// Separates the classes: 1 liver, 2 vessel, 3 lesion.
    ///
    /// The liver is the largest connected part of all three together; what lies apart from it is dropped. Lesions are connected parts
    /// (26 neighbours) of class 3 in order of their first voxel.
    init(classes: Mask) {
        let geometry = classes.geometry
        let dimensions = geometry.dimensions
        var inside = classes.voxels.map { $0 > 0 ? UInt8(1) : 0 }
        let (parts, count) = labelComponents(of: inside, dimensions: dimensions, connectivity: .six)
        if count > 1 {
            var sizes = [Int](repeating: 0, count: count + 1)
            for part in parts where part > 0 { sizes[Int(part)] += 1 }
            let largest = Int32(sizes.indices.max { (sizes[$0], -$0) < (sizes[$1], -$1) } ?? 0)
            for index in inside.indices where parts[index] != largest { inside[index] = 0 }
        }
        var liver = Mask(geometry: geometry, repeating: 0)
        var vessels = Mask(geometry: geometry, repeating: 0)
        var lesions = LabelMap(geometry: geometry, repeating: 0)
        let isLesion = zip(classes.voxels, inside).map { $0 == 3 && $1 == 1 ? UInt8(1) : 0 }
        let (spots, spotCount) = labelComponents(of: isLesion, dimensions: dimensions, connectivity: .twentySix)
        var sizes = [Int](repeating: 0, count: spotCount + 1)
        for spot in spots { sizes[Int(spot)] += 1 }
        var names = [Int32](repeating: 0, count: spotCount + 1)
        var next: Int32 = 1
        for spot in names.indices.dropFirst()
        where Double(sizes[spot]) * geometry.voxelVolumeMM3 >= AnatomyMasks.smallestLesionMM3 {
            names[spot] = next
            next += 1
        }
        for index in inside.indices where inside[index] == 1 {
            liver.voxels[index] = 1
            vessels.voxels[index] = classes.voxels[index] == 2 ? 1 : 0
            lesions.voxels[index] = names[Int(spots[index])]
        }
        self.liver = liver
        self.vessels = vessels
        self.lesions = lesions
    }

    /// Volume of the liver, in ml.
    var liverML: Double {
        Double(liver.voxels.reduce(into: 0) { $0 += Int($1) }) * liver.geometry.voxelVolumeMM3 / 1000
    }
}
