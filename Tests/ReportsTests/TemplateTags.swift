/// Reads the tags of a Mustache template, to compare them with what a view has.
struct TemplateTags {
    /// One tag, with what is inside of it for sections.
    indirect enum Tag {
        case variable(String)
        case section(String, isInverted: Bool, [Tag])
        case partial(String)
    }

    /// The tags in order.
    let tags: [Tag]

    init(_ text: String) {
        var rest = text[...]
        tags = TemplateTags.parse(&rest)
    }

    private static func parse(_ rest: inout Substring) -> [Tag] {
        var result: [Tag] = []
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            let inside = rest[open.upperBound..<close.lowerBound]
            let name = String(inside.drop { "#^/>".contains($0) }).trimmingSpaces
            rest = rest[close.upperBound...]
            switch inside.first {
            case "#": result.append(.section(name, isInverted: false, parse(&rest)))
            case "^": result.append(.section(name, isInverted: true, parse(&rest)))
            case "/": return result
            case ">": result.append(.partial(name))
            default: result.append(.variable(name))
            }
        }
        return result
    }
}

extension String {
    fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
