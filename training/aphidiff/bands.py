"""Two-level orthonormal Haar pyramid: an image becomes 16 bands at a quarter of its size.

Order: LL2 | LH2, HL2, HH2 | LH1, HL1, HH1, each of the last three split into its four phases (row, column): (0,0), (0,1), (1,0), (1,1).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

BANDS = 16
SCALE_OF_BAND = torch.tensor([0] + [1] * 3 + [2] * 12)


def haar(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """One level: LL, LH (difference along columns), HL (along rows), HH (both); each half as large."""
    a, b, c, d = x[..., 0::2, 0::2], x[..., 0::2, 1::2], x[..., 1::2, 0::2], x[..., 1::2, 1::2]
    return (a + b + c + d) / 2, (a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2


def unhaar(ll: torch.Tensor, lh: torch.Tensor, hl: torch.Tensor, hh: torch.Tensor) -> torch.Tensor:
    """Inverse of `haar`."""
    rows = [
        torch.stack([(ll + lh + hl + hh) / 2, (ll - lh + hl - hh) / 2], -1).flatten(-2),
        torch.stack([(ll + lh - hl - hh) / 2, (ll - lh - hl + hh) / 2], -1).flatten(-2),
    ]
    return torch.stack(rows, -2).flatten(-3, -2)


def pack(image: torch.Tensor) -> torch.Tensor:
    """B×1×H×W to B×16×H/4×W/4; H and W divisible by 4."""
    ll, lh, hl, hh = haar(image)
    return torch.cat([*haar(ll), F.pixel_unshuffle(torch.cat([lh, hl, hh], 1), 2)], 1)


def unpack(bands: torch.Tensor) -> torch.Tensor:
    """Inverse of `pack`."""
    lh, hl, hh = F.pixel_shuffle(bands[:, 4:], 2).split(1, 1)
    return unhaar(unhaar(*bands[:, :4].split(1, 1)), lh, hl, hh)
