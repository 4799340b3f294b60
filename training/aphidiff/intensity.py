"""Between stored intensities (HU, MR units) and the network's intensity domain.

The map is piecewise linear and strictly increasing, so that it can be undone exactly. Soft tissue gets most of the range.
"""

from __future__ import annotations

import numpy as np
import torch

SERIES = ("CT", "MR-T1", "MR-T2")

# MR signal that liver has in the target series before coil shading. Generated MR is on this scale.
MR_TARGET_REFERENCE = 320.0

CT_KNOTS = ((-1024.0, -2.0), (-200.0, -1.0), (300.0, 1.0), (1500.0, 1.8), (3071.0, 2.2))
MR_KNOTS = ((0.0, -1.0), (2.0, 1.0), (4.0, 1.6), (16.0, 2.4))


def knots_of(series: int) -> tuple[tuple[float, float], ...]:
    """Knots (stored or relative intensity, domain value) of a series."""
    return CT_KNOTS if series == 0 else MR_KNOTS


def mr_reference(volume: np.ndarray) -> float:
    """Reference signal of an MR volume: the median of the voxels above the volume's mean (upper median, no interpolation).

    volume: any shape, arbitrary units, at least one positive voxel.
    """
    flat = volume.reshape(-1)
    bright = np.sort(flat[flat > flat.mean(dtype=np.float64)])
    if bright.size == 0 or bright[bright.size // 2] <= 0:
        raise ValueError("the MR volume has no signal")
    return float(bright[bright.size // 2])


def _piecewise(x: torch.Tensor, knots: list[tuple[float, float]]) -> torch.Tensor:
    """Linear between knots, clamped outside."""
    x = x.clamp(knots[0][0], knots[-1][0])
    y = torch.full_like(x, knots[0][1])
    for (x0, y0), (x1, y1) in zip(knots, knots[1:]):
        y = y + (x.clamp(x0, x1) - x0) * ((y1 - y0) / (x1 - x0))
    return y


def encode(image: torch.Tensor, series: int, reference: float = MR_TARGET_REFERENCE) -> torch.Tensor:
    """Stored intensities to the domain of the network; `reference` is used for MR only."""
    x = image.float()
    if series != 0:
        x = x / reference
    return _piecewise(x, list(knots_of(series)))


def decode(x: torch.Tensor, series: int, reference: float = MR_TARGET_REFERENCE) -> torch.Tensor:
    """Undoes `encode` (within the clamped range)."""
    y = _piecewise(x, [(b, a) for a, b in knots_of(series)])
    return y if series == 0 else y * reference
