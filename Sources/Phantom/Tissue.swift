/// What a point of the phantom is made of.
enum Tissue: Int, CaseIterable, Sendable {
    case air, skin, fat, mesentery, muscle, cortex, marrow, ribMarrow, disc, fluid, cord, lung, heart
    case heartBlood, liver, spleen, kidneyCortex, kidneyMedulla, pancreas, bile, gallbladderWall
    case stomachWall, stomachContent, gas, bowelWall, bowelContent, stool
    case aorta, cava, portalVein, hepaticVein, artery, urine
    case hccCore, hccCapsule, metastasisCore, metastasisRim, cyst, haemangiomaCore, haemangiomaRim
    case table, gland, tableCore
}

/// Phase of the contrast medium.
public enum ContrastPhase: String, Sendable, CaseIterable, Codable {
    /// Without contrast medium.
    case native
    /// About 30 s after the injection.
    case arterial
    /// About 70 s after the injection.
    case portalVenous = "portal-venous"
}

/// X-ray attenuation by tissue: native value and enhancement, in HU.
///
/// Native values: liver 50–65, spleen 40–55, blood 35–50, muscle 45–60, fat −115 to −85 HU; enhancement as in
/// abdominal protocols with about 0.5 g iodine per kg (Bae, Radiology 2010;256:32–61).
struct AttenuationTable {
    /// Native attenuation, arterial gain, portal-venous gain and standard deviation of the texture, all in HU.
    static func entry(_ tissue: Tissue) -> (native: Double, arterial: Double, venous: Double, texture: Double) {
        switch tissue {
        case .air: (-1000, 0, 0, 0)
        case .skin: (10, 5, 10, 6)
        case .fat: (-103, 0, 1, 7)
        case .mesentery: (-98, 2, 5, 16)
        case .muscle: (52, 4, 12, 11)
        case .cortex: (780, 0, 0, 90)
        case .marrow: (150, 5, 12, 26)
        case .ribMarrow: (95, 4, 10, 30)
        case .disc: (85, 0, 5, 8)
        case .fluid: (12, 0, 0, 2)
        case .cord: (36, 2, 4, 2)
        case .lung: (-845, 6, 8, 34)
        case .heart: (45, 60, 65, 4)
        case .heartBlood: (42, 180, 110, 4)
        case .liver: (57, 14, 55, 7)
        case .spleen: (48, 75, 72, 4)
        case .kidneyCortex: (34, 130, 150, 8)
        case .kidneyMedulla: (30, 45, 125, 10)
        case .pancreas: (42, 60, 48, 14)
        case .bile: (9, 0, 0, 1)
        case .gallbladderWall: (35, 15, 35, 3)
        case .stomachWall: (40, 30, 45, 6)
        case .stomachContent: (28, 0, 0, 20)
        case .gas: (-985, 0, 0, 0)
        case .bowelWall: (40, 35, 50, 6)
        case .bowelContent: (22, 5, 8, 14)
        case .stool: (10, 0, 2, 75)
        case .aorta: (42, 260, 105, 3)
        case .cava: (42, 45, 95, 5)
        case .portalVein: (42, 40, 128, 2)
        case .hepaticVein: (42, 12, 112, 2)
        case .artery: (42, 230, 108, 2)
        case .urine: (6, 0, 4, 2)
        case .hccCore: (48, 62, 36, 11)
        case .hccCapsule: (50, 22, 66, 3)
        case .metastasisCore: (36, 10, 22, 11)
        case .metastasisRim: (44, 36, 40, 8)
        case .cyst: (5, 0, 0, 1)
        case .haemangiomaCore: (38, 14, 48, 8)
        case .haemangiomaRim: (42, 120, 92, 18)
        case .table: (70, 0, 0, 0)
        case .tableCore: (-900, 0, 0, 0)
        case .gland: (30, 30, 35, 4)
        }
    }
}

/// Relaxation by tissue.
///
/// T1 and T2 of liver, spleen, kidney, pancreas, muscle, marrow and fat at 1.5 and 3 T: de Bazelaire et al.,
/// Radiology 2004;230:652–659; blood, cord: Stanisz et al., Magn Reson Med 2005;54:507–512. Fluids and lesions:
/// typical of the ranges in Bernstein, King, Zhou, Handbook of MRI Pulse Sequences (2004), and Cieszanowski et al.,
/// Abdom Imaging 2012;37:90–96 (T2 of focal lesions).
struct RelaxationTable {
    /// T1 at 1.5 T and 3 T (ms), T2 (ms), proton density, gadolinium uptake (mmol/L at arterial and venous phase),
    /// and the texture's standard deviation relative to the signal.
    static func entry(
        _ tissue: Tissue
    ) -> (t1: Double, t1At3: Double, t2: Double, density: Double, arterial: Double, venous: Double, texture: Double) {
        switch tissue {
        case .air, .gas, .table, .tableCore: (1000, 1000, 10, 0, 0, 0, 0)
        case .skin: (800, 900, 30, 0.6, 0.1, 0.2, 0.05)
        case .fat: (343, 382, 68, 1.0, 0, 0, 0.05)
        case .mesentery: (343, 382, 66, 0.95, 0, 0, 0.13)
        case .muscle: (856, 898, 28, 0.78, 0.05, 0.18, 0.14)
        case .cortex: (1000, 1000, 1, 0.12, 0, 0, 0.1)
        case .marrow, .ribMarrow: (549, 586, 49, 0.7, 0.05, 0.12, 0.14)
        case .disc: (1000, 1100, 55, 0.75, 0, 0.05, 0.06)
        case .fluid: (3500, 4200, 1400, 1.0, 0, 0, 0.02)
        case .cord: (745, 993, 74, 0.75, 0.02, 0.04, 0.02)
        case .lung: (1200, 1270, 30, 0.08, 0.1, 0.2, 0.3)
        case .heart: (1030, 1470, 40, 0.8, 0.5, 0.5, 0.05)
        case .heartBlood, .aorta: (1441, 1932, 280, 0.88, 2.6, 1.0, 0.03)
        case .liver: (586, 809, 46, 0.75, 0.12, 0.55, 0.05)
        case .spleen: (1057, 1328, 79, 0.83, 0.7, 0.7, 0.05)
        case .kidneyCortex: (966, 1142, 87, 0.84, 1.3, 1.3, 0.05)
        case .kidneyMedulla: (1412, 1545, 85, 0.86, 0.4, 1.0, 0.08)
        case .pancreas: (584, 725, 46, 0.78, 0.6, 0.5, 0.12)
        case .bile: (2600, 2900, 700, 1.0, 0, 0, 0.02)
        case .gallbladderWall: (900, 1000, 50, 0.8, 0.2, 0.4, 0.04)
        case .stomachWall: (765, 900, 58, 0.8, 0.3, 0.5, 0.06)
        case .stomachContent: (1900, 2200, 260, 0.85, 0, 0, 0.28)
        case .bowelWall: (765, 900, 58, 0.8, 0.4, 0.6, 0.08)
        case .bowelContent: (1800, 2100, 240, 0.85, 0, 0, 0.2)
        case .stool: (700, 800, 70, 0.6, 0, 0, 0.35)
        case .cava: (1441, 1932, 275, 0.88, 0.4, 0.9, 0.04)
        case .portalVein: (1441, 1932, 275, 0.88, 0.35, 1.15, 0.02)
        case .hepaticVein: (1441, 1932, 275, 0.88, 0.1, 1.0, 0.02)
        case .artery: (1441, 1932, 280, 0.88, 2.2, 1.0, 0.02)
        case .urine: (3000, 3500, 900, 1.0, 0, 0, 0.02)
        case .hccCore: (1050, 1280, 82, 0.82, 0.62, 0.32, 0.1)
        case .hccCapsule: (700, 850, 48, 0.75, 0.15, 0.8, 0.04)
        case .metastasisCore: (1150, 1400, 95, 0.83, 0.08, 0.22, 0.1)
        case .metastasisRim: (950, 1150, 78, 0.82, 0.4, 0.45, 0.08)
        case .cyst: (3000, 3500, 900, 1.0, 0, 0, 0.01)
        case .haemangiomaCore: (1500, 1750, 190, 0.9, 0.15, 0.5, 0.05)
        case .haemangiomaRim: (1500, 1750, 180, 0.9, 1.4, 1.0, 0.1)
        case .gland: (750, 900, 60, 0.8, 0.4, 0.4, 0.05)
        }
    }
}
