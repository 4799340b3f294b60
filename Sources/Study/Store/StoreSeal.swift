import Cohort
import Foundation
import Imaging

/// A digest of a store's bytes beside it, written when a writer is done.
///
/// Every stored value is bound by the chain; the seal finds what no value knows: free pages, the layout of the file, bits of its header.
enum StoreSeal {
    static func path(store: String) -> String { store + ".sha256" }

    static func write(store: String) throws(StoreError) {
        do {
            let digest = try FileDigest.sha256(path: store)
            let line = digest + "  " + (store as NSString).lastPathComponent + "\n"
            try AtomicFile.write(Array(line.utf8), to: path(store: store))
        } catch let error as CohortError {
            throw .inputOutput(path: store, reason: error.description)
        } catch {
            throw .inputOutput(path: store, reason: "its seal cannot be written: \(error)")
        }
    }

    /// Removes the seal before the first change, so that none stands beside a store that it does not fit.
    static func remove(store: String) { try? FileManager.default.removeItem(atPath: path(store: store)) }

    /// Whether the seal fits; nil when there is none.
    static func fits(store: String) throws(CohortError) -> Bool? {
        let bytes: [UInt8]
        do throws(CohortError) { bytes = try FileBytes.read(path: path(store: store), maximumBytes: 10_000) } catch {
            if case .notFound = error { return nil }
            throw error
        }
        return try String(decoding: bytes.prefix(64), as: UTF8.self) == FileDigest.sha256(path: store)
    }
}
