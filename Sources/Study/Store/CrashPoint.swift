import Foundation
import Glibc

/// Places where a test kills the process, to show that a kill anywhere is survived.
///
/// `VALIDATE_CRASH_AT=NAME` ends the process with SIGKILL when the place of that name is reached; `NAME:3` on the third time. Names:
/// `before-case`, `inside-case`, `before-commit`, `after-commit`, `before-analysis`, `before-end`, `after-end`. Without the variable nothing
/// happens.
enum CrashPoint {
    private static let order: (name: String, visit: Int)? = {
        guard let text = ProcessInfo.processInfo.environment["VALIDATE_CRASH_AT"] else { return nil }
        let parts = text.split(separator: ":")
        return (String(parts.first ?? ""), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()
    private static let visits = Counter()

    /// Ends the process if the test asked for this place.
    static func reach(_ name: String) {
        guard let order, order.name == name, visits.next() == order.visit else { return }
        kill(getpid(), SIGKILL)
    }

    private final class Counter: @unchecked Sendable {
        // Sendable: the count is only touched under the lock.
        private let lock = NSLock()
        private var count = 0

        func next() -> Int {
            lock.withLock {
                count += 1
                return count
            }
        }
    }
}
