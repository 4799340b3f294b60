public import Imaging

/// A case while its images are still in memory: what a page that shows all of its slices is made from.
///
/// Handed out only where the protocol allows pictures.
public struct CaseShown: Sendable {
    /// The case with its measurements.
    public let record: CaseRecord
    /// Images, windows and masks.
    public let input: CasePictureInput
    /// Slice of the lowest SSIM along the truth's axis of axial slices; the middle one where SSIM was not measured by slices.
    public let worstSlice: Int
    /// Middle slice along the same axis.
    public let middleSlice: Int

    /// Makes the case.
    public init(record: CaseRecord, input: CasePictureInput, worstSlice: Int, middleSlice: Int) {
        self.record = record
        self.input = input
        self.worstSlice = worstSlice
        self.middleSlice = middleSlice
    }
}
