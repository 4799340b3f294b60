import CXML
import Cohort
import Foundation

/// An element of a document that passed its schema.
struct XMLElement {
    let name: String
    let line: Int
    let attributes: [String: String]
    /// Text directly inside, without space around it and with every run of space as one.
    let text: String
    let children: [XMLElement]

    /// The first child of a name.
    func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// All children of a name.
    func children(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Largest document, in bytes: libxml2 needs more than linear time for some documents, so the size is bounded first.
    static let maximumBytes = 128 << 10
    private static let maximumTagBytes = 4096
    private static let maximumDepth: Int32 = 32
    private static let maximumAttributes: Int32 = 64

    /// Parses a document and validates it against a schema.
    ///
    /// - Throws: `ProtocolError.invalid` with every finding.
    static func parse(_ bytes: [UInt8], schema: [UInt8], file: String) throws(ProtocolError) -> XMLElement {
        if let problem = problemBeforeParsing(bytes) { throw .invalid(file: file, [problem]) }
        let document = bytes.withUnsafeBufferPointer { bytes in
            schema.withUnsafeBufferPointer { schema in
                cxml_load(
                    bytes.baseAddress, bytes.count, schema.baseAddress, schema.count, maximumDepth, maximumAttributes)
            }
        }
        guard let document else { throw .unreadable(path: file, reason: "out of memory") }
        defer { cxml_free(document) }
        let findings = diagnostics(of: document)
        guard findings.isEmpty, let root = cxml_root(document) else {
            throw .invalid(
                file: file,
                findings.isEmpty
                    ? [ProtocolDiagnostic(line: 0, element: nil, message: "the document is empty")] : findings)
        }
        return XMLElement(root)
    }

    private init(_ element: OpaquePointer) {
        name = String(cString: cxml_name(element))
        line = Int(cxml_line(element))
        var attributes: [String: String] = [:]
        for index in 0..<cxml_attribute_count(element) {
            guard let key = cxml_attribute_name(element, index) else { continue }
            attributes[String(cString: key)] = XMLElement.taking(cxml_attribute_value(element, index))
        }
        self.attributes = attributes
        text = XMLElement.taking(cxml_text(element)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var children: [XMLElement] = []
        var next = cxml_first_child(element)
        while let child = next {
            children.append(XMLElement(child))
            next = cxml_next_sibling(child)
        }
        self.children = children
    }

    private static func taking(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "" }
        defer { cxml_free_text(text) }
        return String(cString: text)
    }

    /// What is wrong with the bytes, checked in linear time before libxml2 sees them.
    private static func problemBeforeParsing(_ bytes: [UInt8]) -> ProtocolDiagnostic? {
        func problem(_ message: String, line: Int = 0) -> ProtocolDiagnostic {
            ProtocolDiagnostic(line: line, element: nil, message: message)
        }
        guard !bytes.isEmpty else { return problem("the file is empty; an XML document is expected") }
        guard bytes.count <= maximumBytes else {
            return problem(
                "the XML file has \(bytes.count) bytes, more than the limit of \(maximumBytes); element names, attributes "
                    + "and nesting of a protocol never need more")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return problem("the file is not valid UTF-8; save it in the encoding UTF-8")
        }
        if let encoding = declaredEncoding(bytes), encoding.uppercased() != "UTF-8" {
            return problem("the file declares the encoding \(printable(encoding)); it has to be UTF-8", line: 1)
        }
        var line = 1
        var tagStart: Int?
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0: return problem("invalid XML character U+0000", line: line)
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: "<"):
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                tagStart = next == UInt8(ascii: "!") || next == UInt8(ascii: "?") ? nil : index
            case UInt8(ascii: ">"): tagStart = nil
            default: break
            }
            if let start = tagStart, index - start > maximumTagBytes {
                return problem("an XML tag with its attributes is longer than \(maximumTagBytes) bytes", line: line)
            }
        }
        return nil
    }

    /// The encoding that the XML declaration names.
    private static func declaredEncoding(_ bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(200), as: UTF8.self)
        guard head.hasPrefix("<?xml"), let end = head.range(of: "?>"),
            let name = head[..<end.lowerBound].firstMatch(of: /encoding\s*=\s*["']([^"']*)["']/)
        else { return nil }
        return String(name.output.1)
    }

    private static func diagnostics(of document: OpaquePointer) -> [ProtocolDiagnostic] {
        let all = (0..<cxml_diagnostic_count(document)).map { index in
            ProtocolDiagnostic(
                line: Int(cxml_diagnostic_line(document, index)),
                element: cxml_diagnostic_element(document, index).map { printable(String(cString: $0)) },
                message: readable(String(cString: cxml_diagnostic_message(document, index))))
        }
        // libxml2 reports some bad values twice: the broken facet and the type that has it.
        let lines = Set(all.filter { $0.message.contains("is not a valid value of") }.map(\.line))
        return all.filter { !($0.message.contains("[facet '") && lines.contains($0.line)) }
    }

    private static func printable(_ text: String) -> String {
        text.unicodeScalars.map { SafeText.printable(String($0)) }.joined()
    }

    /// libxml2's message without namespace and patterns, and with what a value of the type looks like.
    private static func readable(_ message: String) -> String {
        var text = printable(message).replacing("{\(ProtocolSchema.namespace)}", with: "")
        if text.contains("No matching global declaration") {
            text += " The root has to be <StudyProtocol xmlns=\"\(ProtocolSchema.namespace)\">."
        }
        for (type, example) in examples {
            let broken = " is not accepted by the pattern '\(ProtocolSchema.pattern(of: type) ?? "")'"
            if text.contains(broken) {
                text = text.replacing(broken, with: " is not allowed").replacing("[facet 'pattern'] ", with: "")
            } else if !text.contains("atomic type '\(type)'") {
                continue
            }
            text += " \(example)"
            break
        }
        return text
    }

    private static let examples: [(type: String, example: String)] = [
        ("Number", "A decimal number with a point is expected, such as 0.95."),
        ("PositiveNumber", "A decimal number without sign is expected, such as 0.95."),
        ("Count", "A whole number is expected, such as 30."),
        ("Seed", "A whole number is expected, such as 20260101."),
        ("OID", "Up to 64 ASCII letters, digits, '.', '_' or '-' are expected."),
        ("Version", "A version is expected, such as 1.0."),
        ("Digest", "64 lower-case hexadecimal digits are expected."),
        ("Day", "A date is expected, such as 2026-01-31."),
        ("Series", "CT, MR or MR- with a name is expected, such as MR-T1."),
        ("Metric", "A metric identifier is expected, such as ssim or hausdorff_95:pooled."),
        ("MetricOrAll", "A metric identifier or * is expected."),
        ("Structure", "A structure is expected, such as body, liver, lesions or vessels."),
        ("Method", "A method with its version is expected, such as vesselness/1."),
        ("EdgeValue", "not-computed, true-negative, imputed-worst or a number is expected."),
        ("Covariate", "A column name of the manifest is expected, such as age_band."),
    ]
}
