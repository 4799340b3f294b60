import Foundation
import Testing

/// The gate and the sites, through the command alone.
@Suite(.enabled(if: ClusterStudy.command != nil, "the command is not built"))
struct GateAndSiteTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/gate-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try body(folder)
    }

    @Test func theGateAnswersWithItsExitCodeAndItsFiles() throws {
        try inFolder { folder in
            let old = try ClusterStudy(in: folder, cases: 8)
            var runs: [String: String] = [:]
            for (name, harm, cases) in [("old", Float(0), 8), ("near", 0.5, 8), ("far", 3, 8), ("fewer", 0.5, 7)] {
                let study = try ClusterStudy(in: folder, cases: cases, harm: harm, name: name)
                let answer = try study.run([
                    "run", "--protocol", study.protocolPath, "--cohort", study.cohort, "--store",
                    folder + "/gate.sqlite", "--model-version", name, "--json",
                ])
                runs[name] = try #require(answer.json["run"] as? String, "\(answer.errors)")
            }
            func regress(_ candidate: String, _ more: [String] = []) throws -> ClusterStudy.Answer {
                try old.run(
                    [
                        "regress", "--store", folder + "/gate.sqlite", "--baseline", runs["old"] ?? "", "--candidate",
                        runs[candidate] ?? "", "--protocol", old.protocolPath, "--json", "--junit",
                        folder + "/\(candidate).xml", "--markdown", folder + "/\(candidate).md",
                    ] + more)
            }
            let near = try regress("near")
            #expect(near.status == 0 && near.json["verdict"] as? String == "pass", "\(near.errors)")
            let far = try regress("far")
            #expect(far.status == 1 && far.json["verdict"] as? String == "fail")
            let endpoints = try #require(far.json["endpoints"] as? [[String: Any]])
            let difference = try #require(endpoints[0]["difference"] as? Double)
            #expect(abs(difference - 3) < 1e-3)
            #expect(try String(contentsOfFile: folder + "/far.xml", encoding: .utf8).contains("<failure type=\"fail\""))
            #expect(
                try String(contentsOfFile: folder + "/far.md", encoding: .utf8).hasPrefix("## Regression gate: fail"))
            // Another cohort and the same run: refused with a sentence.
            let other = try regress("fewer")
            #expect(other.status == 65 && other.errors.contains("intersection"))
            #expect(try regress("fewer", ["--intersection"]).json["cases"] as? Int == 7)
            #expect(try regress("old").status == 65)
        }
    }

    @Test func sitesExportAndACoordinatorMerges() throws {
        try inFolder { folder in
            var trust = ["site", "trust", "--root-key", folder + "/root.key", "--expires", "2099-12-31"]
            var bundles: [String] = []
            let study = try ClusterStudy(in: folder, cases: 8, sites: 2)
            func run(_ arguments: [String], expecting status: Int32 = 0) throws -> ClusterStudy.Answer {
                let answer = try study.run(arguments)
                #expect(answer.status == status, "\(arguments.prefix(2)): \(answer.errors)")
                return answer
            }
            let whole = try run([
                "run", "--protocol", study.protocolPath, "--cohort", study.cohort, "--store", folder + "/all.sqlite",
                "--json",
            ])
            _ = try run([
                "site", "keygen", "--holder", "coordinator", "--role", "root", "--output", folder + "/root.key",
            ])
            for site in ["site1", "site2"] {
                _ = try run(["site", "keygen", "--holder", site, "--output", folder + "/\(site).key"])
                trust += ["--member", folder + "/\(site).key.pub"]
            }
            _ = try run(["site", "keygen", "--holder", "site1", "--output", folder + "/site1.key"], expecting: 73)
            _ = try run(trust + ["--output", folder + "/trust.json"])
            for site in ["site1", "site2"] {
                _ = try run([
                    "site", "export", "--store", folder + "/all.sqlite", "--key", folder + "/\(site).key", "--output",
                    folder + "/\(site).vbundle",
                ])
                bundles.append(folder + "/\(site).vbundle")
            }
            let trusted = ["--trust", folder + "/trust.json", "--root", folder + "/root.key.pub"]
            _ = try run(["site", "verify"] + trusted + bundles)
            let merge = ["site", "merge", "--store", folder + "/pooled.sqlite", "--json"] + trusted
            let pooled = try run(merge + bundles)
            #expect(pooled.json["verdict"] as? String == whole.json["verdict"] as? String)
            #expect(try run(merge + bundles.reversed()).json["run"] as? String == pooled.json["run"] as? String)
            _ = try run(["audit", "verify", "--store", folder + "/pooled.sqlite"])

            var bytes = try Data(contentsOf: URL(fileURLWithPath: bundles[0]))
            bytes[700] ^= 1
            try bytes.write(to: URL(fileURLWithPath: folder + "/forged.vbundle"))
            let forged = try run(merge + [folder + "/forged.vbundle"], expecting: 77)
            #expect(forged.errors.contains("E-"))
        }
    }

    @Test func aPlanNamesTheNumberOfCases() throws {
        try inFolder { folder in
            let study = try ClusterStudy(in: folder, cases: 1)
            let one = try study.run(["plan", "--margin", "0.005", "--sd", "0.01", "--json"])
            #expect(one.status == 0 && one.json["cases"] as? Int == 44, "\(one.errors)")
            let all = try study.run([
                "plan", "--protocol", study.protocolPath, "--sd", "CR.MAE=10", "--expected", "CR.MAE=45", "--sd",
                "EP.MAE=2", "--json",
            ])
            #expect((all.json["questions"] as? [Any])?.count == 2 && all.json["cases"] as? Int == 44, "\(all.output)")
            #expect(try study.run(["plan", "--margin", "0.005"]).status == 64)
            #expect(try study.run(["plan"]).status == 64)
            #expect(try study.run(["plan", "--zero-failures", "0.95", "--json"]).json["cases"] as? Int == 59)
        }
    }
}
