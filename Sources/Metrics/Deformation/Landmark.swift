/// A point that an observer marked in one of the two images.
public struct Landmark: Sendable, Equatable {
    /// Name that ties it to its partner in the other image.
    public var name: String
    /// Position in RAS mm.
    public var positionMM: SIMD3<Double>
    /// Respiratory phase, where there is one.
    public var phase: String?
    /// Who marked it, where that is known.
    public var observer: String?

    /// Makes a landmark.
    public init(name: String, positionMM: SIMD3<Double>, phase: String? = nil, observer: String? = nil) {
        self.name = name
        self.positionMM = positionMM
        self.phase = phase
        self.observer = observer
    }
}

/// A landmark with its error, generated minus reference.
struct LandmarkError {
    var name: String
    var phase: String?
    var observer: String?
    var error: SIMD3<Double>
}

extension LandmarkError {
    private struct Key: Hashable {
        var name: String
        var phase: String?
        var observer: String?
    }

    /// Pairs both lists by name, phase and observer, in the order of the reference; never by position in the list.
    static func paired(
        generated: [Landmark], reference: [Landmark]
    ) throws(DeformationError) -> [LandmarkError] {
        func table(_ landmarks: [Landmark]) throws(DeformationError) -> [Key: SIMD3<Double>] {
            var table: [Key: SIMD3<Double>] = [:]
            for mark in landmarks {
                let key = Key(name: mark.name, phase: mark.phase, observer: mark.observer)
                guard table.updateValue(mark.positionMM, forKey: key) == nil else {
                    throw .duplicateLandmark(mark.name)
                }
            }
            return table
        }
        let found = try table(generated)
        let wanted = try table(reference)
        for mark in generated
        where wanted[Key(name: mark.name, phase: mark.phase, observer: mark.observer)] == nil {
            throw .unmatchedLandmark(mark.name)
        }
        var errors: [LandmarkError] = []
        for mark in reference {
            guard let position = found[Key(name: mark.name, phase: mark.phase, observer: mark.observer)] else {
                throw .unmatchedLandmark(mark.name)
            }
            errors.append(
                LandmarkError(
                    name: mark.name, phase: mark.phase, observer: mark.observer,
                    error: position - mark.positionMM))
        }
        return errors
    }

    /// Mean distance, in the coronal plane, between the errors that two observers found for one landmark.
    ///
    /// What two people cannot agree on, no landmark study can show to be smaller. Nil with fewer than two observers.
    static func interObserverMM(_ errors: [LandmarkError], projection: DisplacementProjection) -> Double? {
        var groups: [Key: [SIMD3<Double>]] = [:]
        var order: [Key] = []
        for error in errors where error.observer != nil {
            let key = Key(name: error.name, phase: error.phase, observer: nil)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(error.error)
        }
        var distances: [Double] = []
        for key in order {
            let marks = groups[key] ?? []
            for first in marks.indices {
                for second in marks.indices where second > first {
                    distances.append(projection.coronal(marks[first] - marks[second]))
                }
            }
        }
        return distances.isEmpty ? nil : distances.reduce(0, +) / Double(distances.count)
    }
}
