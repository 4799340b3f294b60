import Cohort

/// Models with made-up hashes.
enum ModelIdentityMaker {
    static func make(_ name: String, weights: Character = "1") -> ModelIdentity {
        ModelIdentity(
            name: name, version: "1", weightsSHA256: String(repeating: weights, count: 64),
            configurationSHA256: String(repeating: "2", count: 64))
    }
}
