"""The conditional-mean image: what source intensity, local mean and local spread alone say about the target.

It is the base that the network starts from; the network learns what it cannot know.
"""

from __future__ import annotations

import hashlib

import torch
import torch.nn.functional as F

RADIUS_MM = 4.0
INTENSITY = (64, -2.0, 2.4)  # nodes, value of the first node, value of the last node
MEAN = (32, -2.0, 2.4)
SPREAD = (8, 0.0, 0.7)
PAIRS = ((0, 1), (0, 2), (1, 0), (2, 0))  # series of source and target

# Stages that follow: each adds a table's value at three features of the image so far. Even stages look around (the pixel, its mean over 4 mm and
# over 20 mm), odd ones at the place in the body.
STAGES = 4
NEAR_MM, FAR_MM = 4.0, 20.0
ESTIMATE = (48, -2.0, 2.2)
AROUND = (ESTIMATE, (16, -2.0, 2.2), (12, -2.0, 1.2))
PLACE = (ESTIMATE, (16, -2.4, 2.4), (16, -2.4, 2.4))
STAGE_NODES = 48 * 16 * 16  # tables of the stages that look around are filled up with zeros
BODY_THRESHOLD = (-1.2, -0.9, -0.9)  # of the local mean, by series of the source


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


def _corners(features, axes=(INTENSITY, MEAN, SPREAD)):
    """Table index and weight of the eight nodes around each pixel's three features."""
    (i, fi), (m, fm), (s, fs) = (_position(f, axis) for f, axis in zip(features, axes))
    for di in (0, 1):
        for dm in (0, 1):
            for ds in (0, 1):
                weight = (fi if di else 1 - fi) * (fm if dm else 1 - fm) * (fs if ds else 1 - fs)
                yield ((i + di) * axes[1][0] + m + dm) * axes[2][0] + s + ds, weight


def _look_up(table: torch.Tensor, features, axes=(INTENSITY, MEAN, SPREAD)) -> torch.Tensor:
    """Trilinear value of a flat table at every pixel."""
    out = torch.zeros_like(features[0])
    for index, weight in _corners(features, axes):
        out += weight * table[index]
    return out


def place_in_body(mean: torch.Tensor, source_series: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column of every pixel relative to the body: 0 at the mean, ±1 one standard deviation away, of the pixels whose local mean (h×w)
    lies above the threshold. An empty body: the middle of the slice, and a quarter of its size."""
    body = mean > BODY_THRESHOLD[source_series]
    out = []
    for axis, size in enumerate(mean.shape):
        index = torch.arange(size, dtype=torch.float64)
        hits = body.sum(1 - axis).double()
        total = hits.sum()
        if total > 0:
            middle = (hits * index).sum() / total
            spread = ((hits * (index - middle).square()).sum() / total).sqrt().clamp_min(1)
        else:
            middle, spread = torch.tensor((size - 1) / 2), torch.tensor(size / 4)
        relative = ((index - middle) / spread).float()
        out.append((relative[:, None] if axis == 0 else relative[None]).expand(mean.shape))
    return out[0], out[1]


def stage_features(stage: int, estimate: torch.Tensor, place, pixel_mm: float):
    """The three features of a stage, and their axes."""
    if stage % 2:
        return (estimate, *place), PLACE
    near, far = (_box(estimate[None], max(1, int(r / pixel_mm)))[0] for r in (NEAR_MM, FAR_MM))
    return (estimate, near, far), AROUND


def shrunk(sums: torch.Tensor, counts: torch.Tensor, prior: float) -> torch.Tensor:
    """Means of a table (a×b×c) whose rare nodes are pulled towards the mean over the last axis, and that one towards the mean over the last two."""
    line = sums.sum((1, 2)) / counts.sum((1, 2)).clamp_min(1e-9)
    row = (sums.sum(2) + prior * line[:, None]) / (counts.sum(2) + prior)
    return (sums + prior * row[:, :, None]) / (counts + prior)


class NaiveMap:
    """Tables of the expected target value in the network's domain, one for each pair of series (4×64×32×8), and the tables of the stages
    that follow (4×4×12288; None: there are none)."""

    def __init__(self, tables: torch.Tensor | None = None, stages: torch.Tensor | None = None):
        shape = (len(PAIRS), INTENSITY[0], MEAN[0], SPREAD[0])
        self.tables = torch.zeros(shape) if tables is None else tables.reshape(shape).float()
        self.stages = None if stages is None else stages.reshape(len(PAIRS), STAGES, STAGE_NODES).float()
        self._sums = torch.zeros(len(PAIRS), self.tables[0].numel(), dtype=torch.float64)
        self._counts = torch.zeros_like(self._sums)

    def learn(self, source: torch.Tensor, target: torch.Tensor, source_series: int, target_series: int, pixel_mm: float) -> None:
        """Adds one slice: source 3×h×w, target h×w, both in the network's domain."""
        pair = PAIRS.index((source_series, target_series))
        for index, weight in _corners((source[1], *local_statistics(source, pixel_mm))):
            flat = index.reshape(-1)
            self._sums[pair].index_add_(0, flat, (weight * target).reshape(-1).double())
            self._counts[pair].index_add_(0, flat, weight.reshape(-1).double())

    def fit(self, prior: float = 30.0) -> None:
        """Turns what was learned into tables; intensities that were never seen take the mean of the nearest one that was."""
        shape = self.tables.shape[1:]
        for pair in range(len(PAIRS)):
            sums, counts = self._sums[pair].view(shape), self._counts[pair].view(shape)
            if counts.sum() == 0:
                continue
            seen = torch.nonzero(counts.sum((1, 2)) > 0)[:, 0]
            nearest = [int(seen[(seen - n).abs().argmin()]) for n in range(shape[0])]
            line = (sums.sum((1, 2)) / counts.sum((1, 2)).clamp_min(1e-9))[nearest]
            row = (sums.sum(2) + prior * line[:, None]) / (counts.sum(2) + prior)
            self.tables[pair] = ((sums + prior * row[:, :, None]) / (counts + prior)).float()

    def fit_stages(self, slices, prior: float = 100.0) -> list[tuple[int, int, float, float]]:
        """Fits the stages one after the other on (source 3×h×w, target h×w, pixel_mm) by pair of series: what is left after the ones before.

        slices: pair of series to a list. Returns pair, stage, and mean absolute error before and after.
        """
        self.stages = torch.zeros(len(PAIRS), STAGES, STAGE_NODES)
        report = []
        for pair, items in slices.items():
            number = PAIRS.index(pair)
            work = []
            for source, target, pixel_mm in items:
                mean, spread = local_statistics(source, pixel_mm)
                estimate = _look_up(self.tables[number].reshape(-1), (source[1], mean, spread))
                # Every other pixel of every other row is enough for a table.
                row, column = (p[::2, ::2] for p in place_in_body(mean, pair[0]))
                work.append([estimate[::2, ::2].contiguous(), (row, column), target[::2, ::2], 2 * pixel_mm])
            for stage in range(STAGES):
                axes = PLACE if stage % 2 else AROUND
                shape = [axis[0] for axis in axes]
                sums = torch.zeros(shape[0] * shape[1] * shape[2], dtype=torch.float64)
                counts = torch.zeros_like(sums)
                before = sum(float((e - y).abs().mean()) for e, _, y, _ in work) / len(work)
                for estimate, place, target, pixel_mm in work:
                    for index, weight in _corners(stage_features(stage, estimate, place, pixel_mm)[0], axes):
                        flat = index.reshape(-1)
                        sums.index_add_(0, flat, (weight * (target - estimate)).reshape(-1).double())
                        counts.index_add_(0, flat, weight.reshape(-1).double())
                table = shrunk(sums.view(shape), counts.view(shape), prior).float().reshape(-1)
                self.stages[number, stage, : table.numel()] = table
                for item in work:
                    item[0] = self._stage(number, stage, item[0], item[1], item[3])
                after = sum(float((e - y).abs().mean()) for e, _, y, _ in work) / len(work)
                report.append((number, stage, before, after))
        return report

    def _stage(self, pair: int, stage: int, estimate: torch.Tensor, place, pixel_mm: float) -> torch.Tensor:
        assert self.stages is not None
        features, axes = stage_features(stage, estimate, place, pixel_mm)
        return (estimate + _look_up(self.stages[pair, stage], features, axes)).clamp(ESTIMATE[1], ESTIMATE[2])

    def digest(self) -> str:
        """SHA-256 of all tables: tells whether stored images are of this map."""
        parts = [self.tables] + ([] if self.stages is None else [self.stages])
        return hashlib.sha256(b"".join(p.contiguous().numpy().tobytes() for p in parts)).hexdigest()

    def predict(self, source: torch.Tensor, source_series: int, target_series: int, pixel_mm: float) -> torch.Tensor:
        """Conditional-mean image h×w of the middle one of three slices (3×h×w), in the network's domain."""
        pair = PAIRS.index((source_series, target_series))
        mean, spread = local_statistics(source, pixel_mm)
        estimate = _look_up(self.tables[pair].reshape(-1), (source[1], mean, spread))
        if self.stages is not None:
            place = place_in_body(mean, source_series)
            for stage in range(STAGES):
                estimate = self._stage(pair, stage, estimate, place, pixel_mm)
        return estimate
