"""Modality side: which series is asked for, as a product-quantised code, and the gates that mix it with the anatomy."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .anatomy import WIDTHS
from .bands import BANDS
from .layers import Quantiser, conv, linear, pool

CODE = 256
GROUPS = 4
LABELS = 16  # rows of the label table; the first ones are the series of `intensity.SERIES`
CHANNELS = (32, 96, 192, 320, 640)  # of the denoiser, fine to coarse


class ModalityEncoder(nn.Module):
    """Label or reference slice of the target series to the code z_m (B×256)."""

    def __init__(self):
        super().__init__()
        widths = (BANDS, 32, 64, 128, CODE)
        self.c = nn.ModuleList(conv(i, o, after_silu=n > 0) for n, (i, o) in enumerate(zip(widths, widths[1:])))
        self.labels = nn.Embedding(LABELS, CODE)
        self.quantisers = nn.ModuleList(Quantiser(64, CODE // GROUPS, restarts=False) for _ in range(GROUPS))
        self.p1 = linear(CODE, CODE)
        self.p2 = linear(CODE, CODE, gain=0.5)

    def quantise(self, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Product quantisation of B×256, then a small residual network."""
        parts, losses = [], []
        for part, quantiser in zip(v.chunk(GROUPS, 1), self.quantisers):
            q, _, loss = quantiser(part[:, :, None, None])
            parts.append(q[:, :, 0, 0])
            losses.append(loss)
        q = torch.cat(parts, 1)
        return q + self.p2(F.silu(self.p1(q))), torch.stack(losses).sum()

    def describe(self, bands: torch.Tensor) -> torch.Tensor:
        """Unquantised code of a reference slice (B×16×h×w, normalised bands, h and w at least 16)."""
        h = bands
        for n, layer in enumerate(self.c):
            h = layer(h)
            h = F.silu(h)
            if n < len(self.c) - 1:
                h = pool(h)
        return h.mean((2, 3))

    def forward(self, series: torch.Tensor, reference: torch.Tensor | None = None, use: torch.Tensor | None = None):
        """Code by label; where `use` (B, bool) is true, by the reference slice instead. Also the commitment loss."""
        v = self.labels(series)
        if reference is not None and use is not None:
            v = torch.where(use[:, None], self.describe(reference), v)
        return self.quantise(v)


class Gate(nn.Module):
    """G = σ(g_a(a) + g_m(z)); f = G ⊙ p_a(a) + (1 − G) ⊙ p_m(z)."""

    def __init__(self, anatomy: int, channels: int):
        super().__init__()
        self.ga = conv(anatomy, channels, 1)
        self.gm = linear(CODE, channels)
        self.pa = conv(anatomy, channels, 1, gain=0.4)
        self.pm = linear(CODE, channels, gain=0.4)

    def forward(self, a: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        g = torch.sigmoid(self.ga(a) + self.gm(z)[:, :, None, None])
        return g * self.pa(a) + (1 - g) * self.pm(z)[:, :, None, None]


class Concatenation(nn.Module):
    """Without gating: a plain projection of [a; z] of the same size, for the ablation."""

    def __init__(self, anatomy: int, channels: int):
        super().__init__()
        self.pa = conv(anatomy, channels, 1, gain=0.4)
        self.pm = linear(CODE, channels, gain=0.4)

    def forward(self, a: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return self.pa(a) + self.pm(z)[:, :, None, None]


def gates(gated: bool = True) -> nn.ModuleList:
    """One gate for each level."""
    return nn.ModuleList((Gate if gated else Concatenation)(a, c) for a, c in zip(WIDTHS, CHANNELS))
