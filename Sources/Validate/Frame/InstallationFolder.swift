import Foundation

/// Finds what comes with the command: protocols, templates, weights.
///
/// Installed, they lie under `share/aphidiff-validate` beside the command's `bin`; in a checkout, in the folder that the
/// command was built in. Nothing is looked for in the current folder, where anybody may put a file.
enum InstallationFolder {
    /// The path of a file that comes with the command, such as `protocols/phantom-demo.xml`.
    ///
    /// - Throws: `CommandFailure` when it is not there.
    static func file(_ name: String) throws -> String {
        for folder in candidates {
            let path = folder + "/" + name
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw CommandFailure(.noInput, "'\(name)' was not found beside the command; is the installation complete?")
    }

    private static var candidates: [String] {
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return []
        }
        var folder = (executable as NSString).deletingLastPathComponent
        var folders = [(folder as NSString).deletingLastPathComponent + "/share/aphidiff-validate"]
        // .build/x86_64-unknown-linux-gnu/release and deeper scratch folders lie inside the checkout.
        for _ in 0..<6 {
            if FileManager.default.fileExists(atPath: folder + "/protocols/protocol.xsd") { folders.append(folder) }
            folder = (folder as NSString).deletingLastPathComponent
        }
        return folders
    }
}
