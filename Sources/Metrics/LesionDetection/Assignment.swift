/// One-to-one assignment of rows to columns with the largest total weight.
///
/// Pairs that carry no weight stay apart. The graph is cut into its connected parts first, so that many small lesions
/// cost little. Source: Kuhn 1955, doi:10.1002/nav.3800020109, in the shortest augmenting path form.
///
/// - Parameters:
///   - rows: Number of rows.
///   - columns: Number of columns.
///   - weights: Positive weights of the pairs that may be assigned.
/// - Returns: The assigned pairs, by row.
func maximumWeightAssignment(
    rows: Int, columns: Int, weights: [(row: Int, column: Int, weight: Double)]
) -> [(row: Int, column: Int)] {
    var edgesOfRow = [[Int]](repeating: [], count: rows)
    var edgesOfColumn = [[Int]](repeating: [], count: columns)
    for (index, edge) in weights.enumerated() {
        edgesOfRow[edge.row].append(index)
        edgesOfColumn[edge.column].append(index)
    }
    var seenRow = [Bool](repeating: false, count: rows)
    var seenColumn = [Bool](repeating: false, count: columns)
    var result: [(row: Int, column: Int)] = []
    for start in 0..<rows where !seenRow[start] && !edgesOfRow[start].isEmpty {
        var partRows = [start]
        var partColumns: [Int] = []
        var partEdges: Set<Int> = []
        seenRow[start] = true
        var next = 0
        while next < partRows.count {
            for edge in edgesOfRow[partRows[next]] {
                partEdges.insert(edge)
                let column = weights[edge].column
                if seenColumn[column] { continue }
                seenColumn[column] = true
                partColumns.append(column)
                for other in edgesOfColumn[column] where !seenRow[weights[other].row] {
                    seenRow[weights[other].row] = true
                    partRows.append(weights[other].row)
                }
            }
            next += 1
        }
        partRows.sort()
        partColumns.sort()
        let edges = partEdges.sorted().map { weights[$0] }
        result += assignment(inPart: partRows, partColumns, edges)
    }
    return result.sorted { $0.row < $1.row }
}

private func assignment(
    inPart rows: [Int], _ columns: [Int], _ edges: [(row: Int, column: Int, weight: Double)]
) -> [(row: Int, column: Int)] {
    if edges.count == 1 { return [(edges[0].row, edges[0].column)] }
    let isTransposed = rows.count > columns.count
    let short = isTransposed ? columns : rows
    let long = isTransposed ? rows : columns
    let shortPosition = Dictionary(uniqueKeysWithValues: short.enumerated().map { ($1, $0) })
    let longPosition = Dictionary(uniqueKeysWithValues: long.enumerated().map { ($1, $0) })
    var cost = [[Double]](repeating: [Double](repeating: 0, count: long.count), count: short.count)
    for edge in edges {
        guard let s = shortPosition[isTransposed ? edge.column : edge.row],
            let l = longPosition[isTransposed ? edge.row : edge.column]
        else { continue }
        cost[s][l] = -edge.weight
    }
    var result: [(row: Int, column: Int)] = []
    for (l, s) in cheapestAssignment(cost).enumerated() {
        guard let s, cost[s][l] < 0 else { continue }
        result.append(isTransposed ? (long[l], short[s]) : (short[s], long[l]))
    }
    return result
}

/// For each column the row assigned to it, such that the costs add up to the least; no more rows than columns.
private func cheapestAssignment(_ cost: [[Double]]) -> [Int?] {
    let n = cost.count
    let m = cost.first?.count ?? 0
    // Row and column 0 are the imagined start of each augmenting path; the potentials keep reduced costs positive.
    var rowPotential = [Double](repeating: 0, count: n + 1)
    var columnPotential = [Double](repeating: 0, count: m + 1)
    var rowOfColumn = [Int](repeating: 0, count: m + 1)
    for row in 1..<n + 1 {
        rowOfColumn[0] = row
        var column = 0
        var least = [Double](repeating: .infinity, count: m + 1)
        var before = [Int](repeating: 0, count: m + 1)
        var used = [Bool](repeating: false, count: m + 1)
        repeat {
            used[column] = true
            let current = rowOfColumn[column]
            var delta = Double.infinity
            var nextColumn = 0
            for other in 1..<m + 1 where !used[other] {
                let reduced = cost[current - 1][other - 1] - rowPotential[current] - columnPotential[other]
                if reduced < least[other] {
                    least[other] = reduced
                    before[other] = column
                }
                if least[other] < delta {
                    delta = least[other]
                    nextColumn = other
                }
            }
            for other in 0..<m + 1 {
                if used[other] {
                    rowPotential[rowOfColumn[other]] += delta
                    columnPotential[other] -= delta
                } else {
                    least[other] -= delta
                }
            }
            column = nextColumn
        } while rowOfColumn[column] != 0
        while column != 0 {
            rowOfColumn[column] = rowOfColumn[before[column]]
            column = before[column]
        }
    }
    return rowOfColumn.dropFirst().map { $0 == 0 ? nil : $0 - 1 }
}
