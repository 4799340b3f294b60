import Foundation
import Imaging
import Phantom

extension PhantomCaseWriter {
    /// Writes what a generator with these faults would have made, and adds it to the row of the manifest.
    ///
    /// - Returns: Rows of the table of faults.
    func writeGenerated(_ faults: PhantomFaults, _ item: inout CohortCase) throws(CohortError) -> [String] {
        let (faulty, records) = subject.applying(faults)
        let renderer = PhantomRenderer(faulty, grid: grid)
        let workspace = PhantomWorkspace(width: options.size, height: options.size)
        let generated = try files.open("generated.nii.gz", geometry, .int16)
        let liver = try files.open("generated_liver.nii.gz", geometry, .uint8)
        let vessels = try files.open("generated_vessels.nii.gz", geometry, .uint8)
        let lesions = try files.open("generated_lesions.nii.gz", geometry, .uint8)
        let isCT = options.direction.truth == .ct
        for k in 0..<options.slices {
            if Task.isCancelled { throw .cannotWrite(path: files.folder, reason: "stopped") }
            let slice = renderer.render(
                slice: k, at: .truth, content: [isCT ? .ct : .mr, .labels], workspace: workspace)
            try generated.append(isCT ? slice.ct : slice.mr)
            try liver.append(slice.liver)
            try vessels.append(slice.vessels)
            try lesions.append(slice.lesions)
        }
        for file in [generated, liver, vessels, lesions] { try file.finish() }
        if faults.deformationMM > 0 { try writeResidual(renderer, workspace) }
        let phase = subject.respiration.truthPhase
        let moved = landmarks(at: phase).map { mark in
            (name: mark.name, positionMM: mark.positionMM + faulty.residualDisplacement(at: mark.positionMM))
        }
        try files.write(landmarks: moved, phase: phase, to: "generated_landmarks.csv")
        item.generated = files.relative("generated.nii.gz")
        item.generatedVessels = files.relative("generated_vessels.nii.gz")
        item.generatedLesions = files.relative("generated_lesions.nii.gz")
        item.generatedLandmarks = files.relative("generated_landmarks.csv")
        return records.map(row)
    }

    /// Writes the field that is left over, on the truth's grid: what is at x in the truth is at x + u in the image.
    private func writeResidual(_ renderer: PhantomRenderer, _ workspace: PhantomWorkspace) throws(CohortError) {
        let quantum = PhantomCaseFiles.displacementQuantumMM
        let file = try files.open("residual.nii.gz", geometry, .int16, components: 3, slope: quantum)
        for component in 0..<3 {
            for k in 0..<options.slices {
                let field = renderer.residualDisplacement(slice: k, workspace: workspace)
                try file.append(PhantomSlice.stored(field[component], scale: Float(1 / quantum)))
            }
        }
        try file.finish()
    }

    private func row(_ record: PhantomFaultRecord) -> String {
        func digits(_ value: Double) -> String { String(format: "%.3f", value) }
        let place = record.positionMM.map { [$0.x, $0.y, $0.z].map(digits) } ?? ["n/a", "n/a", "n/a"]
        return ([name, record.fault, record.target, digits(record.size), record.unit] + place)
            .joined(separator: "\t")
    }
}
