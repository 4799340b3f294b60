import Dispatch

/// The same work for each of many rows, on every core; results and errors are those of a plain loop.
enum ParallelRows {
    /// - Parameters:
    ///   - share: Rows that are done one after the other; 1 where a row is long work.
    ///   - transform: Gets the row's number and the row; has to be free of side effects.
    /// - Throws: What the first failing row threw.
    static func map<Row, Value, Failure: Error>(
        _ rows: [Row], share: Int = 2048, _ transform: (Int, Row) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        let chunks = (rows.count + share - 1) / share
        var outcomes = [Result<[Value], Failure>?](repeating: nil, count: chunks)
        outcomes.withUnsafeMutableBufferPointer { buffer in
            // Each iteration writes to its own place.
            nonisolated(unsafe) let places = buffer
            nonisolated(unsafe) let work = transform
            nonisolated(unsafe) let rows = rows
            DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
                let range = chunk * share..<min((chunk + 1) * share, rows.count)
                var values: [Value] = []
                values.reserveCapacity(range.count)
                do throws(Failure) {
                    for index in range { values.append(try work(index, rows[index])) }
                    places[chunk] = .success(values)
                } catch { places[chunk] = .failure(error) }
            }
        }
        var values: [Value] = []
        values.reserveCapacity(rows.count)
        for outcome in outcomes {
            if let outcome { values += try outcome.get() }
        }
        return values
    }
}
