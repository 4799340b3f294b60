import Testing

@testable import Statistics
@testable import Study

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    private static let texts = [
        "", "a", "{\"n\":1.5,\"text\":\"a\\\\b\"}", "line\nbreak\t", "\u{1F}\u{7F}", "é", "ﬃ 日本", "\u{2028}", "\"\"",
        "\\",
    ]

    private func document(_ random: inout SplitMix64, depth: Int = 0) -> CanonicalJSON {
        switch random.index(below: depth < 3 ? 6 : 4) {
        case 0: return .string(CanonicalJSONTests.texts[random.index(below: CanonicalJSONTests.texts.count)])
        case 1: return .integer(Int64(truncatingIfNeeded: random.next() >> UInt64(random.index(below: 64))))
        case 2: return .flag(random.index(below: 2) == 0)
        case 3: return .null
        case 4: return .array((0..<random.index(below: 4)).map { _ in document(&random, depth: depth + 1) })
        default:
            var members: [String: CanonicalJSON] = [:]
            for _ in 0..<random.index(below: 6) {
                let key = String(random.next() % 300, radix: 36)
                members[key] = document(&random, depth: depth + 1)
            }
            return .object(members)
        }
    }

    @Test("What is written is read back, and every other encoding that is read is refused")
    func oneEncodingForEachContent() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<400 {
            let content = document(&random)
            let bytes = content.bytes
            #expect(try CanonicalJSON.parse(bytes) == content)
            for _ in 0..<40 where !bytes.isEmpty {
                var other = bytes
                let place = random.index(below: other.count)
                switch random.index(below: 4) {
                case 0: other[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: other.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                case 2: other.remove(at: place)
                default: other.swapAt(place, random.index(below: other.count))
                }
                // Whatever is accepted has to be exactly what the writer makes of it.
                guard let read = try? CanonicalJSON.parse(other) else { continue }
                #expect(read.bytes == other)
            }
        }
    }

    @Test(
        "The right content in another encoding is not canonical",
        arguments: [
            #"{"b":1,"a":2}"#, #"{"a":01}"#, #"{"a":-0}"#, #"["\u001F"]"#, "[\"\u{1}\"]", "\"e\u{301}\"", #"{"a":+1}"#,
        ])
    func otherEncodings(_ text: String) {
        #expect(throws: CanonicalJSON.Failure.self) { try CanonicalJSON.parse(Array(text.utf8)) }
    }

    @Test("A key that stands twice, depth and rubbish have their own errors")
    func refusals() {
        #expect(throws: CanonicalJSON.Failure.duplicateKey("a")) {
            try CanonicalJSON.parse(Array(#"{"a":1,"a":2}"#.utf8))
        }
        #expect(throws: CanonicalJSON.Failure.tooDeep) {
            try CanonicalJSON.parse([UInt8](repeating: UInt8(ascii: "["), count: 40))
        }
        #expect(throws: CanonicalJSON.Failure.malformed(offset: 1)) { try CanonicalJSON.parse(Array("1 ".utf8)) }
        #expect(throws: CanonicalJSON.Failure.notCanonical) { try CanonicalJSON.parse(Array(#"{"b":1,"a":2}"#.utf8)) }
    }
}
