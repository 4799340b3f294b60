import Glibc

/// What the process settles before it does anything else.
enum ProcessSetup {
    /// A write that fails is an error to report, never the end of the process; files are private; nothing of a
    /// patient ends up in a core file.
    static func apply() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        umask(0o077)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }
}
