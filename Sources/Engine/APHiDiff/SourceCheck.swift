import Cohort
import Imaging
import Metrics

/// Refuses what the engine cannot use, before any work.
struct SourceCheck {
    /// Voxel counts along an axis of a slice.
    static let pixelsPerSide = 32...4096
    /// Slices.
    static let slices = 3...4096
    /// Edge of the longer side of a slice, in mm: from a small child's trunk to the largest bore.
    static let fieldMM = 120.0...1000.0
    /// Distance of slices, in mm.
    static let sliceMM = 0.3...20.0
    /// Most voxels of a volume.
    static let maximumVoxels = 1 << 29
    /// Least volume, in ml, with the intensity that liver has.
    static let leastLiverLikeML = 100.0

    private static func refuse(_ message: String) -> GeneratorError { GeneratorError(.inputRefused, message) }

    /// Whether the engine knows the pair; the indices of source and target among its series.
    static func series(
        _ request: GenerationRequest, _ network: Network
    ) throws(GeneratorError) -> (source: Int, target: Int) {
        let target = try index(of: request.targetSeries, network)
        let source: Int
        if let series = request.sourceSeries {
            source = try index(of: series, network)
        } else {
            source = try index(of: network.isCT(target) ? "MR-T1" : "CT", network)
        }
        guard network.isCT(source) != network.isCT(target) else {
            throw refuse(
                "AP-HiDiff generates MR from CT and CT from MR, not \(network.series[target]) from \(network.series[source])"
            )
        }
        guard network.conditionalMean.covers(source, target) else {
            throw refuse("the weights have not learned \(network.series[target]) from \(network.series[source])")
        }
        return (source, target)
    }

    private static func index(of series: ImageSeries, _ network: Network) throws(GeneratorError) -> Int {
        // MR without a name is taken as T1, the liver's usual sequence.
        try index(of: series.name == "MR" ? "MR-T1" : series.name, network)
    }

    private static func index(of name: String, _ network: Network) throws(GeneratorError) -> Int {
        guard let index = network.series.firstIndex(of: name) else {
            throw refuse(
                "the weights do not know the series \(SafeText.printable(name)); they know "
                    + network.series.joined(separator: ", "))
        }
        return index
    }

    /// Whether the grid is one of a trunk.
    static func grid(_ geometry: Geometry, _ order: AxialOrder) throws(GeneratorError) {
        guard geometry.voxelCount <= maximumVoxels else {
            throw refuse("the grid is too large: \(geometry); at most \(maximumVoxels) voxels")
        }
        guard slices.contains(order.slices) else {
            throw refuse(
                "the volume has \(order.slices) axial slices; \(slices.lowerBound) to \(slices.upperBound) are possible: \(geometry)"
            )
        }
        guard order.size[1...].allSatisfy(pixelsPerSide.contains) else {
            throw refuse(
                "an axial slice has \(order.size[2])×\(order.size[1]) pixels; \(pixelsPerSide.lowerBound) to "
                    + "\(pixelsPerSide.upperBound) a side are possible: \(geometry)")
        }
        guard sliceMM.contains(order.spacingMM[0]) else {
            throw refuse(
                "slices \(order.spacingMM[0]) mm apart are outside of \(sliceMM.lowerBound) to \(sliceMM.upperBound) mm"
            )
        }
        let field = max(Double(order.size[1]) * order.spacingMM[1], Double(order.size[2]) * order.spacingMM[2])
        guard fieldMM.contains(field) else {
            throw refuse(
                "a field of view of \(field.rounded()) mm is outside of \(fieldMM.lowerBound) to \(fieldMM.upperBound) mm: "
                    + "no axial slices of a trunk")
        }
    }

    /// Whether the intensities are those of the series; the reference signal of MR, 1 for CT.
    static func intensities(_ volume: Volume<Float>, isCT: Bool) throws(GeneratorError) -> Float {
        guard volume.voxels.allSatisfy(\.isFinite) else { throw refuse("the source holds NaN or infinity") }
        let total = Double(volume.voxels.count)
        func share(_ range: ClosedRange<Float>) -> Double {
            Double(volume.voxels.reduce(into: 0) { $0 += range.contains($1) ? 1 : 0 }) / total
        }
        let millilitres = total * volume.geometry.voxelVolumeMM3 / 1000
        let liverLike: Double
        var reference: Float = 1
        if isCT {
            // Air around the patient and in the lungs is near -1000 HU; an MR image has no such values.
            guard share(-2000...(-200)) > 0.01, share(-200...3000) > 0.01 else {
                throw refuse("the source has no values of air or none of tissue in HU: it does not look like CT")
            }
            liverLike = share(0...220) * millilitres
        } else {
            guard share(-.greatestFiniteMagnitude...(-100)) < 0.01 else {
                throw refuse("the source has many values below -100: it looks like CT in HU, not like MR")
            }
            guard let found = IntensityDomain.magneticReference(of: volume.voxels) else {
                throw refuse("the MR source has no signal")
            }
            reference = found
            liverLike = share(0.3 * found...3 * found) * millilitres
        }
        guard liverLike >= leastLiverLikeML else {
            throw refuse(
                "only \(liverLike.rounded()) ml have the intensity that liver can have: there is no liver-like body in the source"
            )
        }
        return reference
    }
}
