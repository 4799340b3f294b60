import Foundation
import Testing

@testable import Engine

@Suite("Safetensors files")
struct SafetensorsTests {
    private struct Case {
        let name, outcome, reason, path: String
    }

    private func cases() throws -> [Case] {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/malformed")
        let manifest = try String(contentsOf: folder.appendingPathComponent("MANIFEST.tsv"), encoding: .utf8)
        return manifest.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3, fields[0].hasPrefix("safetensors/") else { return nil }
            return Case(
                name: fields[0], outcome: fields[1], reason: fields[2],
                path: folder.appendingPathComponent(fields[0]).path)
        }
    }

    /// Reads a file as the engine does: header, then the values of every tensor of floats.
    private func readValues(_ path: String) throws {
        let file = try SafetensorsFile(path: path)
        for (name, entry) in file.tensors where entry.type == .f32 { _ = try file.floats(name) }
    }

    /// Seconds of this thread on a processor, so that other tests do not count.
    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    @Test("Every file of the malformed corpus ends as its manifest says, within two seconds")
    func corpusBehaves() throws {
        let cases = try cases()
        #expect(cases.count == 60)
        for item in cases {
            let start = threadSeconds()
            switch item.outcome {
            case "reject":
                let error = #expect(throws: SafetensorsError.self, "\(item.name) was accepted") {
                    try readValues(item.path)
                }
                #expect(matches(error?.reason ?? "", item.reason), "\(item.name): \(error?.reason ?? "")")
            case "flag":
                do { try readValues(item.path) } catch let error as SafetensorsError {
                    #expect(matches(error.reason, item.reason), "\(item.name): \(error.reason)")
                }
            default:
                #expect(throws: Never.self, "\(item.name)") { try readValues(item.path) }
            }
            #expect(threadSeconds() - start < 2, "\(item.name)")
        }
    }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        // One alternative of the manifest is a bare brace, which is no expression.
        pattern.split(separator: "|").contains { alternative in
            text.range(of: alternative, options: [.regularExpression, .caseInsensitive]) != nil
                || alternative == "{" && text.contains("{")
        }
    }

    @Test("Values of every type come out as they went in")
    func typesAreRead() throws {
        let file = try SafetensorsFile(
            name: "t",
            bytes: SyntheticTensors.file([
                ("f32", "F32", [2], bytes(of: [Float(1.5), -2])),
                ("f16", "F16", [3], bytes(of: [UInt16(0x3C00), 0xC000, 0x0001])),
                ("bf16", "BF16", [1], bytes(of: [UInt16(0x4040)])), ("i8", "I8", [2], [127, 0x81]),
                ("i16", "I16", [1], bytes(of: [Int16(-300)])),
            ]))
        #expect(try file.floats("f32") == [1.5, -2])
        #expect(try file.floats("f16") == [1, -2, 0x1p-24])
        #expect(try file.floats("bf16") == [3])
        #expect(try file.bytesSigned("i8") == [127, -127])
        #expect(try file.integers("i16") == [-300])
        #expect(throws: SafetensorsError.self) { try file.floats("f32", shape: [3]) }
        #expect(throws: SafetensorsError.self) { try file.floats("absent") }
        #expect(throws: SafetensorsError.self) { try file.bytesSigned("f32") }
    }

    @Test("A weight that is not finite is refused by name")
    func notFiniteIsRefused() throws {
        let file = try SafetensorsFile(
            name: "t", bytes: SyntheticTensors.file([("w", "F32", [1], bytes(of: [Float.nan]))]))
        let error = #expect(throws: SafetensorsError.self) { try file.floats("w") }
        #expect(error?.reason.contains("w holds values that are not finite") == true)
    }

    private func bytes<Value>(of values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}

/// Safetensors files made for a test.
enum SyntheticTensors {
    static func file(_ tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])]) -> [UInt8] {
        var entries: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            let range = "[\(data.count),\(data.count + tensor.bytes.count)]"
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":\(range)}")
            data += tensor.bytes
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        return length + header + data
    }
}
