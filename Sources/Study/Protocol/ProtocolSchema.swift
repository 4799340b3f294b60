import Cohort

/// The one schema that protocols are validated against: `protocols/protocol.xsd`, carried inside the command so that no file decides it.
public enum ProtocolSchema {
    /// Namespace of every element.
    public static let namespace = "urn:aphidiff-validate:protocol:1"

    /// SHA-256 of the schema's bytes, recorded with every run.
    public static let sha256: String = FileDigest.sha256(bytes)

    /// Exact bytes of the schema.
    public static let bytes: [UInt8] = Array(text.utf8)

    /// The pattern of a simple type, or nil when it has none.
    static func pattern(of type: String) -> String? {
        guard let start = text.firstRange(of: "<xs:simpleType name=\"\(type)\">"),
            let end = text[start.upperBound...].firstRange(of: "</xs:simpleType>"),
            let value = text[start.upperBound..<end.lowerBound].firstRange(of: "<xs:pattern value=\"")
        else { return nil }
        return text[value.upperBound...].prefix { $0 != "\"" }.description
    }

    // A test holds this text against the file.
    private static let text = #"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- Form of a study protocol. The command carries this file inside itself and follows no other schema. -->
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:aphidiff-validate:protocol:1"
            targetNamespace="urn:aphidiff-validate:protocol:1" elementFormDefault="qualified" version="1">

          <!-- Values. ASCII digits only, a point, no thousands sign; never NaN, INF or hexadecimal. -->
          <xs:simpleType name="Number">
            <xs:restriction base="xs:string">
              <xs:pattern value="[+\-]?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+\-]?[0-9]{1,3})?"/>
            </xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="PositiveNumber">
            <xs:restriction base="xs:string">
              <xs:pattern value="[0-9]{1,15}(\.[0-9]{1,15})?([eE][+\-]?[0-9]{1,3})?"/>
            </xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Count">
            <xs:restriction base="xs:string"><xs:pattern value="[0-9]{1,9}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Seed">
            <xs:restriction base="xs:string"><xs:pattern value="[0-9]{1,19}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="YesNo">
            <xs:restriction base="xs:string"><xs:enumeration value="yes"/><xs:enumeration value="no"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="OID">
            <xs:restriction base="xs:string"><xs:pattern value="[A-Za-z0-9][A-Za-z0-9._\-]{0,63}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Version">
            <xs:restriction base="xs:string"><xs:pattern value="[0-9]{1,4}(\.[0-9]{1,4}){0,2}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Digest">
            <xs:restriction base="xs:string"><xs:pattern value="[0-9a-f]{64}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Day">
            <xs:restriction base="xs:string"><xs:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Name">
            <xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="200"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Text">
            <xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="4000"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Series">
            <xs:restriction base="xs:string"><xs:pattern value="CT|MR(-[A-Za-z0-9.\-]{1,29})?"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Metric">
            <xs:restriction base="xs:string">
              <xs:pattern value="[a-z0-9_]{1,40}(:[a-z0-9_\-]{1,40})?"/>
            </xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="MetricOrAll">
            <xs:restriction base="xs:string">
              <xs:pattern value="\*|[a-z0-9_]{1,40}(:[a-z0-9_\-]{1,40})?"/>
            </xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Structure">
            <xs:restriction base="xs:string"><xs:pattern value="[a-z_]{1,40}(:[0-9.]{1,8})?"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Covariate">
            <xs:restriction base="xs:string"><xs:pattern value="[a-z][a-z0-9_]{0,63}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="Method">
            <xs:restriction base="xs:string"><xs:pattern value="[a-z0-9_\-]{1,40}/[0-9]{1,4}"/></xs:restriction>
          </xs:simpleType>
          <xs:simpleType name="EdgeValue">
            <xs:restriction base="xs:string">
              <xs:pattern value="not-computed|true-negative|imputed-worst|[+\-]?[0-9]{1,15}(\.[0-9]{1,15})?"/>
            </xs:restriction>
          </xs:simpleType>

          <xs:element name="StudyProtocol">
            <xs:complexType>
              <xs:sequence>
                <xs:element name="Identity" type="Identity"/>
                <xs:element name="Amendment" type="Amendment" minOccurs="0" maxOccurs="50"/>
                <xs:element name="Direction" type="Direction"/>
                <xs:element name="Sites" type="Sites"/>
                <xs:element name="AnalysisSets" type="AnalysisSets"/>
                <xs:element name="Measurement" type="Measurement"/>
                <xs:element name="Endpoints" type="Endpoints"/>
                <xs:element name="Criteria" type="Criteria"/>
                <xs:element name="RegressionMargins" type="RegressionMargins" minOccurs="0"/>
                <xs:element name="Statistics" type="Statistics"/>
                <xs:element name="EdgeCases" type="EdgeCases" minOccurs="0"/>
                <xs:element name="Subgroups" type="Subgroups" minOccurs="0"/>
                <xs:element name="SampleSize" type="SampleSize"/>
                <xs:element name="ReferenceClaims" type="ReferenceClaims" minOccurs="0"/>
                <xs:element name="Limitation" type="Text" minOccurs="0" maxOccurs="20"/>
                <xs:element name="Report" type="Report"/>
              </xs:sequence>
              <xs:attribute name="StudyOID" type="OID" use="required"/>
              <xs:attribute name="MetaDataVersionOID" type="OID" use="required"/>
              <xs:attribute name="Version" type="Version" use="required"/>
            </xs:complexType>
          </xs:element>

          <xs:complexType name="Identity">
            <xs:sequence>
              <xs:element name="Title" type="Name"/>
              <xs:element name="IntendedUse" type="Text"/>
              <xs:element name="PlainSummary" type="Text" minOccurs="0"/>
              <xs:element name="Sponsor" type="Name"/>
              <xs:element name="EthicsReference" type="Name"/>
              <xs:element name="Funding" type="Text" minOccurs="0"/>
              <xs:element name="Conflicts" type="Text" minOccurs="0"/>
              <xs:element name="Availability" type="Text" minOccurs="0"/>
            </xs:sequence>
            <xs:attribute name="Purpose" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string">
                  <xs:enumeration value="pre-deployment"/>
                  <xs:enumeration value="retraining"/>
                  <xs:enumeration value="demonstration"/>
                </xs:restriction>
              </xs:simpleType>
            </xs:attribute>
          </xs:complexType>

          <xs:complexType name="Amendment">
            <xs:simpleContent>
              <xs:extension base="Text">
                <xs:attribute name="PreviousSHA256" type="Digest" use="required"/>
                <xs:attribute name="Date" type="Day" use="required"/>
                <xs:attribute name="BeforeDataLock" type="YesNo" use="required"/>
              </xs:extension>
            </xs:simpleContent>
          </xs:complexType>

          <xs:complexType name="Direction">
            <xs:attribute name="Source" type="Series" use="required"/>
            <xs:attribute name="Target" type="Series" use="required"/>
          </xs:complexType>

          <!-- No SiteRef: every site of the cohort. -->
          <xs:complexType name="Sites">
            <xs:sequence>
              <xs:element name="SiteRef" minOccurs="0" maxOccurs="200">
                <xs:complexType>
                  <xs:attribute name="SiteOID" type="OID" use="required"/>
                  <xs:attribute name="Name" type="Name" use="required"/>
                  <xs:attribute name="Country" type="Name"/>
                  <xs:attribute name="EthicsReference" type="Name"/>
                  <xs:attribute name="PlannedCases" type="Count"/>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
            <xs:attribute name="Minimum" type="Count" use="required"/>
          </xs:complexType>

          <xs:complexType name="AnalysisSets">
            <xs:attribute name="Primary" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string">
                  <xs:enumeration value="full-analysis"/>
                  <xs:enumeration value="per-protocol"/>
                </xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="MaximumRegistrationErrorMM" type="PositiveNumber"/>
            <xs:attribute name="MaximumSliceMM" type="PositiveNumber"/>
          </xs:complexType>

          <!-- No Metric: all that the inputs allow. The metrics of the endpoints are always measured. -->
          <xs:complexType name="Measurement">
            <xs:sequence>
              <xs:element name="FixedRange" minOccurs="0" maxOccurs="2">
                <xs:complexType>
                  <xs:attribute name="Modality" type="Modality" use="required"/>
                  <xs:attribute name="Lower" type="Number" use="required"/>
                  <xs:attribute name="Upper" type="Number" use="required"/>
                </xs:complexType>
              </xs:element>
              <xs:element name="PercentileRange" minOccurs="0" maxOccurs="2">
                <xs:complexType>
                  <xs:attribute name="Modality" type="Modality" use="required"/>
                  <xs:attribute name="Lower" type="PositiveNumber" use="required"/>
                  <xs:attribute name="Upper" type="PositiveNumber" use="required"/>
                </xs:complexType>
              </xs:element>
              <xs:element name="Metric" type="Metric" minOccurs="0" maxOccurs="200"/>
            </xs:sequence>
            <xs:attribute name="NSDToleranceMM" type="PositiveNumber" use="required"/>
            <xs:attribute name="VesselToleranceMM" type="PositiveNumber"/>
            <xs:attribute name="Resampling" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string">
                  <xs:enumeration value="none"/>
                  <xs:enumeration value="linear"/>
                  <xs:enumeration value="cubic"/>
                </xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="Segmentation" type="Method"/>
            <xs:attribute name="Registration" type="Method"/>
          </xs:complexType>
          <xs:simpleType name="Modality">
            <xs:restriction base="xs:string"><xs:enumeration value="CT"/><xs:enumeration value="MR"/></xs:restriction>
          </xs:simpleType>

          <xs:complexType name="Endpoints">
            <xs:sequence>
              <xs:element name="Endpoint" maxOccurs="100">
                <xs:complexType>
                  <xs:attribute name="OID" type="OID" use="required"/>
                  <xs:attribute name="Name" type="Name" use="required"/>
                  <xs:attribute name="Role" use="required">
                    <xs:simpleType>
                      <xs:restriction base="xs:string">
                        <xs:enumeration value="primary"/>
                        <xs:enumeration value="secondary"/>
                      </xs:restriction>
                    </xs:simpleType>
                  </xs:attribute>
                  <xs:attribute name="Metric" type="Metric" use="required"/>
                  <xs:attribute name="Structure" type="Structure" use="required"/>
                  <xs:attribute name="CaseSummary" use="required">
                    <xs:simpleType>
                      <xs:restriction base="xs:string">
                        <xs:enumeration value="value"/>
                        <xs:enumeration value="worst-slice"/>
                      </xs:restriction>
                    </xs:simpleType>
                  </xs:attribute>
                  <xs:attribute name="Estimator" use="required">
                    <xs:simpleType>
                      <xs:restriction base="xs:string">
                        <xs:enumeration value="mean"/>
                        <xs:enumeration value="median"/>
                        <xs:enumeration value="proportion"/>
                      </xs:restriction>
                    </xs:simpleType>
                  </xs:attribute>
                  <xs:attribute name="CaseLimit" type="Number"/>
                  <xs:attribute name="Better" use="required">
                    <xs:simpleType>
                      <xs:restriction base="xs:string">
                        <xs:enumeration value="higher"/>
                        <xs:enumeration value="lower"/>
                      </xs:restriction>
                    </xs:simpleType>
                  </xs:attribute>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>

          <xs:complexType name="Criteria">
            <xs:sequence>
              <xs:element name="Criterion" maxOccurs="100">
                <xs:complexType>
                  <xs:simpleContent>
                    <xs:extension base="Text">
                      <xs:attribute name="OID" type="OID" use="required"/>
                      <xs:attribute name="EndpointOID" type="OID" use="required"/>
                      <xs:attribute name="Threshold" type="Number" use="required"/>
                      <xs:attribute name="MinimumCases" type="Count" use="required"/>
                      <xs:attribute name="Interval" use="required">
                        <xs:simpleType>
                          <xs:restriction base="xs:string">
                            <xs:enumeration value="standard"/>
                            <xs:enumeration value="bca"/>
                            <xs:enumeration value="site-aware"/>
                          </xs:restriction>
                        </xs:simpleType>
                      </xs:attribute>
                    </xs:extension>
                  </xs:simpleContent>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>

          <xs:complexType name="RegressionMargins">
            <xs:sequence>
              <xs:element name="Margin" maxOccurs="100">
                <xs:complexType>
                  <xs:simpleContent>
                    <xs:extension base="Text">
                      <xs:attribute name="EndpointOID" type="OID" use="required"/>
                      <xs:attribute name="NonInferiority" type="PositiveNumber" use="required"/>
                      <xs:attribute name="Equivalence" type="PositiveNumber"/>
                    </xs:extension>
                  </xs:simpleContent>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>

          <xs:complexType name="Statistics">
            <xs:attribute name="Alpha" type="PositiveNumber" use="required"/>
            <xs:attribute name="PrimaryMultiplicity" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string"><xs:enumeration value="intersection-union"/></xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="SecondaryMultiplicity" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string"><xs:enumeration value="none"/><xs:enumeration value="holm"/></xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="MissingData" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string">
                  <xs:enumeration value="complete-case"/>
                  <xs:enumeration value="worst-observed"/>
                  <xs:enumeration value="missing-as-failure"/>
                </xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="Outliers" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string">
                  <xs:enumeration value="tukey"/>
                  <xs:enumeration value="modified-z"/>
                </xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="BootstrapResamples" type="Count" use="required"/>
            <xs:attribute name="BootstrapSeed" type="Seed" use="required"/>
          </xs:complexType>

          <xs:complexType name="EdgeCases">
            <xs:sequence>
              <xs:element name="EdgeCase" maxOccurs="100">
                <xs:complexType>
                  <xs:attribute name="Metric" type="MetricOrAll" use="required"/>
                  <xs:attribute name="ReferenceEmpty" type="EdgeValue" use="required"/>
                  <xs:attribute name="GeneratedEmpty" type="EdgeValue" use="required"/>
                  <xs:attribute name="BothEmpty" type="EdgeValue" use="required"/>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>

          <xs:complexType name="Subgroups">
            <xs:sequence>
              <xs:element name="Subgroup" maxOccurs="30">
                <xs:complexType>
                  <xs:sequence>
                    <xs:element name="Bin" minOccurs="0" maxOccurs="20">
                      <xs:complexType><xs:attribute name="UpTo" type="Number" use="required"/></xs:complexType>
                    </xs:element>
                  </xs:sequence>
                  <xs:attribute name="Covariate" type="Covariate" use="required"/>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>

          <xs:complexType name="SampleSize">
            <xs:simpleContent>
              <xs:extension base="Text"><xs:attribute name="PlannedCases" type="Count"/></xs:extension>
            </xs:simpleContent>
          </xs:complexType>

          <xs:complexType name="ReferenceClaims">
            <xs:sequence>
              <xs:element name="Claim" maxOccurs="100">
                <xs:complexType>
                  <xs:simpleContent>
                    <xs:extension base="Text">
                      <xs:attribute name="EndpointOID" type="OID" use="required"/>
                      <xs:attribute name="Value" type="Number" use="required"/>
                      <xs:attribute name="Spread" type="PositiveNumber"/>
                    </xs:extension>
                  </xs:simpleContent>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>

          <xs:complexType name="Report">
            <xs:attribute name="Template" use="required">
              <xs:simpleType>
                <xs:restriction base="xs:string"><xs:enumeration value="study"/></xs:restriction>
              </xs:simpleType>
            </xs:attribute>
            <xs:attribute name="Pictures" type="YesNo" use="required"/>
            <xs:attribute name="PicturesLeaveSite" type="YesNo" use="required"/>
          </xs:complexType>
        </xs:schema>

        """#
}
