import Imaging
internal import Mustache

/// A picture of a case.
struct PictureView {
    var label: String
    /// Data address of the PNG.
    var source: String
    var alternative: String
    var width: String
    var height: String
    /// The scale beside it.
    var bar: MustacheTemplate

    init(_ picture: CasePicture, of caseID: String) throws(ReportError) {
        label = PictureView.label(picture.content)
        source = "data:image/png;base64,\(Digest.base64(picture.png))"
        alternative = "Case \(caseID), \(picture.plane.rawValue) plane, \(label.lowercased()), \(picture.detail)"
        width = "\(picture.width)"
        height = "\(picture.height)"
        bar = try FigureView(PictureView.scale(of: picture), caption: "").svg
    }

    /// Pictures of a case in order.
    static func views(_ pictures: [CasePicture], of caseID: String) throws(ReportError) -> [PictureView] {
        var views: [PictureView] = []
        for picture in pictures { views.append(try PictureView(picture, of: caseID)) }
        return views
    }

    /// What greys, colours or lines of a picture stand for.
    private static func scale(of picture: CasePicture) -> String {
        if picture.content == .vesselGraph { return TreeLegend().svg() }
        let isRamp = picture.content == .difference || picture.content == .deformation
        return ColourBar(
            lower: picture.scaleLower, upper: picture.scaleUpper, unit: picture.unit, isRamp: isRamp,
            format: NumberText(unit: picture.unit)
        ).svg()
    }

    /// What a picture shows, in words.
    static func label(_ content: CasePicture.Content) -> String {
        switch content {
        case .source: "Source"
        case .generated: "Generated"
        case .truth: "Truth"
        case .difference: "Absolute difference"
        case .vesselGraph: "Vessel trees"
        case .deformation: "Deformation"
        }
    }
}
