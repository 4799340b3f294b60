"""The denoiser of one step, and the texture network after the last one."""

from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .bands import BANDS
from .layers import Attention, Block, conv, linear, pool, up
from .modality import CHANNELS, CODE

EMBEDDING = 256
BLOCKS = (1, 1, 1, 1, 2)
HARMONICS = 8


def clock_features(tau: torch.Tensor) -> torch.Tensor:
    """Noise levels of the three scales (B×3) to B×48: for each scale eight sines, then eight cosines, of 2^n · π/2 · τ."""
    rates = 2.0 ** torch.arange(HARMONICS, dtype=tau.dtype, device=tau.device) * (math.pi / 2)
    angle = tau[:, :, None] * rates
    return torch.cat([angle.sin(), angle.cos()], 2).flatten(1)


class Denoiser(nn.Module):
    """U-Net on the bands: noisy target, source and conditional-mean image to an estimate of the clean target's residual."""

    def __init__(self):
        super().__init__()
        c = CHANNELS
        self.e1 = linear(3 * 2 * HARMONICS + CODE + 2, EMBEDDING)
        self.e2 = linear(EMBEDDING, EMBEDDING)
        self.stem = conv(3 * BANDS, c[0])
        self.down = nn.ModuleList(conv(i, o, 1, bias=False) for i, o in zip(c, c[1:]))
        self.up = nn.ModuleList(conv(o, i, 1, gain=0.7, bias=False) for i, o in zip(c, c[1:]))
        self.enter = nn.ModuleList(nn.ModuleList(Block(w, w, EMBEDDING) for _ in range(n)) for w, n in zip(c, BLOCKS))
        self.leave = nn.ModuleList(nn.ModuleList(Block(w, w, EMBEDDING) for _ in range(n)) for w, n in zip(c, BLOCKS))
        self.attention = Attention(c[-1])
        self.out = conv(c[0], BANDS, after_silu=True, gain=0)
        # From the inputs straight to the output, modulated by noise level and modality.
        self.s1 = conv(3 * BANDS, 48)
        self.sm = linear(EMBEDDING, 48, gain=0.1)
        self.s2 = conv(48, BANDS, after_silu=True, gain=0)

    def embed(self, tau: torch.Tensor, z: torch.Tensor, geometry: torch.Tensor) -> torch.Tensor:
        """Noise levels (B×3), modality code (B×256) and grid (B×2) to the embedding that modulates every block."""
        e = torch.cat([clock_features(tau), z, geometry], 1)
        return F.silu(self.e2(F.silu(self.e1(e))))

    def forward(self, inputs: torch.Tensor, e: torch.Tensor, fused: list[torch.Tensor]) -> torch.Tensor:
        """inputs: B×48×h×w, the bands of noisy target, source, conditional-mean image; fused: f_0 … f_4."""
        h = self.stem(inputs)
        kept = []
        for level, blocks in enumerate(self.enter):
            if level:
                h = self.down[level - 1](pool(h))
            h = h + fused[level]
            for block in blocks:
                h = block(h, e)
            kept.append(h)
        h = self.attention(h)
        for level in reversed(range(len(CHANNELS))):
            if level < len(CHANNELS) - 1:
                h = up(self.up[level](h)) + kept[level] + fused[level]
            for block in self.leave[level]:
                h = block(h, e)
        short = self.s1(inputs) * (1 + self.sm(e))[:, :, None, None]
        return self.out(F.silu(h)) + self.s2(F.silu(short))


class Texture(nn.Module):
    """Adds to the 15 detail bands after the last step; the coarsest band stays."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.enter = conv(2 * BANDS, width)
        self.m = linear(CODE, width, gain=0.1)
        self.block = Block(width, width)
        self.out = conv(width, BANDS - 1, after_silu=True, gain=0)

    def forward(self, bands: torch.Tensor, source: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        h = self.enter(torch.cat([bands, source], 1)) * (1 + self.m(z))[:, :, None, None]
        h = self.out(F.silu(self.block(h)))
        return torch.cat([bands[:, :1], bands[:, 1:] + h], 1)
