import Glibc
import Phantom

/// Options of the feed.
struct Options {
    var seed: UInt64 = 1
    var namespace = PhantomNamespace.training
    var cases = 0..<1
    var stride = 1
    var size = 256
    var slices = 32
    var ctToMR = true
    var sequence: MRSequence?
    var withDisplacement = false
    var withClean = false
    var samePhase = false
    var radii = false
}

let usage = """
    phantom-feed: streams slices of digital abdomens to standard output as raw arrays

    usage: phantom-feed [--seed N] [--namespace training|validation] [--cases FIRST:END] [--stride N]
                        [--size PIXELS] [--slices N] [--direction ct-mr|mr-ct] [--sequence t1|t2]
                        [--displacement] [--clean] [--same-phase]
           phantom-feed --radii [--seed N] [--namespace training|validation] [--cases FIRST:END] [--stride N]

    example: phantom-feed --seed 7 --cases 0:100 --size 256 --slices 32 --direction ct-mr | python train.py

    The layout is described in docs/phantom.md (little endian): a header of 32 bytes, then one record for each slice.
    With --radii it writes a table instead: the radii, in mm, of parent and daughters at every bifurcation.

    """

func complain(_ message: String, code: Int32) -> Never {
    Array("phantom-feed: \(message)\n".utf8).withUnsafeBytes { put($0, to: STDERR_FILENO) }
    exit(code)
}

func parse(_ arguments: [String]) -> Options {
    var options = Options()
    var rest = arguments[...]
    while let name = rest.popFirst() {
        func value() -> String {
            guard let text = rest.popFirst() else { complain("\(name) needs a value", code: 64) }
            return text
        }
        func number(_ range: ClosedRange<Int>) -> Int {
            let text = value()
            guard let n = Int(text), range.contains(n) else {
                complain(
                    "\(name) wants a number from \(range.lowerBound) to \(range.upperBound), not \(text)", code: 64)
            }
            return n
        }
        switch name {
        case "--help", "-h":
            write(Array(usage.utf8))
            exit(0)
        case "--seed": options.seed = UInt64(number(0...Int.max))
        case "--namespace":
            guard let family = PhantomNamespace(rawValue: value()) else {
                complain("--namespace is training or validation", code: 64)
            }
            options.namespace = family
        case "--cases":
            let parts = value().split(separator: ":").compactMap { Int($0) }
            guard parts.count == 2, parts[0] >= 0, parts[1] > parts[0] else {
                complain("--cases wants FIRST:END, such as 0:100", code: 64)
            }
            options.cases = parts[0]..<parts[1]
        case "--stride": options.stride = number(1...1_000_000)
        case "--size": options.size = number(32...1024)
        case "--slices": options.slices = number(1...512)
        case "--direction":
            let text = value()
            guard ["ct-mr", "mr-ct"].contains(text) else { complain("--direction is ct-mr or mr-ct", code: 64) }
            options.ctToMR = text == "ct-mr"
        case "--sequence":
            let text = value()
            guard ["t1", "t2"].contains(text) else { complain("--sequence is t1 or t2", code: 64) }
            options.sequence = text == "t1" ? .gradientEchoT1 : .turboSpinEchoT2
        case "--displacement": options.withDisplacement = true
        case "--clean": options.withClean = true
        case "--same-phase": options.samePhase = true
        case "--radii": options.radii = true
        default: complain("unknown option \(name); --help lists them", code: 64)
        }
    }
    return options
}

/// Writes all bytes to a file descriptor, or ends the program when the reader has gone or the disk is full.
func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    var done = 0
    while done < bytes.count {
        guard let base = bytes.baseAddress else { return }
        let count = Glibc.write(descriptor, base + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { exit(errno == EPIPE ? 0 : 74) }
        done += count
    }
}

func write<Element: BitwiseCopyable>(_ values: [Element]) {
    values.withUnsafeBytes { put($0, to: STDOUT_FILENO) }
}

/// The case of a number, at its site and with the sequence that was asked for.
func drawn(_ index: Int, _ options: Options) -> PhantomCase {
    var site = PhantomSite.embedded[index % PhantomSite.embedded.count]
    if let sequence = options.sequence { site = site.with(sequence: sequence) }
    return PhantomCase(
        PhantomSpecification(seed: options.seed, namespace: options.namespace, site: site, index: index))
}

let options = parse(Array(CommandLine.arguments.dropFirst()))
signal(SIGPIPE, SIG_IGN)
let indices = stride(from: options.cases.lowerBound, to: options.cases.upperBound, by: options.stride)
if options.radii {
    write(Array("case\ttree\tparent_mm\tdaughters_mm\n".utf8))
    for index in indices {
        for tree in drawn(index, options).vessels {
            for fork in tree.bifurcationRadii {
                let daughters = fork.daughters.map { "\($0)" }.joined(separator: ",")
                write(Array("\(index)\t\(tree.kind)\t\(fork.parent)\t\(daughters)\n".utf8))
            }
        }
    }
    exit(0)
}
write(Array("APHFEED1".utf8))
write(
    [
        options.size, options.size, options.slices, options.ctToMR ? 0 : 1, options.withDisplacement ? 1 : 0,
        options.withClean ? 1 : 0,
    ].map { UInt32($0) })
let workspace = PhantomWorkspace(width: options.size, height: options.size)
for index in indices {
    var subject = drawn(index, options)
    if options.samePhase {
        // Aligned pairs, for losses that compare source and truth pixel by pixel.
        let breath = subject.respiration
        subject = subject.breathing(
            Respiration(
                amplitudeMM: breath.amplitudeMM, measuredAmplitudeMM: breath.measuredAmplitudeMM,
                sourcePhase: breath.truthPhase, truthPhase: breath.truthPhase))
    }
    let grid = subject.grid(dimensions: SIMD3(options.size, options.size, options.slices))
    let renderer = PhantomRenderer(subject, grid: grid)
    let breath = subject.respiration
    for k in 0..<options.slices {
        let noise: PhantomContent = options.withClean ? [.clean] : []
        let field: PhantomContent = options.withDisplacement ? [.displacement] : []
        let source = renderer.render(
            slice: k, at: .source, content: options.ctToMR ? .ct : .mr, workspace: workspace)
        let truth = renderer.render(
            slice: k, at: .truth, content: [options.ctToMR ? .mr : .ct, .labels, noise, field], workspace: workspace)
        write([UInt32(index), UInt32(k)])
        write(
            [
                breath.sourcePhase, breath.truthPhase, breath.amplitudeMM, grid.spacingMM.x, grid.spacingMM.z,
                subject.specification.site.fieldT,
            ].map { Float($0) })
        write(options.ctToMR ? source.ct : source.mr)
        write(options.ctToMR ? truth.mr : truth.ct)
        write(truth.structures)
        for plane in truth.displacement { write(plane) }
        if options.withClean { write(options.ctToMR ? truth.mrClean : truth.ctClean) }
    }
}
