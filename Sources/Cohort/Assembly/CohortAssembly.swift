import Glibc
import Imaging
import Metrics

/// Makes a cohort folder of images that lie elsewhere.
///
/// They are copied under neutral names and without header text; pairs that share a lattice can be cut to their common
/// part.
public enum CohortAssembly {
    /// What happens to the grids of source and truth.
    public enum GridRule: String, Sendable, CaseIterable {
        /// Images stay as they are.
        case keep
        /// Source, truth and masks are cut to the voxels that source and truth share; nothing is interpolated.
        case commonLattice = "common-lattice"
    }

    /// Assembles a cohort.
    ///
    /// - Parameters:
    ///   - table: TSV or CSV with the columns of a manifest; paths relative to it, or absolute.
    ///   - directory: Folder to make; it has to be absent or empty.
    ///   - description: What the cohort is.
    ///   - grid: What happens to the grids.
    ///   - progress: Called after each case.
    /// - Returns: The cohort as it was written.
    /// - Throws: `CohortError` for the table and the folder, with line and column; `.malformed` for an image that
    ///   cannot be read or cut. A manifest appears only when every case is there.
    public static func assemble(
        table: String, into directory: String, description: DatasetDescription, grid: GridRule,
        progress: (CohortCase) -> Void = { _ in }
    ) throws(CohortError) -> Cohort {
        let source = try SourceTable(path: table)
        try makeFolder(directory)
        try makeFolder(directory + "/images")
        for entry in source.entries {
            try copy(entry, to: directory, grid: grid, table: table)
            progress(entry.item)
        }
        try ManifestWriter.write(source.entries.map(\.item), description: description, to: directory)
        return try Cohort.load(directory: directory)
    }

    private static func makeFolder(_ path: String) throws(CohortError) {
        guard mkdir(path, 0o777) != 0 else { return }
        let code = errno
        guard code == EEXIST, let folder = opendir(path) else {
            throw .cannotWrite(path: path, reason: String(cString: strerror(code)))
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name == "." || name == ".." else {
                throw .cannotWrite(path: path, reason: "the folder is not empty; nothing in it was touched")
            }
        }
    }

    private static func copy(
        _ entry: SourceTable.Entry, to directory: String, grid: GridRule, table: String
    ) throws(CohortError) {
        let folder = "\(directory)/images/\(folderName(entry.item))"
        guard mkdir(folder, 0o777) == 0 else {
            throw .cannotWrite(path: folder, reason: String(cString: strerror(errno)))
        }
        var common: Geometry?
        if grid == .commonLattice { common = try commonGrid(entry, table: table) }
        for (column, target) in entry.item.files {
            guard let origin = entry.origins[column] else { continue }
            let path = "\(directory)/\(target)"
            do throws(ImagingError) {
                switch column {
                case _ where column.rawValue.hasSuffix("landmarks"):
                    try AtomicFile.write(try landmarkBytes(origin), to: path)
                case .displacement:
                    try NIfTIWriter.write(try NIfTIReader.read(path: origin).vectorField(anyIntent: true), to: path)
                case .lesions, .generatedLesions:
                    try NIfTIWriter.write(
                        try cut(try VolumeReader.readLabels(path: origin), to: common, origin), to: path)
                case _ where column.isMask:
                    try NIfTIWriter.write(
                        try cut(try VolumeReader.readMask(path: origin), to: common, origin), to: path)
                default:
                    try NIfTIWriter.write(
                        try cut(try VolumeReader.readVolume(path: origin), to: common, origin), to: path)
                }
            } catch {
                if case .cannotWrite(let path, let reason) = error { throw .cannotWrite(path: path, reason: reason) }
                throw .malformed(
                    file: table, line: entry.item.line, column: column.rawValue, reason: error.description)
            }
        }
    }

    private static func folderName(_ item: CohortCase) -> Substring {
        item.truth.path.split(separator: "/").dropFirst().first ?? ""
    }

    private static func commonGrid(_ entry: SourceTable.Entry, table: String) throws(CohortError) -> Geometry? {
        guard let source = entry.origins[.source], let truth = entry.origins[.truth] else { return nil }
        do throws(ImagingError) {
            let grids = (try NIfTIReader.read(path: source).geometry, try NIfTIReader.read(path: truth).geometry)
            do throws(LatticeError) {
                return try grids.0.commonPart(with: grids.1).grid
            } catch {
                throw .malformed(path: truth, reason: error.description)
            }
        } catch {
            throw .malformed(
                file: table, line: entry.item.line, column: ManifestColumn.truth.rawValue, reason: error.description)
        }
    }

    private static func cut<Scalar: Sendable>(
        _ volume: Volume<Scalar>, to grid: Geometry?, _ path: String
    ) throws(ImagingError) -> Volume<Scalar> {
        guard let grid else { return volume }
        do throws(LatticeError) {
            return try volume.cut(to: grid)
        } catch { throw .malformed(path: path, reason: error.description) }
    }

    /// Landmarks as they were read: names and positions, nothing else that the file may hold.
    private static func landmarkBytes(_ path: String) throws(ImagingError) -> [UInt8] {
        do throws(CohortError) {
            var text = "id,R,A,S,phase,observer\n"
            for mark in try LandmarkFile.read(path: path) {
                let p = mark.positionMM
                let cells = [mark.name, "\(p.x)", "\(p.y)", "\(p.z)", mark.phase ?? "", mark.observer ?? ""]
                text +=
                    cells.map { $0.contains(",") || $0.contains("\"") ? quoted($0) : $0 }.joined(separator: ",") + "\n"
            }
            return Array(text.utf8)
        } catch { throw .malformed(path: path, reason: error.description) }
    }

    private static func quoted(_ cell: String) -> String {
        "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
