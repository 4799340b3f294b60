"""Reproducible normal noise: a counter-based generator that any language can repeat."""

from __future__ import annotations

import numpy as np
import torch

from .bands import BANDS

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def splitmix64(x: np.ndarray) -> np.ndarray:
    """Output function of SplitMix64 for states that already hold the increment."""
    with np.errstate(over="ignore"):
        z = x + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def noise_bands(seed: int, height: int, width: int) -> torch.Tensor:
    """Normal noise 16×h×w for a seed; the same for every slice of a volume, so that neighbouring slices agree.

    Element n (C order) is √(−2 ln u) · cos(2π v), u and v from the upper 53 bits of hashes 2n and 2n + 1, in double.
    """
    count = BANDS * height * width
    with np.errstate(over="ignore"):
        key = splitmix64(np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64))[0]
        bits = splitmix64(key + np.arange(2 * count, dtype=np.uint64) * _GOLDEN)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    values = np.sqrt(-2 * np.log(uniform[0::2])) * np.cos(2 * np.pi * uniform[1::2])
    return torch.from_numpy(values.astype(np.float32)).view(BANDS, height, width)
