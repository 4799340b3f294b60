import Testing

@testable import Statistics

struct GroupTestTests {
    /// Groups of the fixture by name.
    private func cases() throws -> [(name: String, levels: [[Double]], expected: Golden)] {
        let golden = try Golden("groups_r")
        return try [
            "two_levels", "two_levels_one_constant", "three_levels", "ties", "small_scale", "far_apart", "two_each",
            "shares",
        ].map {
            let item = try golden[$0]
            return ($0, try item["levels"].items.map { try $0.numbers }, item)
        }
    }

    @Test func welchAgreesWithR() throws {
        for (name, levels, expected) in try cases() {
            let test = try GroupTest(levels)
            #expect(test.method == (levels.count == 2 ? .welchT : .welchANOVA), "\(name)")
            #expect(close(test.statistic, try expected["welch", "statistic"].number, 1e-10), "\(name)")
            #expect(test.numeratorDegreesOfFreedom == (try expected["welch", "numerator"].number), "\(name)")
            #expect(
                close(test.denominatorDegreesOfFreedom, try expected["welch", "denominator"].number, 1e-10), "\(name)")
            #expect(close(test.p, try expected["welch", "p"].number, 1e-10, absolute: 0), "\(name)")
        }
    }

    @Test func kruskalWallisAgreesWithR() throws {
        for (name, levels, expected) in try cases() {
            let test = try KruskalWallisTest(levels)
            #expect(
                close(test.statistic, try expected["kruskal_wallis", "statistic"].number, 1e-10, absolute: 1e-12),
                "\(name)")
            #expect(
                test.degreesOfFreedom == (try expected["kruskal_wallis", "degrees_of_freedom"].number), "\(name)")
            #expect(close(test.p, try expected["kruskal_wallis", "p"].number, 1e-10, absolute: 0), "\(name)")
        }
        #expect(try KruskalWallisTest([[1, 2, 2], [2, 3]]).hasTies)
        #expect(try !KruskalWallisTest([[1, 2], [4, 3]]).hasTies)
    }

    @Test func theOrderOfValuesAndTheirScaleChangeNothing() throws {
        for (name, levels, _) in try cases() {
            let test = try GroupTest(levels)
            let ranks = try KruskalWallisTest(levels)
            let turned = levels.map { Array($0.reversed()) }
            #expect(try GroupTest(turned) == test, "\(name)")
            #expect(try KruskalWallisTest(turned) == ranks, "\(name)")
            // A power of two moves no bit of the mantissa.
            let scaled = levels.map { $0.map { $0 * 1024 } }
            #expect(try GroupTest(scaled) == test, "\(name)")
            #expect(try KruskalWallisTest(scaled) == ranks, "\(name)")
            let swapped = try GroupTest(levels.reversed())
            #expect(close(swapped.p, test.p, 1e-12), "\(name)")
            #expect(abs(swapped.statistic) == abs(test.statistic) || levels.count > 2, "\(name)")
        }
    }

    @Test func whatCannotBeTestedIsATypedOutcome() throws {
        #expect(throws: StatisticsError.tooFew("levels", minimum: 2, found: 1)) { try GroupTest([[1, 2]]) }
        #expect(throws: StatisticsError.tooFew("levels", minimum: 2, found: 0)) { try KruskalWallisTest([]) }
        for levels in [[[1], [2, 3]], [[2, 3], [1]]] as [[[Double]]] {
            let error = StatisticsError.tooFew("values of a level", minimum: 2, found: 1)
            #expect(throws: error) { try GroupTest(levels) }
            #expect(throws: error) { try KruskalWallisTest(levels) }
        }
        #expect(throws: StatisticsError.noVariation) { try GroupTest([[1, 1], [1, 1, 1]]) }
        #expect(throws: StatisticsError.noVariation) { try KruskalWallisTest([[1, 1], [1, 1], [1, 1]]) }
        // Means that differ without any spread have no t; ranks do.
        #expect(throws: StatisticsError.noVariance(index: 0)) { try GroupTest([[1, 1], [2, 2]]) }
        #expect(throws: StatisticsError.noVariance(index: 1)) { try GroupTest([[1, 2], [5, 5], [2, 3]]) }
        #expect(try KruskalWallisTest([[1, 1], [2, 2]]).statistic > 0)
        #expect(throws: StatisticsError.notFinite(index: 1)) { try GroupTest([[1, .nan], [2, 3]]) }
    }
}
