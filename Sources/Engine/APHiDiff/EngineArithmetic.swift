import CDNNL
import CKernels

/// What computes on this machine.
public enum EngineArithmetic {
    /// oneDNN's version, such as `2.6.3`.
    public static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        cdnnl_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether 8-bit convolutions go to oneDNN: only where the processor has dot products of bytes, elsewhere its sums saturate.
    public static var usesLibraryForBytes: Bool { cdnnl_integers_are_exact() != 0 }

    /// One line for people and reports.
    public static var description: String {
        let bytes = usesLibraryForBytes ? "oneDNN" : "own minimal filtering"
        return "\(String(cString: ck_isa())), int8 by \(bytes), fp32 by oneDNN \(libraryVersion)"
    }
}
