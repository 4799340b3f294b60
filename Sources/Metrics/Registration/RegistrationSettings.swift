import CKernels

/// Every number of the registration `plk3d/1`.
///
/// The setting is frozen: a change of any number is another registration and gets another identifier.
public struct RegistrationSettings: Sendable, Equatable {
    /// One level of the pyramid, from coarse to fine; lengths are Gaussian sigmas or edges in mm.
    public struct Level: Sendable, Equatable {
        /// Edge of the level's voxels: blocks of image voxels of about that size.
        public var voxelMM: Double
        /// Distance of the nodes that carry the displacement.
        public var nodeMM: Double
        /// Neighbourhood of the local mean and standard deviation.
        public var normaliseMM: Double
        /// Window of the normal equations.
        public var windowMM: Double
        /// Smoothing of a step, weighted by its certainty; 0 is none.
        public var updateMM: Double
        /// Smoothing of the displacement after a step, weighted by certainty; 0 is none.
        public var totalMM: Double
        /// Smoothing of the displacement after a step, unweighted; 0 is none.
        public var elasticMM: Double
        /// Largest step of a node.
        public var stepMM: Double
        /// How far around the liver voxels take part.
        public var supportMM: Double
        /// Share of a level's voxel that has to lie there.
        public var share: Double
        /// Values farther from the liver's median than so many robust deviations are cut; 0 is none.
        public var clip: Double
        /// Number of Gauss–Newton steps.
        public var iterations: Int
    }

    /// Identifier that every measurement names.
    public let identifier: String
    /// Levels from coarse to fine.
    public let levels: [Level]
    /// What is added to the diagonal of the normal equations, relative to their mean diagonal.
    public let damping: Double
    /// Scale of the Cauchy weights, in standard deviations of the locally normalised image.
    public let cauchyScale: Double
    /// How far around the liver the images are cut out.
    public let marginMM: Double
    /// Share of a window of the normalisation that both images show: up to this one only the common part counts.
    public let commonShare: Double
    /// From this share on all of the window counts.
    public let wholeShare: Double

    /// The frozen setting.
    ///
    /// Coarse levels hold on to large breathing motion: they smooth the whole displacement, look at the liver alone, since
    /// it slides along the wall, and do not see lung and bone. The finest smooths its steps only, which hardly shrinks a
    /// displacement of a few millimetres, and uses the liver's outline.
    public static let plk3d1 = RegistrationSettings(
        identifier: "plk3d/1",
        levels: [
            coarse(voxelMM: 12, normaliseMM: 20, windowMM: 12, totalMM: 16),
            coarse(voxelMM: 6, normaliseMM: 10, windowMM: 8, totalMM: 10),
            coarse(voxelMM: 4, normaliseMM: 8, windowMM: 8, totalMM: 10),
            Level(
                voxelMM: 2.5, nodeMM: 5, normaliseMM: 6, windowMM: 10, updateMM: 10, totalMM: 0, elasticMM: 2.5,
                stepMM: 5, supportMM: 3, share: 0.5, clip: 0, iterations: 6),
        ],
        damping: 0.2, cauchyScale: 1, marginMM: 24, commonShare: 0.8, wholeShare: 0.98)

    private static func coarse(voxelMM: Double, normaliseMM: Double, windowMM: Double, totalMM: Double) -> Level {
        Level(
            voxelMM: voxelMM, nodeMM: voxelMM, normaliseMM: normaliseMM, windowMM: windowMM, updateMM: 0,
            totalMM: totalMM, elasticMM: 0, stepMM: 2 * voxelMM, supportMM: 0, share: 0.9, clip: 5, iterations: 8)
    }

    var kernelLevels: [ck_registration_level_t] {
        levels.map {
            ck_registration_level_t(
                voxel_mm: $0.voxelMM, node_mm: $0.nodeMM, normalise_mm: $0.normaliseMM, window_mm: $0.windowMM,
                update_mm: $0.updateMM, total_mm: $0.totalMM, elastic_mm: $0.elasticMM, step_mm: $0.stepMM,
                support_mm: $0.supportMM, share: $0.share, clip: $0.clip, iterations: Int32($0.iterations))
        }
    }

    /// The setting as printed beside every value.
    var parameters: [MetricParameter] {
        func list(_ value: (Level) -> Double) -> ParameterValue {
            .text(levels.map { "\(value($0))" }.joined(separator: " "))
        }
        return [
            MetricParameter("registration", .text(identifier)),
            MetricParameter("level_voxels_mm", list(\.voxelMM)),
            MetricParameter("level_nodes_mm", list(\.nodeMM)),
            MetricParameter("level_normalise_mm", list(\.normaliseMM)),
            MetricParameter("level_window_mm", list(\.windowMM)),
            MetricParameter("level_update_mm", list(\.updateMM)),
            MetricParameter("level_total_mm", list(\.totalMM)),
            MetricParameter("level_elastic_mm", list(\.elasticMM)),
            MetricParameter("level_step_mm", list(\.stepMM)),
            MetricParameter("level_support_mm", list(\.supportMM)), MetricParameter("level_share", list(\.share)),
            MetricParameter("level_clip", list(\.clip)),
            MetricParameter("level_iterations", .text(levels.map { "\($0.iterations)" }.joined(separator: " "))),
            MetricParameter("damping", .number(damping)), MetricParameter("cauchy_scale", .number(cauchyScale)),
            MetricParameter("margin_mm", .number(marginMM)),
            MetricParameter("window_common_share", .number(commonShare)),
            MetricParameter("window_whole_share", .number(wholeShare)),
        ]
    }
}
