import Study
import Synchronization

/// Turns the news of a run into progress for a person.
final class RunNews: Sendable {
    private let isSilent: Bool
    private let line = Mutex<ProgressLine?>(nil)

    init(isSilent: Bool) { self.isSilent = isSilent }

    /// Shows one piece of news.
    func report(_ news: RunProgress) {
        guard !isSilent else { return }
        switch news {
        case .began(let run, let toDo, let done):
            Terminal.error("run \(run): \(toDo) cases to do" + (done > 0 ? ", \(done) done before" : ""))
            line.withLock { $0 = ProgressLine("cases", total: toDo) }
        case .stage: break
        case .finished(let caseID, let outcome, _, _):
            let what =
                outcome.status == .ok
                ? "ok in \(MeasureReport.short(outcome.seconds)) s"
                : "\(outcome.status.rawValue): \(outcome.message ?? outcome.reasonCode ?? "")"
            line.withLock { $0?.advance("\(caseID): \(what)") }
        case .analysing:
            line.withLock { $0?.finish() }
            Terminal.error("analysing")
        }
    }

    /// Leaves the bar behind.
    func finish() { line.withLock { $0?.finish() } }
}
