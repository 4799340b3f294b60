import Glibc

/// Arc cosine in degrees.
func arccosineDegrees(_ cosine: Double) -> Double { acos(cosine) * 180 / .pi }
