"""Building blocks: plain convolutions with SiLU and residual sums, no normalisation layers, so that int8 scales can be folded."""

from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

# RMS of SiLU of a standard normal: initial weights that follow it are divided by it, so that magnitudes are kept.
SILU_RMS = 0.596


class Convolution(nn.Conv2d):
    """nn.Conv2d; on maps of a few pixels as one matrix product, which is faster while training."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[2:]
        if not self.training or self.kernel_size[0] == 1 or height * width > 4:
            return super().forward(x)
        columns = F.unfold(x, self.kernel_size, padding=self.padding)
        y = self.weight.flatten(1) @ columns
        return (y + self.bias[:, None]).unflatten(2, (height, width))


def conv(inputs: int, outputs: int, kernel: int = 3, *, after_silu: bool = False, gain: float = 1.0, bias: bool = True) -> nn.Conv2d:
    """Convolution with stride 1 and zero padding that keeps the size and, at the start, the magnitude (times `gain`)."""
    layer = Convolution(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
    scale = gain / math.sqrt(inputs * kernel * kernel) / (SILU_RMS if after_silu else 1)
    with torch.no_grad():
        layer.weight.normal_().mul_(scale)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def linear(inputs: int, outputs: int, *, gain: float = 1.0) -> nn.Linear:
    """Dense layer that keeps the magnitude (times `gain`) at the start."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.normal_().mul_(gain / math.sqrt(inputs))
        layer.bias.zero_()
    return layer


def pool(x: torch.Tensor) -> torch.Tensor:
    """Mean of 2×2."""
    return F.avg_pool2d(x, 2)


def up(x: torch.Tensor) -> torch.Tensor:
    """Nearest neighbour, twice as large."""
    return F.interpolate(x, scale_factor=2.0)


class Block(nn.Module):
    """skip(x) + c2(silu(c1(silu(x)) · (1 + m(e))))."""

    def __init__(self, inputs: int, outputs: int, embedding: int = 0):
        super().__init__()
        self.c1 = conv(inputs, outputs, after_silu=True)
        self.c2 = conv(outputs, outputs, after_silu=True, gain=0.4)
        self.skip = conv(inputs, outputs, 1, bias=False) if inputs != outputs else None
        self.m = linear(embedding, outputs, gain=0.1) if embedding else None

    def forward(self, x: torch.Tensor, e: torch.Tensor | None = None) -> torch.Tensor:
        h = self.c1(F.silu(x))
        if self.m is not None:
            h = h * (1 + self.m(e))[:, :, None, None]
        h = self.c2(F.silu(h))
        return (x if self.skip is None else self.skip(x)) + h


class Attention(nn.Module):
    """x + o(attention(x)) over all positions; cosine similarity, heads of 64 channels."""

    SHARPNESS = 8.0

    def __init__(self, channels: int, head: int = 64):
        super().__init__()
        self.heads = channels // head
        self.qkv = conv(channels, 3 * channels, 1, bias=False)
        self.o = conv(channels, channels, 1, gain=0.4, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        q, k, v = self.qkv(x).view(b, 3, self.heads, c // self.heads, h * w).unbind(1)
        q = q * (q.square().sum(2, keepdim=True) + 1e-4).rsqrt()
        k = k * (k.square().sum(2, keepdim=True) + 1e-4).rsqrt()
        weights = (self.SHARPNESS * q.transpose(2, 3) @ k).softmax(-1)
        return x + self.o((v @ weights.transpose(2, 3)).reshape(b, c, h, w))


class Quantiser(nn.Module):
    """Vector quantisation by cosine similarity: straight-through gradient, codebook as a moving average, dead codes restarted.

    The output is √D times the chosen unit code.
    """

    DECAY = 0.98

    def __init__(self, codes: int, width: int, restarts: bool = True):
        super().__init__()
        self.codes, self.width, self.restarts = codes, width, restarts
        start = F.normalize(torch.randn(codes, width), dim=1)
        self.register_buffer("codebook", start)
        self.register_buffer("hits", torch.ones(codes))
        self.register_buffer("sums", start.clone())
        self._seen: tuple[torch.Tensor, torch.Tensor] | None = None

    @staticmethod
    def unit(z: torch.Tensor) -> torch.Tensor:
        """Rows of length one; the epsilon keeps the gradient of a zero vector finite."""
        return z * (z.square().sum(1, keepdim=True) + 1e-2).rsqrt()

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """z: B×D×h×w. Returns the quantised map, the codes B×h×w and the commitment loss."""
        b, d, h, w = z.shape
        # In fp32 whatever the arithmetic around it: small errors flip codes.
        flat = self.unit(z.float().permute(0, 2, 3, 1).reshape(-1, d))
        with torch.no_grad(), torch.autocast(z.device.type, enabled=False):
            codes = (flat @ self.codebook.t()).argmax(1)
        chosen = self.codebook[codes]
        commitment = flat.new_zeros(())
        if self.training:
            commitment = (flat - chosen).square().sum(1).mean()
            self._seen = (flat.detach(), codes)
            chosen = flat + (chosen - flat).detach()
        out = (chosen * math.sqrt(d)).view(b, h, w, d).permute(0, 3, 1, 2)
        return out, codes.view(b, h, w), commitment

    @torch.no_grad()
    def update(self, generator: torch.Generator | None = None) -> None:
        """Moves the codebook towards what it stood for and restarts dead codes; call after the optimiser's step."""
        if self._seen is None:
            return
        flat, codes = self._seen
        self._seen = None
        hits = torch.bincount(codes, minlength=self.codes).to(flat.dtype)
        sums = torch.zeros_like(self.sums).index_add_(0, codes, flat)
        self.hits.mul_(self.DECAY).add_(hits, alpha=1 - self.DECAY)
        self.sums.mul_(self.DECAY).add_(sums, alpha=1 - self.DECAY)
        fresh = hits > 0
        self.codebook[fresh] = F.normalize(self.sums[fresh], dim=1)
        if self.restarts:
            dead = torch.nonzero(self.hits < 0.01 * flat.shape[0] / self.codes)[:, 0][: max(1, self.codes // 16)]
            if dead.numel():
                pick = torch.randint(flat.shape[0], (dead.numel(),), generator=generator)
                self.codebook[dead] = F.normalize(flat[pick], dim=1)
                self.hits[dead] = flat.shape[0] / self.codes
                self.sums[dead] = self.codebook[dead] * self.hits[dead, None]

    def usage(self) -> int:
        """Number of codes that live."""
        return int((self.hits > 0.01 * self.hits.sum() / self.codes).sum())
