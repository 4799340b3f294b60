import Metrics
import Testing

@testable import Study

struct CellTextTests {
    @Test func parametersComeBackAsTheyWere() {
        let parameters = [
            MetricParameter("a", .number(0.1)), MetricParameter("b", .number(1)), MetricParameter("c", .integer(1)),
            MetricParameter("d", .number(-1e300)), MetricParameter("e", .text("\"\\\u{1}\u{7F}\u{2028}é😀")),
            MetricParameter("f", .flag(false)), MetricParameter("g", .none),
            MetricParameter("h", .number(.leastNonzeroMagnitude)),
            MetricParameter("i", .integer(.min)),
        ]
        #expect(CellText.parameters(CellText.encode(parameters)) == parameters)
        #expect(CellText.parameters("{}") == [])
    }

    @Test func tablesComeBackAsTheyWere() throws {
        let rows: [[ParameterValue]] = [[.integer(1), .number(2.5), .text("x")], [.none, .flag(true), .text("")]]
        let text = CellText.encode(columns: ["a", "b", "c"], rows: rows)
        let table = try #require(CellText.table(text))
        #expect(table.columns == ["a", "b", "c"])
        #expect(table.rows == rows)
        #expect(try #require(CellText.table(CellText.encode(columns: [], rows: []))).rows.isEmpty)
    }

    @Test func whatIsNotJSONOfThisFormIsRefused() {
        for text in [
            "", "{", "{\"a\":1", "{\"a\":NaN}", "{\"a\":1e999}", "{\"a\":01x}", "{\"a\" :1}", "{\"a\":1}x",
            "{\"a\":\"\\x\"}",
        ] {
            #expect(CellText.parameters(text) == nil, "\(text)")
        }
        #expect(CellText.list("[\"a\",1]") == nil)
        #expect(CellText.dictionary("{\"a\":1}") == nil)
        #expect(CellText.dictionary(CellText.encode(["b": "2", "a": "1"])) == ["a": "1", "b": "2"])
    }
}
