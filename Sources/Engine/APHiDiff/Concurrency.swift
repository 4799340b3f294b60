import CKernels

/// A pointer that several threads use.
///
/// `@unchecked Sendable`: who makes one sees to it that every thread writes to places of its own, and that the memory outlives the work.
struct SharedPointer<Element>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>?

    init(_ pointer: UnsafeMutablePointer<Element>?) { self.pointer = pointer }
}

private final class Body: Sendable {
    let call: @Sendable (Int) -> Void
    init(_ call: @escaping @Sendable (Int) -> Void) { self.call = call }
}

/// Calls the body once for every index, on at most the given number of threads, and waits.
///
/// The body writes only to what belongs to its index.
func inParallel(_ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let shared = Body(body)
    withExtendedLifetime(shared) {
        ck_parallel_for(
            Int64(count), Int32(clamping: threads),
            { context, index in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().call(Int(index))
            }, Unmanaged.passUnretained(shared).toOpaque())
    }
}
