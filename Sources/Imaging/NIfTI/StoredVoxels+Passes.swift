/// Smallest and largest finite stored value, and how many are not finite.
struct StoredRange: Sendable {
    var minimum = Double.infinity
    var maximum = -Double.infinity
    var nonFiniteCount = 0
    var isEmpty: Bool { minimum > maximum }
}

/// Finds the range of the stored values.
struct RangePass: StoredVisitor {
    func visit<T: StoredScalar>(_ values: Values<T>) -> StoredRange {
        var low = T.highest
        var high = T.lowest
        var finite = 0
        values.forEach { _, value in
            let counts = value.isFiniteValue
            finite += counts ? 1 : 0
            low = counts && value < low ? value : low
            high = counts && high < value ? value : high
        }
        let nonFinite = values.range.count - finite
        guard finite > 0 else { return StoredRange(nonFiniteCount: nonFinite) }
        return StoredRange(minimum: low.asDouble, maximum: high.asDouble, nonFiniteCount: nonFinite)
    }
}

/// Real values as Float; slope and intercept are applied in Double.
struct FloatPass: StoredVisitor {
    let scaling: (slope: Double, intercept: Double)?

    func visit<T: StoredScalar>(_ values: Values<T>) -> [Float] {
        [Float](unsafeUninitializedCapacity: values.range.count) { buffer, initialized in
            if let base = buffer.baseAddress {
                if let scaling {
                    let (slope, intercept) = scaling
                    values.forEach { index, value in
                        (base + index).initialize(to: Float(value.asDouble * slope + intercept))
                    }
                } else {
                    values.forEach { index, value in (base + index).initialize(to: value.asFloat) }
                }
            }
            initialized = values.range.count
        }
    }
}

/// What a label becomes in memory.
protocol LabelStorage: BitwiseCopyable {
    init(label: Int32)
}

extension Int32: LabelStorage {
    init(label: Int32) { self = label }
}

/// In a mask every object is inside, whatever its number.
extension UInt8: LabelStorage {
    init(label: Int32) { self = label == 0 ? 0 : 1 }
}

/// The first value that is no label, with its place.
struct LabelProblem: Error {
    let offset: Int
    let value: Double
}

/// Real values as labels (integers from 0 to Int32.max) or as the mask of the labelled voxels.
struct LabelPass<Storage: LabelStorage>: StoredVisitor {
    let scaling: (slope: Double, intercept: Double)?

    func visit<T: StoredScalar>(_ values: Values<T>) -> Result<[Storage], LabelProblem> {
        var problem: LabelProblem?
        let labels = [Storage](unsafeUninitializedCapacity: values.range.count) { buffer, initialized in
            if let base = buffer.baseAddress {
                values.forEach { index, value in
                    let label = label(of: value)
                    if let label, label >= 0 {
                        (base + index).initialize(to: Storage(label: label))
                    } else {
                        (base + index).initialize(to: Storage(label: 0))
                        if problem == nil { problem = LabelProblem(offset: index, value: real(value)) }
                    }
                }
            }
            initialized = values.range.count
        }
        if let problem { return .failure(problem) }
        return .success(labels)
    }

    @inline(__always)
    private func label(of value: some StoredScalar) -> Int32? {
        guard let scaling else { return value.asLabel }
        return Int32(exactly: value.asDouble * scaling.slope + scaling.intercept)
    }

    private func real(_ value: some StoredScalar) -> Double {
        scaling.map { value.asDouble * $0.slope + $0.intercept } ?? value.asDouble
    }
}
