"""The refinement after the last step: a small perceptron at every pixel of the generated image, in stages.

It sees source and image through an undecimated wavelet decomposition (à trous), and the place in the body: what is near and what is far, at full
resolution, for the price of a few sums. Each pair of series has its own weights. It is fitted on whole slices after the network, by the SSIM
that a protocol scores: `aphidiff.refine`.
"""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

from .naive import PAIRS, local_statistics, place_in_body

LEVELS = 6  # details with distances of 1, 2, … 32 pixels, and what remains
HIDDEN = 24
STAGES = 2
DETAIL_GAIN = 3.0  # details are small beside the image
FEATURES = 3 * (LEVELS + 1) + 4
REACH = 2.5  # standard deviations of the body from its middle, in rows and columns: beyond is air, which stays as it is


def smoothed(x: torch.Tensor, distance: int) -> torch.Tensor:
    """Mean with the weights ¼, ½, ¼ of pixels `distance` apart, along rows, then columns; the border is repeated. x: h×w."""
    for axis in (1, 0):
        size = x.shape[axis]
        index = torch.arange(size)
        low, high = (x.index_select(axis, (index + d).clamp(0, size - 1)) for d in (-distance, distance))
        x = 0.5 * x + 0.25 * (low + high)
    return x


def decomposed(x: torch.Tensor) -> list[torch.Tensor]:
    """Details of the plane h×w, fine to coarse, times the gain, and the rest."""
    out = []
    for level in range(LEVELS):
        y = smoothed(x, 1 << level)
        out.append(DETAIL_GAIN * (x - y))
        x = y
    return [*out, x]


class Conditions:
    """What is the same for all stages of a slice: features of the source (3×h×w, network domain) and the place in the body."""

    def __init__(self, source: torch.Tensor, source_series: int, pixel_mm: float):
        near = 0.5 * (source[0] + source[2])
        row, column = place_in_body(local_statistics(source, pixel_mm)[0], source_series)
        self.inside = (row.abs() <= REACH) & (column.abs() <= REACH)
        self.first = [*decomposed(source[1]), *decomposed(near)]
        self.last = [source[1], row, column.abs()]

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """FEATURES×h×w for the present image h×w."""
        return torch.stack([*self.first, *decomposed(image), image, *self.last])


class Refinement(nn.Module):
    """image ← image + out · relu(hidden · features + bias), stage by stage; zero at the start."""

    def __init__(self):
        super().__init__()
        shape = len(PAIRS), STAGES, HIDDEN
        self.hidden = nn.Parameter(torch.zeros(*shape, FEATURES))
        self.bias = nn.Parameter(torch.zeros(shape))
        self.out = nn.Parameter(torch.zeros(shape))
        self.shift = nn.Parameter(torch.zeros(shape[:2]))

    def _load_from_state_dict(self, state_dict, prefix, *rest) -> None:
        # Weights from before there was a refinement: none.
        for name, parameter in self.named_parameters():
            state_dict.setdefault(prefix + name, torch.zeros_like(parameter))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def correction(self, features: torch.Tensor, pair: int, stage: int) -> torch.Tensor:
        """What a stage adds; features B×FEATURES×h×w to B×h×w."""
        h = F.conv2d(features, self.hidden[pair, stage, :, :, None, None], self.bias[pair, stage])
        return F.conv2d(F.relu(h), self.out[pair, stage][None, :, None, None], self.shift[pair, stage][None])[:, 0]

    def forward(self, image: torch.Tensor, source: torch.Tensor, source_series: int, target_series: int, pixel_mm: float) -> torch.Tensor:
        """A whole slice: image h×w and source 3×h×w in the network's domain."""
        if not self.out.any() and not self.shift.any():
            return image
        pair = PAIRS.index((source_series, target_series))
        conditions = Conditions(source, source_series, pixel_mm)
        for stage in range(STAGES):
            change = self.correction(conditions.features(image)[None], pair, stage)[0]
            image = torch.where(conditions.inside, image + change, image)
        return image
