"""The conditional-mean image: what source intensity, local mean and local spread alone say about the target.

It is the base that the network starts from; the network learns what it cannot know.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

RADIUS_MM = 4.0
INTENSITY = (64, -2.0, 2.4)  # nodes, value of the first node, value of the last node
MEAN = (32, -2.0, 2.4)
SPREAD = (8, 0.0, 0.7)
PAIRS = ((0, 1), (0, 2), (1, 0), (2, 0))  # series of source and target


def _box(x: torch.Tensor, radius: int) -> torch.Tensor:
    """Mean over (2r+1)² pixels, cut off at the border; x: N×h×w."""
    for kernel, padding in (((1, 2 * radius + 1), (0, radius)), ((2 * radius + 1, 1), (radius, 0))):
        x = F.avg_pool2d(x[:, None], kernel, 1, padding, count_include_pad=False)[:, 0]
    return x


def local_statistics(source: torch.Tensor, pixel_mm: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Local mean and population SD of three neighbouring slices (3×h×w, network domain) around each pixel of the middle one."""
    radius = max(1, int(RADIUS_MM / pixel_mm))
    mean = _box(source.mean(0, keepdim=True), radius)[0]
    square = _box(source.square().mean(0, keepdim=True), radius)[0]
    return mean, (square - mean.square()).clamp_min(0).sqrt()


def _position(x: torch.Tensor, axis: tuple[int, float, float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Lower node and fraction towards the next one."""
    nodes, first, last = axis
    p = ((x - first) * ((nodes - 1) / (last - first))).clamp(0, nodes - 1)
    low = p.floor().clamp_max(nodes - 2)
    return low.long(), p - low


def _corners(x: torch.Tensor, mean: torch.Tensor, spread: torch.Tensor):
    """Table index and weight of the eight nodes around each pixel's features."""
    (i, fi), (m, fm), (s, fs) = _position(x, INTENSITY), _position(mean, MEAN), _position(spread, SPREAD)
    for di in (0, 1):
        for dm in (0, 1):
            for ds in (0, 1):
                weight = (fi if di else 1 - fi) * (fm if dm else 1 - fm) * (fs if ds else 1 - fs)
                yield ((i + di) * MEAN[0] + m + dm) * SPREAD[0] + s + ds, weight


class NaiveMap:
    """Tables of the expected target value in the network's domain, one for each pair of series: 4×64×32×8."""

    def __init__(self, tables: torch.Tensor | None = None):
        shape = (len(PAIRS), INTENSITY[0], MEAN[0], SPREAD[0])
        self.tables = torch.zeros(shape) if tables is None else tables.reshape(shape).float()
        self._sums = torch.zeros(len(PAIRS), self.tables[0].numel(), dtype=torch.float64)
        self._counts = torch.zeros_like(self._sums)

    def learn(self, source: torch.Tensor, target: torch.Tensor, source_series: int, target_series: int, pixel_mm: float) -> None:
        """Adds one slice: source 3×h×w, target h×w, both in the network's domain."""
        pair = PAIRS.index((source_series, target_series))
        mean, spread = local_statistics(source, pixel_mm)
        for index, weight in _corners(source[1], mean, spread):
            flat = index.reshape(-1)
            self._sums[pair].index_add_(0, flat, (weight * target).reshape(-1).double())
            self._counts[pair].index_add_(0, flat, weight.reshape(-1).double())

    def fit(self, prior: float = 30.0) -> None:
        """Turns what was learned into tables.

        Rare nodes are shrunk towards the mean of their intensity and local mean, that one towards the mean of the intensity, and
        that one towards the mean of all intensities nearby.
        """
        shape = self.tables.shape[1:]
        for pair in range(len(PAIRS)):
            sums, counts = self._sums[pair].view(shape), self._counts[pair].view(shape)
            if counts.sum() == 0:
                continue
            line_sum, line_count = sums.sum((1, 2)), counts.sum((1, 2))
            seen = line_count > 0
            overall = torch.where(seen, line_sum / line_count.clamp_min(1e-9), torch.zeros_like(line_sum))
            known = torch.nonzero(seen)[:, 0]
            for n in range(shape[0]):
                if not seen[n]:
                    overall[n] = overall[known[(known - n).abs().argmin()]]
            row_sum, row_count = sums.sum(2), counts.sum(2)
            row = (row_sum + prior * overall[:, None]) / (row_count + prior)
            self.tables[pair] = ((sums + prior * row[:, :, None]) / (counts + prior)).float()

    def predict(self, source: torch.Tensor, source_series: int, target_series: int, pixel_mm: float) -> torch.Tensor:
        """Conditional-mean image h×w of the middle one of three slices (3×h×w), in the network's domain."""
        table = self.tables[PAIRS.index((source_series, target_series))].reshape(-1)
        mean, spread = local_statistics(source, pixel_mm)
        out = torch.zeros_like(source[1])
        for index, weight in _corners(source[1], mean, spread):
            out += weight * table[index]
        return out
