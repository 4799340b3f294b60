import Foundation
import Glibc

/// What kind of file system a folder lies on, from the kernel's table of mounts.
enum FileSystemKind {
    /// File systems over a network; file locks there are emulated, late or absent.
    private static let network: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "ceph", "afs", "beegfs", "ocfs2", "gfs2", "panfs",
        "orangefs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone",
    ]

    /// The network file system that a folder lies on, or nil.
    static func networkName(folder: String) -> String? {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8),
            let resolved = realpath(folder, nil)
        else { return nil }
        defer { free(resolved) }
        let kind = name(of: String(cString: resolved), mounts: mounts)
        return kind.flatMap { network.contains($0) ? $0 : nil }
    }

    /// The type of the mount that a path lies on, by a table in the form of `/proc/self/mountinfo`.
    static func name(of path: String, mounts: String) -> String? {
        var best: (length: Int, kind: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields.count > 4 else { continue }
            // The kernel writes a space in a name as \040.
            let point = fields[4].replacing("\\040", with: " ")
            let isAbove = path == point || point == "/" || path.hasPrefix(point + "/")
            // A later mount on the same point lies over the earlier one.
            if isAbove, point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, String(fields[dash + 1])) }
        }
        return best?.kind
    }
}
