import Cohort
import Metrics

/// Turns a document that passed the schema into the typed model.
///
/// The schema guarantees that every required attribute is there; what it cannot guarantee, such as a number within the range of doubles, is
/// a finding here.
struct ProtocolReader {
    private(set) var findings: [ProtocolDiagnostic] = []

    mutating func studyProtocol(_ root: XMLElement) -> StudyProtocol {
        let sites = root.child("Sites")
        let sample = root.child("SampleSize")
        let report = root.child("Report")
        let direction = root.child("Direction")
        let target = direction?.attributes["Target"] ?? ""
        return StudyProtocol(
            identity: identity(root), amendments: root.children("Amendment").map(amendment),
            sourceSeries: direction?.attributes["Source"] ?? "", targetSeries: target,
            sites: sites?.children("SiteRef").map { site($0) } ?? [],
            minimumSites: sites.map { count($0, "Minimum") } ?? 1,
            analysisSets: analysisSets(root.child("AnalysisSets")),
            measurement: measurement(root.child("Measurement")),
            endpoints: root.child("Endpoints")?.children.map { endpoint($0, isCT: target == "CT") } ?? [],
            criteria: root.child("Criteria")?.children.map { criterion($0) } ?? [],
            margins: root.child("RegressionMargins")?.children.map { margin($0) } ?? [],
            statistics: statistics(root.child("Statistics")),
            subgroups: root.child("Subgroups")?.children.map { subgroup($0) } ?? [],
            edgeCases: root.child("EdgeCases")?.children.map { edgeCase($0) } ?? [],
            referenceClaims: root.child("ReferenceClaims")?.children.map { claim($0) } ?? [],
            plannedCases: sample?.attributes["PlannedCases"].flatMap(StrictNumber.integer),
            sampleSizeJustification: sample?.text ?? "",
            reportTemplate: report?.attributes["Template"] ?? "",
            allowsPictures: report?.attributes["Pictures"] == "yes",
            allowsPictureExport: report?.attributes["PicturesLeaveSite"] == "yes",
            limitations: root.children("Limitation").map(\.text))
    }

    private func identity(_ root: XMLElement) -> StudyProtocol.Identity {
        let identity = root.child("Identity")
        func text(_ name: String) -> String { identity?.child(name)?.text ?? "" }
        return StudyProtocol.Identity(
            studyOID: root.attributes["StudyOID"] ?? "",
            metaDataVersionOID: root.attributes["MetaDataVersionOID"] ?? "",
            version: root.attributes["Version"] ?? "",
            purpose: choice(identity, "Purpose", .demonstration), title: text("Title"),
            intendedUse: text("IntendedUse"), plainSummary: text("PlainSummary"), sponsor: text("Sponsor"),
            ethicsReference: text("EthicsReference"), funding: text("Funding"), conflicts: text("Conflicts"),
            availability: text("Availability"))
    }

    private func amendment(_ element: XMLElement) -> StudyProtocol.Amendment {
        StudyProtocol.Amendment(
            previousSHA256: element.attributes["PreviousSHA256"] ?? "", date: element.attributes["Date"] ?? "",
            isBeforeDataLock: element.attributes["BeforeDataLock"] == "yes", reason: element.text)
    }

    private mutating func site(_ element: XMLElement) -> StudyProtocol.Site {
        StudyProtocol.Site(
            oid: element.attributes["SiteOID"] ?? "", name: element.attributes["Name"] ?? "",
            country: element.attributes["Country"], ethicsReference: element.attributes["EthicsReference"],
            plannedCases: element.attributes["PlannedCases"].flatMap(StrictNumber.integer))
    }

    private mutating func analysisSets(_ element: XMLElement?) -> StudyProtocol.AnalysisSets {
        StudyProtocol.AnalysisSets(
            primary: choice(element, "Primary", .fullAnalysis),
            maximumRegistrationErrorMM: optionalNumber(element, "MaximumRegistrationErrorMM"),
            maximumSliceMM: optionalNumber(element, "MaximumSliceMM"))
    }

    private mutating func measurement(_ element: XMLElement?) -> StudyProtocol.MeasurementSettings {
        // The rules of the design where the protocol states none.
        var ranges: [String: StudyProtocol.RangeRule] = [
            "CT": .fixed(lower: -1024, upper: 3071), "MR": .percentiles(lower: 0.1, upper: 99.9),
        ]
        var stated: Set<String> = []
        for range in element?.children ?? [] where range.name != "Metric" {
            let modality = range.attributes["Modality"] ?? ""
            if !stated.insert(modality).inserted { add(range, "\(modality) has more than one range; state one") }
            let (lower, upper) = (number(range, "Lower"), number(range, "Upper"))
            if range.name == "FixedRange" {
                if lower >= upper { add(range, "Lower has to be less than Upper") }
                ranges[modality] = .fixed(lower: lower, upper: upper)
            } else {
                if lower >= upper || upper > 100 { add(range, "percentiles have to be 0 ≤ Lower < Upper ≤ 100") }
                ranges[modality] = .percentiles(lower: lower, upper: upper)
            }
        }
        let metrics = element?.children("Metric").map(\.text) ?? []
        return StudyProtocol.MeasurementSettings(
            rangeCT: ranges["CT"] ?? .fixed(lower: -1024, upper: 3071),
            rangeMR: ranges["MR"] ?? .percentiles(lower: 0.1, upper: 99.9),
            vesselToleranceMM: optionalNumber(element, "VesselToleranceMM"),
            nsdToleranceMM: element.map { number($0, "NSDToleranceMM") } ?? 0,
            resampling: choice(element, "Resampling", .none), segmentation: element?.attributes["Segmentation"],
            registration: element?.attributes["Registration"], metrics: metrics.isEmpty ? nil : metrics)
    }

    private mutating func endpoint(_ element: XMLElement, isCT: Bool) -> StudyProtocol.Endpoint {
        let metric = element.attributes["Metric"] ?? ""
        let unit = MetricCatalog.definition(of: metric)?.unit ?? "1"
        let estimator: StudyProtocol.Estimator = choice(element, "Estimator", .mean)
        return StudyProtocol.Endpoint(
            oid: element.attributes["OID"] ?? "", name: element.attributes["Name"] ?? "",
            role: choice(element, "Role", .secondary), metric: metric,
            structure: element.attributes["Structure"] ?? "", caseSummary: choice(element, "CaseSummary", .value),
            estimator: estimator, caseLimit: optionalNumber(element, "CaseLimit"),
            better: choice(element, "Better", .higher),
            // Intensities have HU in CT only; those of MR are on the scale of their series.
            unit: estimator == .proportion ? "1" : unit == "HU" && !isCT ? "a.u." : unit)
    }

    private mutating func criterion(_ element: XMLElement) -> StudyProtocol.Criterion {
        StudyProtocol.Criterion(
            oid: element.attributes["OID"] ?? "", endpointOID: element.attributes["EndpointOID"] ?? "",
            threshold: number(element, "Threshold"), minimumCases: count(element, "MinimumCases"),
            interval: choice(element, "Interval", .standard), rationale: element.text)
    }

    private mutating func margin(_ element: XMLElement) -> StudyProtocol.RegressionMargin {
        StudyProtocol.RegressionMargin(
            endpointOID: element.attributes["EndpointOID"] ?? "", nonInferiority: number(element, "NonInferiority"),
            equivalence: optionalNumber(element, "Equivalence"), rationale: element.text)
    }

    private mutating func statistics(_ element: XMLElement?) -> StudyProtocol.StatisticalPlan {
        var seed: UInt64 = 0
        if let element, let text = element.attributes["BootstrapSeed"] {
            if let value = UInt64(text) {
                seed = value
            } else {
                add(element, "BootstrapSeed does not fit 64 bits")
            }
        }
        return StudyProtocol.StatisticalPlan(
            alpha: element.map { number($0, "Alpha") } ?? 0.05,
            primaryMultiplicity: choice(element, "PrimaryMultiplicity", .intersectionUnion),
            secondaryMultiplicity: choice(element, "SecondaryMultiplicity", .holm),
            missingData: choice(element, "MissingData", .missingAsFailure),
            outliers: choice(element, "Outliers", .tukey),
            bootstrapResamples: element.map { count($0, "BootstrapResamples") } ?? 9999, bootstrapSeed: seed)
    }

    private mutating func subgroup(_ element: XMLElement) -> StudyProtocol.Subgroup {
        StudyProtocol.Subgroup(
            covariate: element.attributes["Covariate"] ?? "", bins: element.children.map { number($0, "UpTo") })
    }

    private mutating func edgeCase(_ element: XMLElement) -> StudyProtocol.EdgeCaseRule {
        StudyProtocol.EdgeCaseRule(
            metric: element.attributes["Metric"] ?? "", referenceEmpty: edgeAction(element, "ReferenceEmpty"),
            generatedEmpty: edgeAction(element, "GeneratedEmpty"), bothEmpty: edgeAction(element, "BothEmpty"))
    }

    private mutating func edgeAction(_ element: XMLElement, _ name: String) -> StudyProtocol.EdgeCaseAction {
        switch element.attributes[name] {
        case "not-computed": .notComputed
        case "true-negative": .trueNegative
        case "imputed-worst": .imputedWorst
        default: .value(number(element, name))
        }
    }

    private mutating func claim(_ element: XMLElement) -> StudyProtocol.ReferenceClaim {
        StudyProtocol.ReferenceClaim(
            endpointOID: element.attributes["EndpointOID"] ?? "", value: number(element, "Value"),
            spread: optionalNumber(element, "Spread"), source: element.text)
    }

    // MARK: - Values

    private mutating func add(_ element: XMLElement, _ message: String) {
        findings.append(ProtocolDiagnostic(line: element.line, element: element.name, message: message))
    }

    private mutating func number(_ element: XMLElement, _ name: String) -> Double {
        guard let value = element.attributes[name].flatMap(StrictNumber.double) else {
            add(element, "\(name) is not a number within range; a decimal number such as 0.95 is expected")
            return 0
        }
        return value
    }

    private mutating func optionalNumber(_ element: XMLElement?, _ name: String) -> Double? {
        guard let element, element.attributes[name] != nil else { return nil }
        return number(element, name)
    }

    private mutating func count(_ element: XMLElement, _ name: String) -> Int {
        guard let value = element.attributes[name].flatMap(StrictNumber.integer) else {
            add(element, "\(name) is not a whole number")
            return 0
        }
        return value
    }

    private func choice<Choice: RawRepresentable<String>>(
        _ element: XMLElement?, _ name: String, _ fallback: Choice
    ) -> Choice {
        element?.attributes[name].flatMap(Choice.init(rawValue:)) ?? fallback
    }
}
