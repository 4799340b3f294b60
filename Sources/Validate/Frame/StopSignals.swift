import Dispatch
import Glibc

/// Hears SIGINT and SIGTERM on whichever thread they are delivered.
///
/// A dispatch source for signals reads them from a descriptor that the kernel only fills when no thread takes the signal
/// itself; the main thread does. A handler that writes one byte into a pipe loses none.
final class StopSignals {
    private let source: any DispatchSourceRead

    /// - Parameter heard: Called once for each signal, one after the other, on a queue of its own.
    /// - Returns: `nil` when the process may open no further file: `errno` says why.
    init?(_ numbers: [Int32] = [SIGINT, SIGTERM], heard: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let (reading, writing) = (ends[0], ends[1])
        writingEnd = writing
        source = DispatchSource.makeReadSource(fileDescriptor: reading, queue: DispatchQueue(label: "signals"))
        source.setEventHandler {
            var byte: UInt8 = 0
            while read(reading, &byte, 1) == 1 { heard() }
        }
        source.resume()
        for number in numbers {
            let before = signal(number) { _ in
                let saved = errno
                var byte: UInt8 = 1
                _ = write(writingEnd, &byte, 1)
                errno = saved
            }
            // Who starts a command with the signal ignored (a shell, for a job in the background) wants it to go on.
            if isIgnored(before) { signal(number, SIG_IGN) }
        }
    }

    func cancel() { source.cancel() }

    private func isIgnored(_ handler: sighandler_t?) -> Bool {
        unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

// A handler has no context: the pipe's end is where it can find it. Written once, before any handler is installed.
private nonisolated(unsafe) var writingEnd: Int32 = -1
