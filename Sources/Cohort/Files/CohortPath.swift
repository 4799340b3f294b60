import Glibc

/// Paths of a manifest: relative, inside the folder, regular files, no links.
enum CohortPath {
    /// What is wrong with the text of a path, or nil; nothing is looked up.
    static func problem(_ path: String) -> String? {
        guard !path.isEmpty else { return "the path is empty" }
        guard path.utf8.count <= 1024 else { return "the path is longer than 1024 bytes" }
        guard !path.hasPrefix("/") else { return "the path is absolute; it has to be relative to the cohort's folder" }
        guard !path.contains("://"), !path.hasPrefix("file:") else { return "the path has a scheme; URLs are not read" }
        guard !path.hasPrefix("~"), !path.hasPrefix("-") else {
            return "the path may not begin with '~' or '-'"
        }
        guard SafeText.isComposed(path) else { return "the path is not in Unicode normal form C" }
        for scalar in path.unicodeScalars {
            let category = scalar.properties.generalCategory
            if category == .control || category == .format || "\\$*?|<>\"`%;&".unicodeScalars.contains(scalar) {
                return "character U+\(SafeText.hexadecimal(scalar)) is not allowed in a path"
            }
        }
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            if part == ".." { return "the path traverses outside of the cohort's folder" }
            if part.isEmpty || part == "." { return "the path has an empty part or '.'" }
        }
        return nil
    }

    /// What is wrong with the file behind a path that `problem` found fine, or nil.
    static func fileProblem(_ path: String, in directory: String) -> String? {
        var current = directory
        let parts = path.split(separator: "/")
        for (position, part) in parts.enumerated() {
            current += "/" + part
            var facts = stat()
            guard lstat(current, &facts) == 0 else {
                return errno == ENOENT || errno == ENOTDIR ? "the file is missing" : "the file cannot be looked up"
            }
            let kind = facts.st_mode & S_IFMT
            if kind == S_IFLNK { return "the path leads through a symbolic link" }
            if position + 1 < parts.count {
                guard kind == S_IFDIR else { return "the file is missing" }
            } else if kind != S_IFREG {
                return "the path is not a regular file"
            }
        }
        return nil
    }
}
