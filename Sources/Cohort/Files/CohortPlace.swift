import Glibc

/// Folder and manifest behind the path that a user gave.
struct CohortPlace {
    var directory: String
    var manifest: String
    var isFolder: Bool

    init(_ given: String) throws(CohortError) {
        var path = given.isEmpty ? "." : given
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .notFound(path: path) }
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            directory = path
            manifest = path + "/" + Cohort.manifestName
            isFolder = true
        } else {
            guard facts.st_mode & S_IFMT == S_IFREG else {
                throw .unreadable(path: path, reason: "it is neither a folder nor a regular file")
            }
            manifest = path
            if let slash = path.lastIndex(of: "/") {
                directory = slash == path.startIndex ? "/" : String(path[..<slash])
            } else {
                directory = "."
            }
            isFolder = false
        }
    }
}
