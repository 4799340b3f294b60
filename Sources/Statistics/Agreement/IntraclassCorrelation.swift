/// Intraclass correlations of targets that several raters (sites, seeds, readers) measured.
public struct IntraclassCorrelation: Equatable, Sendable {
    /// Which correlation.
    public enum Form: String, Equatable, Sendable, CaseIterable {
        /// Other raters for every target, one rating.
        case oneWay = "ICC(1,1)"
        /// The same raters, absolute agreement, one rating.
        case agreement = "ICC(A,1)"
        /// The same raters, consistency, one rating.
        case consistency = "ICC(C,1)"
        /// Other raters for every target, mean of the ratings.
        case oneWayMean = "ICC(1,k)"
        /// The same raters, absolute agreement, mean of the ratings.
        case agreementMean = "ICC(A,k)"
        /// The same raters, consistency, mean of the ratings.
        case consistencyMean = "ICC(C,k)"
    }

    /// Which correlation.
    public let form: Form
    /// The correlation.
    public let estimate: Double
    /// F against no correlation.
    public let f: Double
    /// Degrees of freedom of the numerator.
    public let numeratorFreedom: Double
    /// Degrees of freedom of the denominator.
    public let denominatorFreedom: Double
    /// p-value of F.
    public let p: Double
    /// Interval of the correlation.
    public let interval: Interval

    /// Computes one form.
    ///
    /// - Parameters:
    ///   - form: Which.
    ///   - ratings: One row per target, one column per rater; two of each at least.
    /// - Throws: `.tooFew`, `.lengthMismatch` for ragged rows, `.notFinite` (row-major index), `.noVariation` where a mean square is zero.
    /// - Source: McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30; Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420.
    public init(_ form: Form, ratings: [[Double]], level: Double = 0.95) throws(StatisticsError) {
        try checkLevel(level)
        let squares = try MeanSquares(ratings)
        let (n, k) = (squares.targets, squares.raters)
        let (rows, columns, error, within) = (squares.rows, squares.columns, squares.error, squares.within)
        let isOneWay = form == .oneWay || form == .oneWayMean
        let noise = isOneWay ? within : error
        guard noise > 0, rows > 0 else { throw .noVariation }
        self.form = form
        f = rows / noise
        numeratorFreedom = n - 1
        denominatorFreedom = isOneWay ? n * (k - 1) : (n - 1) * (k - 1)
        p = FDistribution(numerator: numeratorFreedom, denominator: denominatorFreedom).probability(above: f)
        let upperTail = (1 + level) / 2
        func quantile(_ a: Double, _ b: Double) -> Double {
            FDistribution(numerator: a, denominator: b).quantile(upperTail)
        }
        switch form {
        case .oneWay, .consistency, .oneWayMean, .consistencyMean:
            let low = f / quantile(numeratorFreedom, denominatorFreedom)
            let high = f * quantile(denominatorFreedom, numeratorFreedom)
            if form == .oneWay || form == .consistency {
                estimate = (rows - noise) / (rows + (k - 1) * noise)
                interval = Interval(lower: (low - 1) / (low + k - 1), upper: (high - 1) / (high + k - 1), level: level)
            } else {
                estimate = (rows - noise) / rows
                interval = Interval(lower: 1 - 1 / low, upper: 1 - 1 / high, level: level)
            }
        case .agreement, .agreementMean:
            let single = (rows - error) / (rows + (k - 1) * error + k / n * (columns - error))
            let ratio = columns / error
            let rest = n * (1 + (k - 1) * single) - k * single
            let top = (k - 1) * (n - 1) * (k * single * ratio + rest) * (k * single * ratio + rest)
            let bottom = (n - 1) * k * k * single * single * ratio * ratio + rest * rest
            let freedom = top / bottom
            let upper = quantile(n - 1, freedom)
            let lower = quantile(freedom, n - 1)
            let mixed = k * columns + (k * n - k - n) * error
            let low = n * (rows - upper * error) / (upper * mixed + n * rows)
            let high = n * (lower * rows - error) / (mixed + n * lower * rows)
            if form == .agreement {
                estimate = single
                interval = Interval(lower: low, upper: high, level: level)
            } else {
                estimate = (rows - error) / (rows + (columns - error) / n)
                interval = Interval(
                    lower: low * k / (1 + low * (k - 1)), upper: high * k / (1 + high * (k - 1)), level: level)
            }
        }
    }
}

/// Mean squares of a table of targets and raters.
private struct MeanSquares {
    let targets: Double
    let raters: Double
    let rows: Double
    let columns: Double
    let error: Double
    let within: Double

    init(_ ratings: [[Double]]) throws(StatisticsError) {
        guard ratings.count > 1 else { throw .tooFew("targets", minimum: 2, found: ratings.count) }
        let k = ratings[0].count
        guard k > 1 else { throw .tooFew("raters", minimum: 2, found: k) }
        if let row = ratings.first(where: { $0.count != k }) { throw .lengthMismatch(k, row.count) }
        let all = ratings.flatMap { $0 }
        if let index = all.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
        let n = ratings.count
        targets = Double(n)
        raters = Double(k)
        let grand = exactSum(all) / Double(n * k)
        let rowMeans = ratings.map { exactSum($0) / Double(k) }
        let columnMeans = (0..<k).map { column in exactSum(ratings) { $0[column] } / Double(n) }
        rows = Double(k) * exactSum(rowMeans) { ($0 - grand) * ($0 - grand) } / Double(n - 1)
        columns = Double(n) * exactSum(columnMeans) { ($0 - grand) * ($0 - grand) } / Double(k - 1)
        var residuals: [Double] = []
        var deviations: [Double] = []
        for (row, mean) in zip(ratings, rowMeans) {
            for (value, column) in zip(row, columnMeans) {
                let residual = value - mean - column + grand
                residuals.append(residual * residual)
                deviations.append((value - mean) * (value - mean))
            }
        }
        error = exactSum(residuals) / Double((n - 1) * (k - 1))
        within = exactSum(deviations) / Double(n * (k - 1))
    }
}
