import Cohort
import Foundation
import Statistics
import Study

// StudyPool TEMPLATE FOLDER CASES
// Writes one store per site of the template's latest run into FOLDER, CASES cases in all: each case is one of the template's with another
// name and its values moved a little (SplitMix64, seed 1). For timing what happens with many measurements; the figures mean nothing.

let arguments = CommandLine.arguments
guard arguments.count == 4, let wanted = Int(arguments[3]), wanted > 0 else {
    FileHandle.standardError.write(Data("usage: StudyPool TEMPLATE.sqlite FOLDER CASES\n".utf8))
    exit(64)
}
let folder = arguments[2]
let template = try Store.openForReading(path: arguments[1])
let record = try template.record(ofRun: template.run(matching: nil).id, pictures: false)
let file = try ProtocolFile(parsing: record.protocolFile.xml, file: "protocol.xml")
let done = record.cases.filter { $0.outcome.status == .ok }
let sites = Set(done.map(\.site)).sorted()
guard !sites.isEmpty else {
    FileHandle.standardError.write(Data("StudyPool: '\(arguments[1])' holds no case that was evaluated\n".utf8))
    exit(65)
}

var generator = SplitMix64(seed: 1)
var measurements = 0
for (number, site) in sites.enumerated() {
    let models = done.filter { $0.site == site }
    let share = wanted * (number + 1) / sites.count - wanted * number / sites.count
    let cases = (0..<share).map { index -> CaseRecord in
        var item = models[index % models.count]
        item.id = "\(site)-\(index)"
        item.subject = item.id
        // A truth of its own: the same image at two sites is refused.
        for place in item.files.indices {
            let mark = String(format: "%08x", number << 24 | index)
            item.files[place].sha256 = mark + String(item.files[place].sha256.dropFirst(8))
        }
        for place in item.measurements.indices {
            guard let value = item.measurements[place].measurement.value.number else { continue }
            item.measurements[place].measurement.value = .value(value * (0.95 + 0.1 * generator.unit()))
        }
        return item
    }
    measurements += cases.reduce(0) { $0 + $1.measurements.count }
    let run = String(format: "00000000-0000-4000-8000-%012x", number + 1)
    let store = try Store.openForWriting(path: "\(folder)/\(site).sqlite", run: run)
    try store.begin(
        RunOpening(
            id: run, protocolFile: file, model: record.model,
            cohort: CohortFacts(
                name: "multiplied " + site, manifestSHA256: record.cohort.manifestSHA256, seedNamespace: nil,
                notes: [:]),
            cases: cases, arguments: [], hostClass: "benchmark", processor: "benchmark", jobs: 1, seed: 1,
            toolVersion: record.run.toolVersion, libraries: [:], startedUTC: UTCTime.now()))
    for item in cases {
        try store.append(CaseResult(record: item, inputSHA256: nil, finishedUTC: UTCTime.now()), to: run)
    }
    try store.end(
        run: run, status: .complete, exitCode: 0, resultsDigest: store.resultsDigest(of: run), utc: UTCTime.now())
    store.close()
    print(site, share)
}
print("measurements", measurements)
