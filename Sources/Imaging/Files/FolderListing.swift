import Glibc

/// The names in a folder.
enum FolderListing {
    /// Whether a path names a folder.
    static func isFolder(_ path: String) -> Bool {
        guard !path.utf8.contains(0) else { return false }
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Names of everything in a folder but `.` and `..`, sorted by their bytes.
    ///
    /// - Throws: `ImagingError.notFound` or `.unreadable`.
    static func names(in folder: String) throws(ImagingError) -> [String] {
        guard !folder.isEmpty, !folder.utf8.contains(0) else { throw .notFound(path: folder) }
        guard let stream = opendir(folder) else {
            let code = errno
            if code == ENOENT { throw .notFound(path: folder) }
            throw .unreadable(path: folder, reason: systemMessage(code))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
