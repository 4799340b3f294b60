import Foundation
import Synchronization

/// Progress on standard error: a bar on a terminal, a line per step elsewhere.
final class ProgressLine: Sendable {
    private struct State {
        var done = 0
        var lastPercent = -1
    }

    private let label: String
    private let total: Int?
    private let isSilent: Bool
    private let isInteractive: Bool
    private let state = Mutex(State())

    /// Starts with nothing done.
    ///
    /// - Parameters:
    ///   - label: What is counted, such as `cases`.
    ///   - total: How many there are; nil where that is not known.
    ///   - isSilent: Whether to print nothing.
    init(_ label: String, total: Int?, isSilent: Bool = false) {
        self.label = label
        self.total = total
        self.isSilent = isSilent
        isInteractive = Terminal.isInteractive
    }

    /// One more is done; the note says which and how it went.
    func advance(_ note: String) {
        guard !isSilent else { return }
        state.withLock { state in
            state.done += 1
            if isInteractive {
                draw(state.done, note)
            } else {
                Terminal.error("\(label) \(count(state.done)): \(note)")
            }
        }
    }

    /// So much of the whole is done, from 0 to 1, without a countable step; prints on a terminal only.
    func update(fraction: Double, _ note: String = "") {
        guard !isSilent, isInteractive else { return }
        state.withLock { state in
            let percent = Int((max(0, min(1, fraction)) * 100).rounded())
            guard percent != state.lastPercent else { return }
            state.lastPercent = percent
            drawBar(share: Double(percent) / 100, text: "\(percent) % \(note)")
        }
    }

    /// Leaves the bar behind.
    func finish() {
        guard !isSilent, isInteractive else { return }
        state.withLock { _ in Terminal.raw("\r\u{1B}[K") }
    }

    private func draw(_ done: Int, _ note: String) {
        drawBar(
            share: total.map { $0 > 0 ? Double(done) / Double($0) : 1 } ?? 0, text: "\(count(done)) \(label) \(note)")
    }

    private func count(_ done: Int) -> String { total.map { "\(done)/\($0)" } ?? "\(done)" }

    private func drawBar(share: Double, text: String) {
        let width = 24
        let full = Int((share * Double(width)).rounded(.down))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
        let printable = String(
            text.unicodeScalars.filter { $0.properties.generalCategory != .control }.map(Character.init))
        Terminal.raw("\r\u{1B}[K\(bar) \(printable.prefix(48))")
    }
}
