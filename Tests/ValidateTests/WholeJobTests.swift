import Foundation
import Imaging
import Testing

/// The main job through the built command: files in, exit codes, JSON and report out.
@Suite struct WholeJobTests {
    private var limbProtocol: String {
        CommandRun.checkout.appendingPathComponent("protocols/limb-ct-to-mr.xml").path
    }

    @Test func aStudyOfThreePairsRunsToItsReport() throws {
        let study = try SmallStudy()
        let check = try CommandRun(["cohort", "check", study.path("cohort"), "--json", "--quiet"])
        #expect(check.exitCode == 0, "\(check.errors)")
        #expect(try check.json()["errors"] as? Int == 0)

        let arguments = [
            "run", "--protocol", limbProtocol, "--cohort", study.path("cohort"), "--store", study.path("s.sqlite"),
            "--generator", "intensity-map", "--json", "--quiet",
        ]
        let run = try CommandRun(arguments + ["--pages", study.path("pages")])
        // Three cases are fewer than the criteria ask for: a verdict, not an error.
        #expect(run.exitCode == 1, "\(run.errors)")
        let result = try run.json()
        #expect(result["schema"] as? String == "validate.run/1")
        #expect(result["verdict"] as? String == "not_evaluable")
        #expect((result["cases"] as? [String: Int])?["ok"] == 3)

        let again = try CommandRun(arguments + ["--resume"]).json()
        #expect(again["run"] as? String == result["run"] as? String)
        #expect(again["results_digest"] as? String == result["results_digest"] as? String)

        let report = try CommandRun(["report", "--store", study.path("s.sqlite"), "--output", study.path("report")])
        #expect(report.exitCode == 0, "\(report.errors)")
        let page = try String(contentsOfFile: study.path("report/report.html"), encoding: .utf8)
        #expect(page.contains("<title>") && page.utf8.count < 10_000_000)
        #expect(!page.contains(study.folder))
        #expect(!page.contains("href=\"cases/"))

        let linked = try CommandRun([
            "report", "--store", study.path("s.sqlite"), "--output", study.path("report"), "--pages",
            study.path("pages"),
        ])
        #expect(linked.exitCode == 0, "\(linked.errors)")
        for caseID in ["C0", "C1", "C2"] {
            let slices = try String(contentsOfFile: study.path("report/cases/\(caseID).html"), encoding: .utf8)
            #expect(slices.contains("Case \(caseID)") && !slices.contains(study.folder))
            #expect(
                try String(contentsOfFile: study.path("report/report.html"), encoding: .utf8).contains(
                    "cases/\(caseID).html"))
        }
    }

    @Test func controlCStopsARunThatResumeCompletesWithTheSameResults() throws {
        let study = try SmallStudy()
        let script = study.path("slow-copy")
        try "#!/bin/sh\nsleep 0.3\ncp \"$1\" \"$2\"\n".write(toFile: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        func arguments(_ store: String) -> [String] {
            [
                "run", "--protocol", limbProtocol, "--cohort", study.path("cohort"), "--store", study.path(store),
                "--generator", "command:\(script) {source} {output}", "--jobs", "1", "--json",
            ]
        }
        let undisturbed = try CommandRun(arguments("whole.sqlite"))
        #expect(undisturbed.exitCode == 1, "\(undisturbed.errors)")

        let stopped = try CommandRun(arguments("parts.sqlite"), interruptingAfter: "cases 1/3")
        #expect(stopped.exitCode == 3, "what was done is kept, and is a part: \(stopped.errors)")
        #expect(stopped.errors.contains("stopping after the work in flight"))
        #expect(try stopped.json()["status"] as? String == "interrupted")
        let resumed = try CommandRun(arguments("parts.sqlite") + ["--resume"])
        #expect(resumed.exitCode == 1 && resumed.errors.contains("done before"), "\(resumed.errors)")
        #expect(
            try resumed.json()["results_digest"] as? String == undisturbed.json()["results_digest"] as? String)
    }

    @Test func measurePrintsTheDocumentOfTheDesign() throws {
        let study = try SmallStudy()
        let run = try CommandRun([
            "measure", "--reference", study.path("cohort/t0.nii.gz"), "--generated", study.path("cohort/t1.nii.gz"),
            "--modality", "MR", "--reference-lesions", study.path("cohort/l0.nii.gz"), "--generated-lesions",
            study.path("cohort/l1.nii.gz"), "--json",
        ])
        #expect(run.exitCode == 0, "\(run.errors)")
        let document = try run.json()
        #expect(document["schema"] as? String == "validate.measure/1")
        let digest = try #require((document["reference"] as? [String: Any])?["sha256"] as? String)
        #expect(digest.count == 64)
        let rows = try #require(document["measurements"] as? [[String: Any]])
        func row(_ metric: String, _ structure: String) -> [String: Any]? {
            rows.first { $0["metric"] as? String == metric && $0["structure"] as? String == structure }
        }
        let ssim = try #require(row("ssim", "body"))
        #expect(ssim["status"] as? String == "ok" && ssim["unit"] as? String == "1")
        #expect((ssim["parameters"] as? [String: Any])?["data_range"] != nil)
        #expect(row("dice", "lesions")?["value"] as? Double == 1)
        #expect(row("hausdorff_95", "lesions")?["value"] as? Double == 0)
    }

    @Test func whatHasNoValueSaysWhy() throws {
        let study = try SmallStudy()
        let file = study.path("cohort/t0.nii.gz")
        let run = try CommandRun([
            "measure", "--reference", file, "--generated", file, "--modality", "MR", "--metrics", "psnr,vtc", "--json",
        ])
        let rows = try #require(try run.json()["measurements"] as? [[String: Any]])
        #expect(rows.map { $0["reason_code"] as? String } == ["identical_images", "input_missing"])
        #expect(rows.allSatisfy { $0["value"] is NSNull && $0["status"] as? String == "not_computed" })
        #expect(run.output.contains("identical to the reference"))
    }

    @Test func negativeRangesAndSeventeenDigitsTravel() throws {
        let study = try SmallStudy()
        let run = try CommandRun([
            "measure", "--reference", study.path("cohort/s0.nii.gz"), "--generated", study.path("cohort/s1.nii.gz"),
            "--modality", "CT", "--range", "-1024", "3071", "--metrics", "rmse", "--json", "-q",
        ])
        #expect(run.exitCode == 0, "\(run.errors)")
        let match = try #require(run.output.firstMatch(of: /"value": (\d+\.\d+)/))
        #expect(match.1.filter(\.isNumber).count == 17)
    }

    @Test func errorsHaveTheirExitCodesAndOneLine() throws {
        let study = try SmallStudy()
        let truth = study.path("cohort/t0.nii.gz")
        try NIfTIWriter.write(
            Volume<Float>(
                geometry: try Geometry(dimensions: SIMD3(30, 28, 13), affine: study.geometry.affine), repeating: 1),
            to: study.path("other.nii"))
        try Data("<StudyProtocol/>".utf8).write(to: URL(fileURLWithPath: study.path("bad.xml")))
        let demo = try String(
            contentsOf: CommandRun.checkout.appendingPathComponent("protocols/phantom-demo.xml"), encoding: .utf8)
        try demo.replacing("anatomy-head/2", with: "anatomy-head/1").write(
            toFile: study.path("retired.xml"), atomically: true, encoding: .utf8)
        let expected: [(code: Int32, words: [String], arguments: [String])] = [
            (
                65, ["other.nii", "30×28×13", "30×28×14"],
                ["measure", "--reference", truth, "--generated", study.path("other.nii"), "--modality", "MR"]
            ),
            (
                66, ["absent.nii", "does not exist"],
                ["measure", "--reference", truth, "--generated", study.path("absent.nii")]
            ),
            (64, ["simm"], ["measure", "--reference", truth, "--generated", truth, "--metrics", "simm"]),
            (64, ["--generated"], ["measure", "--reference", truth]),
            (
                66, ["absent.xml"],
                [
                    "run", "--protocol", study.path("absent.xml"), "--cohort", study.path("cohort"), "--store",
                    study.path("s.sqlite"),
                ]
            ),
            (
                78, ["bad.xml"],
                [
                    "run", "--protocol", study.path("bad.xml"), "--cohort", study.path("cohort"), "--store",
                    study.path("s.sqlite"),
                ]
            ),
            (
                78, ["anatomy-head/1", "successor is 'anatomy-head/2'"],
                [
                    "run", "--protocol", study.path("retired.xml"), "--cohort", study.path("cohort"), "--store",
                    study.path("s.sqlite"),
                ]
            ),
            (78, ["anatomy-head/2"], ["protocol", "check", study.path("retired.xml")]),
            (
                64, ["--baseline is empty", "leave it out"],
                ["report", "--store", study.path("s.sqlite"), "--output", study.path("r"), "--baseline", ""]
            ),
            (
                64, ["--run is empty", "the latest"],
                ["report", "--store", study.path("s.sqlite"), "--output", study.path("r"), "--run", ""]
            ),
            (
                64, ["--candidate is empty"],
                [
                    "regress", "--protocol", study.path("bad.xml"), "--store", study.path("s.sqlite"), "--baseline",
                    "3f", "--candidate", " ",
                ]
            ),
            (
                64, ["--run is empty"],
                ["store", "export", "--format", "json", "--store", study.path("s.sqlite"), "--run", ""]
            ),
            (
                73, ["no-folder"],
                [
                    "generate", "--source", study.path("cohort/s0.nii.gz"), "--output", study.path("no-folder/g.nii"),
                    "--generator", "intensity-map", "--cohort", study.path("cohort"),
                ]
            ),
        ]
        for (code, words, arguments) in expected {
            let run = try CommandRun(arguments)
            #expect(run.exitCode == code, "\(arguments[0]): \(run.errors)")
            for word in words { #expect(run.errors.contains(word), "\(run.errors)") }
            #expect(run.output.isEmpty)
            #expect(!run.errors.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
        }
    }

    @Test func everySubcommandHasHelpWithAnExample() throws {
        for command in [
            ["run"], ["measure"], ["inspect"], ["generate"], ["cohort", "check"], ["cohort", "assemble"], ["demo"],
        ] {
            let help = try CommandRun(command + ["--help"])
            #expect(help.exitCode == 0)
            #expect(help.output.contains("validate \(command.joined(separator: " "))"), "\(help.output)")
        }
        #expect(try CommandRun(["--version"]).output.hasPrefix("0."))
    }

    @Test func aFullDiskIsAnErrorThatIsReported() throws {
        let study = try SmallStudy()
        // A limit on file size stands for a full disk; the signal it sends must not end the command.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let command = try #require(CommandRun.executable).path
        process.arguments = [
            "-c",
            "ulimit -f 1; exec '\(command)' generate --source '\(study.path("cohort/s0.nii.gz"))' --output "
                + "'\(study.path("g.nii"))' --generator intensity-map --cohort '\(study.path("cohort"))' -q",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 74)
        #expect(!FileManager.default.fileExists(atPath: study.path("g.nii")))
    }
}
