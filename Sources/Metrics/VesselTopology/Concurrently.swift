import CKernels

/// Closures that are run once each by a C loop.
private final class Tasks {
    let bodies: [() -> Void]
    init(_ bodies: [() -> Void]) { self.bodies = bodies }
}

/// Runs closures that touch nothing of each other's, on at most the given number of threads, and waits for them.
func concurrently(threads: Int, _ bodies: [() -> Void]) {
    let tasks = Tasks(bodies)
    let context = Unmanaged.passUnretained(tasks).toOpaque()
    withExtendedLifetime(tasks) {
        ck_parallel_for(
            Int64(bodies.count), Int32(clamping: threads),
            { context, index in
                guard let context else { return }
                Unmanaged<Tasks>.fromOpaque(context).takeUnretainedValue().bodies[Int(index)]()
            }, context)
    }
}
