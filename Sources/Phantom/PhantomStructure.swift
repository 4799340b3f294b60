/// Codes of the structure map that the renderer writes beside the images.
public enum PhantomStructure: Int, Sendable, CaseIterable {
    /// Fat, skin and whatever has no code of its own.
    case body = 1
    /// Liver without its vessels and lesions.
    case liver = 2
    /// Portal venous tree in the liver.
    case portalVein = 3
    /// Hepatic venous tree in the liver.
    case hepaticVein = 4
    /// Arterial tree in the liver.
    case artery = 5
    /// Focal lesion of the liver.
    case lesion = 6
    /// Spleen.
    case spleen = 7
    /// Kidney.
    case kidney = 8
    /// Bone.
    case bone = 9
    /// Lung.
    case lung = 10
    /// Stomach and bowel.
    case bowel = 11
    /// Gallbladder.
    case gallbladder = 12
    /// Aorta.
    case aorta = 13
    /// Inferior vena cava.
    case cava = 14
    /// Muscle.
    case muscle = 15
    /// Heart.
    case heart = 16
    /// Pancreas.
    case pancreas = 17
}
