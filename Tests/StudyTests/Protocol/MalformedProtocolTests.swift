import Foundation
import Testing

@testable import Study

struct MalformedProtocolTests {
    private static let corpus: [(name: String, reason: String)] = {
        let folder = Checkout.fixtures.appendingPathComponent("malformed-xml")
        let text = (try? String(contentsOf: folder.appendingPathComponent("MANIFEST.tsv"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return (cells[0].replacingOccurrences(of: "xml/", with: ""), cells[2])
        }
    }()

    private func refusal(_ bytes: [UInt8]) -> ProtocolError? {
        do throws(ProtocolError) {
            _ = try ProtocolFile(parsing: bytes, file: "bad.xml")
            return nil
        } catch { return error }
    }

    @Test func everyMalformedFileIsRefusedForItsReason() throws {
        #expect(Self.corpus.count == 43)
        for (name, reason) in Self.corpus {
            let file = Checkout.fixtures.appendingPathComponent("malformed-xml/\(name)")
            let error = refusal(Array(try Data(contentsOf: file)))
            let message = try #require(error?.description, "\(name) was accepted")
            let pattern = try Regex(reason).ignoresCase()
            #expect(message.firstMatch(of: pattern) != nil, "\(name): \(message)")
            #expect(message.contains("bad.xml"))
            #expect(
                message.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }, "\(name) has control characters")
        }
    }

    @Test func hugeDocumentsAreRefusedBeforeTheParserSeesThem() throws {
        let attributes = "<protocol " + (0..<50_000).map { "a\($0)=\"\"" }.joined(separator: " ") + "/>"
        let depth = String(repeating: "<a>", count: 50_000) + String(repeating: "</a>", count: 50_000)
        let name = "<" + String(repeating: "n", count: 200_000) + "/>"
        for text in [attributes, depth, name] {
            let error = try #require(refusal(Array(text.utf8)))
            #expect(error.description.contains("131072"), "\(error)")
        }
        let wide = "<protocol " + (0..<9000).map { "a\($0)=\"\"" }.joined(separator: " ") + "/>"
        #expect(refusal(Array(wide.utf8))?.description.contains("longer than 4096 bytes") == true)
        let deep = String(repeating: "<a>", count: 5000) + String(repeating: "</a>", count: 5000)
        #expect(refusal(Array(deep.utf8))?.description.contains("nested too deep") == true)
    }

    /// A valid protocol with an attack placed inside it.
    private func attacked(_ replace: (inout String) -> Void) throws -> [UInt8] {
        var text = String(decoding: try Checkout.protocol("liver-ct-to-mr.xml"), as: UTF8.self)
        let before = text
        replace(&text)
        #expect(text != before, "the attack was not placed")
        return Array(text.utf8)
    }

    private func insert(_ doctype: String, _ entity: String) throws -> [UInt8] {
        try attacked { text in
            text = text.replacingOccurrences(of: "<StudyProtocol", with: doctype + "\n<StudyProtocol")
            text = text.replacingOccurrences(of: "<Title>Pre", with: "<Title>\(entity)Pre")
        }
    }

    @Test func attacksInsideAValidProtocolAreRefused() throws {
        let declarations = (1...9).map { level in
            "<!ENTITY l\(level) \"\(String(repeating: "&l\(level - 1);", count: 10))\">"
        }
        let attacks: [(String, [UInt8], String)] = [
            ("file entity", try insert("<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "&x;"), "DOCTYPE"),
            (
                "remote entity", try insert("<!DOCTYPE p [<!ENTITY x SYSTEM \"http://127.0.0.1:9/x\">]>", "&x;"),
                "DOCTYPE"
            ),
            ("remote DTD", try insert("<!DOCTYPE p SYSTEM \"http://127.0.0.1:9/p.dtd\">", ""), "DOCTYPE"),
            (
                "parameter entity",
                try insert("<!DOCTYPE p [<!ENTITY % x SYSTEM \"file:///etc/passwd\"> %x;]>", ""), "DOCTYPE"
            ),
            (
                "billion laughs",
                try insert("<!DOCTYPE p [<!ENTITY l0 \"lol\">\(declarations.joined())]>", "&l9;"), "DOCTYPE"
            ),
            (
                "quadratic blow-up",
                try insert(
                    "<!DOCTYPE p [<!ENTITY q \"\(String(repeating: "q", count: 50_000))\">]>",
                    String(repeating: "&q;", count: 2000)), "DOCTYPE"
            ),
            ("recursion", try insert("<!DOCTYPE p [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]>", "&a;"), "DOCTYPE"),
            ("undeclared entity", try insert("", "&x;"), "Entity 'x'"),
            (
                "stylesheet",
                try attacked {
                    $0 = $0.replacingOccurrences(
                        of: "<StudyProtocol", with: "<?xml-stylesheet href=\"x\"?><StudyProtocol")
                },
                "processing instruction"
            ),
            (
                "schema location",
                try attacked {
                    $0 = $0.replacingOccurrences(
                        of: "<StudyProtocol ",
                        with: "<StudyProtocol xmlns:s=\"http://www.w3.org/2001/XMLSchema-instance\" "
                            + "s:schemaLocation=\"urn:aphidiff-validate:protocol:1 http://127.0.0.1:9/x.xsd\" ")
                }, "schema"
            ),
            (
                "XInclude",
                try attacked {
                    $0 = $0.replacingOccurrences(
                        of: "<Sponsor>",
                        with: "<i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"/etc/passwd\"/><Sponsor>")
                }, "not expected"
            ),
            (
                "direction override",
                try attacked { $0 = $0.replacingOccurrences(of: "<Title>Pre", with: "<Title>\u{202E}Pre") },
                "U+202E"
            ),
            (
                "look-alike identifier",
                try attacked { $0 = $0.replacingOccurrences(of: "StudyOID=\"APHD", with: "StudyOID=\"\u{0391}PHD") },
                "ASCII"
            ),
        ]
        for (name, bytes, words) in attacks {
            let error = try #require(refusal(bytes), "\(name) was accepted")
            #expect(error.description.contains(words), "\(name): \(error)")
            #expect(!error.description.contains("root:"), "\(name) leaks a file")
            #expect(error.diagnostics.contains { $0.line > 0 }, "\(name) has no line")
        }
    }

    @Test(arguments: ["0,95", "NaN", "INF", "1e400", "0x1p3", "", "٠.٩٥", "1 000", "０.９５", " 0.9", "0.9 ", ".9", "--1"])
    func onlyPlainNumbersAreThresholds(_ text: String) throws {
        let bytes = try attacked {
            $0 = $0.replacingOccurrences(of: "Threshold=\"0.89\"", with: "Threshold=\"\(text)\"")
        }
        let error = try #require(refusal(bytes))
        #expect(
            error.diagnostics.contains { $0.element == "Criterion" && $0.message.contains("such as 0.95") }, "\(error)")
    }
}
