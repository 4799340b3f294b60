/// A study protocol as its XML file says it, after schema and rules were checked.
///
/// Written before the data are seen; a run is bound to it by the SHA-256 of the file's bytes.
public struct StudyProtocol: Sendable, Equatable {
    /// What the study is for.
    public enum Purpose: String, Sendable, CaseIterable {
        /// Evidence before a model is used.
        case preDeployment = "pre-deployment"
        /// A retrained model against the one before it.
        case retraining
        /// A demonstration on data that are no evidence for patients.
        case demonstration
    }

    /// Who and what: the texts of cover and plan.
    public struct Identity: Sendable, Equatable {
        /// ODM StudyOID.
        public var studyOID: String
        /// ODM MetaDataVersionOID.
        public var metaDataVersionOID: String
        /// Version of the protocol, such as `1.0`.
        public var version: String
        /// What the study is for.
        public var purpose: Purpose
        /// Title.
        public var title: String
        /// Intended use of the system under test.
        public var intendedUse: String
        /// The study in plain words, for lay members of a board; empty if not given.
        public var plainSummary: String
        /// Sponsor.
        public var sponsor: String
        /// Reference of the ethics vote.
        public var ethicsReference: String
        /// Funding; empty if not given.
        public var funding: String
        /// Conflicts of interest; empty if not given.
        public var conflicts: String
        /// Availability of data and code; empty if not given.
        public var availability: String
    }

    /// A site that takes part.
    public struct Site: Sendable, Equatable {
        /// ODM SiteOID, the `site` of the cohort's manifest.
        public var oid: String
        /// Name for people.
        public var name: String
        /// Country, if given.
        public var country: String?
        /// Reference of the site's ethics vote, if given.
        public var ethicsReference: String?
        /// Number of cases planned there, if given.
        public var plannedCases: Int?
    }

    /// The change from an earlier version of this protocol.
    public struct Amendment: Sendable, Equatable {
        /// SHA-256 of the file that this version replaces.
        public var previousSHA256: String
        /// Date, `YYYY-MM-DD`.
        public var date: String
        /// Whether the change was made before the data were locked.
        public var isBeforeDataLock: Bool
        /// What changed and why.
        public var reason: String
    }

    /// Texts that identify the study.
    public var identity: Identity
    /// Changes since the first version, oldest first.
    public var amendments: [Amendment]
    /// Series that goes into the generator, as in the manifest (`CT`, `MR-T1`).
    public var sourceSeries: String
    /// Series that is generated.
    public var targetSeries: String
    /// Sites; empty when the protocol takes every site of the cohort.
    public var sites: [Site]
    /// Fewest sites for a multi-site claim.
    public var minimumSites: Int
    /// Which cases count.
    public var analysisSets: AnalysisSets
    /// Settings of the measurements.
    public var measurement: MeasurementSettings
    /// Endpoints in the order of the file.
    public var endpoints: [Endpoint]
    /// Criteria in the order of the file.
    public var criteria: [Criterion]
    /// Margins of the regression gate.
    public var margins: [RegressionMargin]
    /// Rules of the statistics.
    public var statistics: StatisticalPlan
    /// Covariates that are looked at, exploratory.
    public var subgroups: [Subgroup]
    /// What an aggregate does with undefined values, by metric.
    public var edgeCases: [EdgeCaseRule]
    /// Figures published by others, printed beside the results.
    public var referenceClaims: [ReferenceClaim]
    /// Number of cases planned, if given.
    public var plannedCases: Int?
    /// Why this number.
    public var sampleSizeJustification: String
    /// Template of the report, such as `study`.
    public var reportTemplate: String
    /// Whether pictures of cases may be made and stored.
    public var allowsPictures: Bool
    /// Whether pictures may leave a site.
    public var allowsPictureExport: Bool
    /// Limitations that the authors state; printed with the automatic ones.
    public var limitations: [String]

    /// The endpoint with an OID.
    public func endpoint(_ oid: String) -> Endpoint? { endpoints.first { $0.oid == oid } }

    /// The criteria on an endpoint.
    public func criteria(on endpoint: String) -> [Criterion] { criteria.filter { $0.endpointOID == endpoint } }

    /// Published figures for an endpoint.
    public func claims(on endpoint: String) -> [ReferenceClaim] {
        referenceClaims.filter { $0.endpointOID == endpoint }
    }

    /// The rule for undefined values of a metric: its own, or the one for all (`*`).
    public func edgeCase(of metric: String) -> EdgeCaseRule? {
        edgeCases.first { $0.metric == metric } ?? edgeCases.first { $0.metric == "*" }
    }

    /// Direction of the study in words, such as `CT → MR-T1`.
    public var direction: String { "\(sourceSeries) → \(targetSeries)" }
}
