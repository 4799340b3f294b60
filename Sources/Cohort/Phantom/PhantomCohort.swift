import Foundation
import Glibc
import Imaging
import Phantom

/// Writes cohorts of phantoms: images, exact truth and manifest.
public enum PhantomCohort {
    /// Makes all cases and writes the cohort; the manifest comes last, so that a folder with one is complete.
    ///
    /// - Parameters:
    ///   - options: What to make; the bytes follow from it alone.
    ///   - directory: Folder to write to; made when it does not exist, refused when it holds a cohort.
    ///   - onCase: Called after each case with its identifier, from any task.
    /// - Returns: The cases in order.
    /// - Throws: `CohortError`; `CancellationError` when the task was cancelled.
    @discardableResult
    public static func write(
        _ options: PhantomCohortOptions, to directory: String, onCase: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> [CohortCase] {
        if let problem = options.problem {
            throw CohortError.cannotWrite(path: directory, reason: problem)
        }
        guard access(directory + "/" + Cohort.manifestName, F_OK) != 0 else {
            throw CohortError.cannotWrite(path: directory, reason: "the folder already holds a cohort")
        }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch { throw CohortError.cannotWrite(path: directory, reason: "the folder cannot be created") }
        let cases = try await makeCases(options, directory, onCase)
        if options.faults != nil { try writeFaults(cases.flatMap(\.faults), to: directory) }
        let rows = cases.map(\.item)
        try ManifestWriter.write(rows, description: description(options), to: directory)
        return rows
    }

    private static func makeCases(
        _ options: PhantomCohortOptions, _ directory: String, _ onCase: @escaping @Sendable (String) -> Void
    ) async throws -> [(item: CohortCase, faults: [String])] {
        var done = [(item: CohortCase, faults: [String])?](repeating: nil, count: options.cases)
        try await withThrowingTaskGroup(of: (Int, CohortCase, [String]).self) { group in
            var next = 0
            func add() {
                guard next < options.cases else { return }
                let index = next
                next += 1
                group.addTask {
                    try Task.checkCancellation()
                    do {
                        let made = try PhantomCaseWriter(options, index: index, directory: directory).write()
                        onCase(made.item.id)
                        return (index, made.item, made.faults)
                    } catch {
                        // A stop asked for from outside is no failure of the disk.
                        try Task.checkCancellation()
                        throw error
                    }
                }
            }
            for _ in 0..<max(1, options.jobs) { add() }
            while let (index, item, faults) = try await group.next() {
                done[index] = (item, faults)
                add()
            }
        }
        return done.compactMap(\.self)
    }

    /// Writes `faults.tsv`: what was done to which case.
    private static func writeFaults(_ rows: [String], to directory: String) throws(CohortError) {
        let path = directory + "/faults.tsv"
        let text = (["case\tfault\ttarget\tsize\tunit\tR\tA\tS"] + rows).joined(separator: "\n") + "\n"
        do throws(ImagingError) { try AtomicFile.write(Array(text.utf8), to: path) } catch {
            throw .cannotWrite(path: path, reason: error.description)
        }
    }

    private static func description(_ options: PhantomCohortOptions) -> DatasetDescription {
        DatasetDescription(
            name: "Phantom cohort", license: "CC0-1.0", generatedBy: "validate cohort phantom",
            facts: [
                "seed": String(options.seed), "seed_namespace": options.namespace.rawValue,
                "cases": String(options.cases), "sites": String(options.sites),
                "direction": options.direction.rawValue, "sequence": options.sequence.rawValue,
                "grid": "\(options.size) x \(options.size) x \(options.slices)",
                "truth": "rendered from implicit anatomy; the displacement field is exact to its quantum of 1/64 mm",
            ])
    }
}
