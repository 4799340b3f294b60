import Foundation
import Testing

@testable import Study

struct ResultsExportTests {
    @Test func everyTableHasItsRows() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"))
        let results = try ResultsExport(store: store)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(results.json())) as? [String: Any])
        #expect(json["schema"] as? String == "validate.results/1")
        let runs = try #require(json["runs"] as? [[String: Any]])
        #expect(runs.count == 1)
        #expect(runs[0]["id"] as? String == "run-1")
        #expect(runs[0]["status"] as? String == "running")
        #expect(runs[0]["model"] as? String == "model")
        #expect((json["case_results"] as? [Any])?.count == 3)
        let measurements = try #require(json["measurements"] as? [[String: Any]])
        #expect(measurements.count == 6)
        #expect(measurements[0]["value"] as? Double == 0.5)
        #expect(measurements[1]["value"] is NSNull)
        #expect(measurements[1]["reason"] as? String == "generated_empty")
    }

    @Test func numbersHaveSeventeenDigits() throws {
        let folder = try TestFolder()
        let store = try Store.openForWriting(path: folder.file("s.sqlite"))
        try store.begin(MadeStore.opening("run-1", cases: 1))
        try store.append(MadeStore.result("C1", mae: 0.1), to: "run-1")
        let text = String(decoding: try ResultsExport(store: store).json(), as: UTF8.self)
        #expect(text.contains("\"value\": 0.10000000000000001"))
    }

    @Test func csvIsRectangularAndEndsItsLinesAsTheStandardSays() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"))
        let results = try ResultsExport(store: store, run: "run-1")
        let text = String(decoding: try #require(results.csv(table: "measurements")), as: UTF8.self)
        #expect(text.components(separatedBy: "\r\n").count == 1 + 6 + 1)
        #expect(text.hasPrefix("run,case,subject,site,metric,structure,value,unit,status,reason"))
        #expect(results.csv(table: "none") == nil)
        #expect(ResultsExport.tableNames.allSatisfy { results.csv(table: $0) != nil })
    }

    @Test(arguments: ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|calc", "%0A", "＝1"])
    func formulasAreDefused(_ text: String) {
        let field = CSV.field(text)
        #expect(field.hasPrefix("\"'"), "\(field)")
    }

    @Test func quotesCommasAndLineBreaksAreKept() {
        #expect(CSV.field("a,b") == "\"a,b\"")
        #expect(CSV.field("a\"b") == "\"a\"\"b\"")
        #expect(CSV.field("a\r\nb") == "\"a\r\nb\"")
        #expect(CSV.field("plain") == "plain")
        #expect(CSV.field("") == "")
    }
}
