"""Anatomy side: three neighbouring slices to discrete codes, features at five levels, and a map of liver, vessels, lesions."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .bands import BANDS
from .layers import Block, Quantiser, conv, pool, up

WIDTHS = (32, 64, 128, 192, 256)  # of the anatomical features, fine to coarse
CLASSES = ("background", "liver", "vessel", "lesion")


class AnatomyEncoder(nn.Module):
    """Bands of three slices (B×48×h×w) to code vectors at the fine (16 channels, h×w) and the coarse (64, h/4×w/4) scale."""

    def __init__(self):
        super().__init__()
        a, b, c = 32, 64, 128
        self.stem = conv(3 * BANDS, a)
        self.b0 = Block(a, a)
        self.b1 = Block(a, b)
        self.b2 = Block(b, c)
        self.b3 = Block(c, c)
        self.u1 = conv(b, 16, 1)
        self.z0 = conv(a + 16, 16, 1)
        self.z2 = conv(c, 64, 1)

    def forward(self, bands: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h0 = self.b0(self.stem(bands))
        h1 = self.b1(pool(h0))
        h2 = self.b3(self.b2(pool(h1)))
        return self.z0(torch.cat([h0, up(self.u1(h1))], 1)), self.z2(h2)


class AnatomyPyramid(nn.Module):
    """Quantised codes to anatomical features a_0 … a_4, each half as large as the one before."""

    def __init__(self):
        super().__init__()
        w = WIDTHS
        self.i0 = conv(16, w[0])
        self.i2 = conv(64, w[2], gain=0.7)
        self.d0 = conv(w[0], w[1], after_silu=True)
        self.d1 = conv(w[1], w[2], after_silu=True, gain=0.7)
        self.d2 = conv(w[2], w[3], after_silu=True)
        self.d3 = conv(w[3], w[4], after_silu=True)
        self.u1 = conv(w[2], w[1], 1, gain=0.7)
        self.u0 = conv(w[1], w[0], 1, gain=0.7)

    def forward(self, fine: torch.Tensor, coarse: torch.Tensor) -> list[torch.Tensor]:
        a0 = self.i0(fine)
        a1 = self.d0(F.silu(pool(a0)))
        a2 = self.d1(F.silu(pool(a1))) + self.i2(coarse)
        a3 = self.d2(F.silu(pool(a2)))
        a4 = self.d3(F.silu(pool(a3)))
        a1 = a1 + up(self.u1(a2))
        a0 = a0 + up(self.u0(a1))
        return [a0, a1, a2, a3, a4]


class AnatomyHead(nn.Module):
    """Finest anatomical features to logits of the four classes at half the image's resolution (B×4×2h×2w)."""

    def __init__(self):
        super().__init__()
        self.a = conv(WIDTHS[0], 32, after_silu=True)
        self.b = conv(32, 4 * len(CLASSES), 1, after_silu=True)

    def forward(self, a0: torch.Tensor) -> torch.Tensor:
        return F.pixel_shuffle(self.b(F.silu(self.a(F.silu(a0)))), 2)


class Anatomy(nn.Module):
    """Encoder, the two quantisers, pyramid and head."""

    def __init__(self):
        super().__init__()
        self.encoder = AnatomyEncoder()
        self.fine = Quantiser(256, 16)
        self.coarse = Quantiser(1024, 64)
        self.pyramid = AnatomyPyramid()
        self.head = AnatomyHead()

    def forward(self, bands: torch.Tensor):
        """Features a_0 … a_4, the codes (fine, coarse) and the commitment loss."""
        z0, z2 = self.encoder(bands)
        q0, codes0, loss0 = self.fine(z0)
        q2, codes2, loss2 = self.coarse(z2)
        return self.pyramid(q0, q2), (codes0, codes2), loss0 + loss2
