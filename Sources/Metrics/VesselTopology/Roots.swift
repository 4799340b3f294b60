import Glibc

/// Cube root.
func cubeRoot(_ value: Double) -> Double { cbrt(value) }
