import Imaging

/// Looks for text in an image's header that may identify a patient; what it finds is never shown.
struct HeaderTextCheck {
    private let header: NIfTIHeader

    init(_ header: NIfTIHeader) { self.header = header }

    /// One sentence for each field that holds such text.
    var findings: [String] {
        let fields = [
            ("descrip", header.descriptionText), ("aux_file", header.auxiliaryFile),
            ("intent_name", header.intentName),
        ]
        var findings = fields.compactMap { name, text -> String? in
            guard HeaderTextCheck.mayIdentify(text) else { return nil }
            return "the header field \(name) holds text that may identify a patient (\(text.count) characters, "
                + "not shown); clear it"
        }
        let headerEnd = header.version == 1 ? 352 : 544
        if header.isSingleFile, header.voxelOffset > headerEnd {
            findings.append(
                "the header is followed by \(header.voxelOffset - headerEnd) bytes of extensions, which may hold "
                    + "patient data; remove them")
        }
        return findings
    }

    /// What converters and tools write there.
    private static let tools = [
        "FSL", "SPM", "TE=", "Time=", "phase=", "mb=", "FreeSurfer", "AFNI", "ITK", "ANTs", "nibabel", "dcm2niix",
        "validate", "phantom", "SimpleITK", "elastix", "mrtrix", "MRtrix", "niftyreg", "NiftyReg",
    ]

    /// Whether a text is none of the usual marks of tools and holds a name, a date or a long number.
    static func mayIdentify(_ text: String) -> Bool {
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !trimmed.isEmpty else { return false }
        if trimmed.contains("^") { return true }
        var rest = trimmed
        for tool in tools where rest.hasPrefix(tool) { rest = String(rest.dropFirst(tool.count)) }
        let isToolMark = rest.count < trimmed.count
        let digits = rest.split { !$0.isASCII || !$0.isNumber }.map(\.count)
        if digits.contains(where: { $0 >= 6 }), !isToolMark { return true }
        if looksLikeDate(rest) { return true }
        return !isToolMark && rest.contains { $0.isLetter }
    }

    /// Whether three groups of digits are joined like a date: 1961-07-03, 3.7.1961, 03/07/61.
    static func looksLikeDate(_ text: String) -> Bool {
        let joints = "./-"
        return text.split { !($0.isASCII && $0.isNumber) && !joints.contains($0) }.contains { token in
            let sizes = token.split { joints.contains($0) }.map(\.count)
            guard sizes.count == 3 else { return false }
            return sizes == [2, 2, 2] || (sizes[0] == 4 && max(sizes[1], sizes[2]) <= 2)
                || (sizes[2] == 4 && max(sizes[0], sizes[1]) <= 2)
        }
    }
}
