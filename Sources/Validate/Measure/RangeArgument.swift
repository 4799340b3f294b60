import ArgumentParser
import Cohort

/// The two ends of `--range LO HI`.
struct RangeArgument: ExpressibleByArgument, Sendable {
    let low: Double
    let high: Double

    /// Reads `LO:HI`, the form into which `joined` brings the two arguments.
    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let low = StrictNumber.double(String(parts[0])),
            let high = StrictNumber.double(String(parts[1])), low < high
        else { return nil }
        self.low = low
        self.high = high
    }

    /// Joins the two numbers after `--range`, since the parser would take a negative one for an option.
    static func joined(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < arguments.count {
            if arguments[index] == "--range", index + 2 < arguments.count,
                StrictNumber.double(arguments[index + 1]) != nil, StrictNumber.double(arguments[index + 2]) != nil
            {
                result.append("--range=\(arguments[index + 1]):\(arguments[index + 2])")
                index += 3
            } else {
                result.append(arguments[index])
                index += 1
            }
        }
        return result
    }
}
