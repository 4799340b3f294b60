"""The traditional variant: one U-Net and a patch adversary on the same data (nearest upsampling, so that there is no checkerboard)."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .intensity import SERIES
from .layers import conv, pool, up

WIDTHS = (32, 64, 128, 256, 512, 512)


class Generator(nn.Module):
    """Three source slices and the label of the target series to an image, in the network's domain."""

    def __init__(self):
        super().__init__()
        widths = (3 + len(SERIES), *WIDTHS)
        self.enter = nn.ModuleList(conv(i, o, after_silu=n > 0) for n, (i, o) in enumerate(zip(widths, widths[1:])))
        self.leave = nn.ModuleList(conv(2 * o, i, after_silu=True) for i, o in zip(WIDTHS, WIDTHS))
        self.narrow = nn.ModuleList(conv(i, o, 1, after_silu=True) for i, o in zip(WIDTHS[1:], WIDTHS))
        self.out = conv(WIDTHS[0], 1, after_silu=True, gain=0.1)

    def forward(self, source: torch.Tensor, target_series: torch.Tensor) -> torch.Tensor:
        labels = F.one_hot(target_series, len(SERIES)).to(source.dtype)[:, :, None, None].expand(-1, -1, *source.shape[2:])
        h, kept = torch.cat([source, labels], 1), []
        for n, layer in enumerate(self.enter):
            h = layer(pool(F.silu(h)) if n else h)
            kept.append(h)
        for n in reversed(range(len(WIDTHS))):
            if n < len(WIDTHS) - 1:
                h = up(self.narrow[n](F.silu(h)))
            h = self.leave[n](F.silu(torch.cat([h, kept[n]], 1)))
        return self.out(F.silu(h))


class Adversary(nn.Module):
    """Scores patches of about 35 pixels of (source, image) pairs."""

    def __init__(self):
        super().__init__()
        widths = (2, 32, 64, 128)
        self.c = nn.ModuleList(conv(i, o, after_silu=n > 0) for n, (i, o) in enumerate(zip(widths, widths[1:])))
        self.out = conv(widths[-1], 1, after_silu=True)

    def forward(self, source: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        h = torch.cat([source[:, 1:2], image], 1)
        for layer in self.c:
            h = pool(F.silu(layer(h)))
        return self.out(h)
