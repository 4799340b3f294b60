import Imaging

extension CaseCheck {
    /// Masks against the truth's grid and against the liver.
    mutating func checkMasks(_ truth: Geometry) {
        var liver: Mask?
        for (column, path) in item.files where column.isMask {
            guard !findings.contains(where: { $0.code == .fileMissing && $0.column == column }) else { continue }
            do throws(ImagingError) {
                let image = try NIfTIReader.read(path: cohort.path(path))
                for finding in image.findings where !finding.contains("constant") && !finding.contains("label map") {
                    add(.warning, .fileOddity, column, finding)
                }
                for finding in HeaderTextCheck(image.header).findings { add(.warning, .patientData, column, finding) }
                let mask = try image.mask()
                guard truth.isSameGrid(as: mask.geometry) else {
                    add(
                        .error, .maskGrid, column,
                        "the mask does not lie on the grid of the truth: \(mask.geometry) against \(truth)")
                    continue
                }
                if column == .liver { liver = mask }
                check(mask, column, liver: liver)
            } catch {
                add(.error, .unreadable, column, error.description)
            }
        }
    }

    private mutating func check(_ mask: Mask, _ column: ManifestColumn, liver: Mask?) {
        let count = mask.voxels.count { $0 != 0 }
        guard count > 0 else {
            let isNeeded = column == .liver || column == .body
            return add(isNeeded ? .error : .note, .maskEmpty, column, "the mask is empty")
        }
        let millilitres = Double(count) * mask.geometry.voxelVolumeMM3 / 1000
        if column == .liver, !(200...5000).contains(millilitres) {
            add(.warning, .maskVolume, column, "a liver of \(Int(millilitres.rounded())) ml is unusual")
        }
        guard column != .liver, column != .body, let liver else { return }
        var outside = 0
        for index in mask.voxels.indices where mask.voxels[index] != 0 && liver.voxels[index] == 0 { outside += 1 }
        let share = Double(outside) / Double(count)
        if share > 0.05 {
            add(
                share > 0.5 ? .error : .warning, .maskOutsideLiver, column,
                "\(Int((100 * share).rounded())) % of the mask lie outside of the liver")
        }
    }
}
