"""Digital abdomens for training: the stream of `phantom-feed`, a cache of it on disk, and batches of crops.

A cached case is a folder-less group of files: `NAME.json` (what it is), `NAME.source.npy` (K×H×W int16, as acquired),
`NAME.target.npy` (K×H×W int16, expectation of the target without noise), `NAME.labels.npy` (K×H×W uint8: 0 other, 1 liver,
2 vessel, 3 lesion); validation cases also have `NAME.truth.npy`, the target as acquired. Training cases are cut to the body.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Iterator

import numpy as np
import torch

from .intensity import SERIES, encode, mr_reference
from .naive import NaiveMap

HEADER = 32
MARGIN = 8  # pixels around a crop, for the local statistics of the naive map


@dataclass
class FeedSlice:
    """One record of the feed; arrays are H×W."""

    case: int
    k: int
    source_phase: float
    truth_phase: float
    amplitude_mm: float
    pixel_mm: float
    slice_mm: float
    source: np.ndarray
    truth: np.ndarray
    structures: np.ndarray
    displacement: np.ndarray | None  # 3×H×W, mm RAS, from the truth's grid to the source
    clean: np.ndarray | None


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    while len(data) < count:
        more = stream.read(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_feed(stream: BinaryIO) -> Iterator[list[FeedSlice]]:
    """Yields the slices of one case after the other."""
    head = _exactly(stream, HEADER)
    if head[:8] != b"APHFEED1":
        raise ValueError("not a phantom feed")
    width, height, slices, _, with_displacement, with_clean = np.frombuffer(head[8:], "<u4").tolist()
    pixels = width * height
    while True:
        case: list[FeedSlice] = []
        for _ in range(slices):
            try:
                index, k = np.frombuffer(_exactly(stream, 8), "<u4").tolist()
            except EOFError:
                return
            numbers = np.frombuffer(_exactly(stream, 24), "<f4").tolist()

            def plane(dtype: str, count: int = 1) -> np.ndarray:
                size = np.dtype(dtype).itemsize * pixels * count
                shape = (height, width) if count == 1 else (count, height, width)
                return np.frombuffer(_exactly(stream, size), dtype).reshape(shape)

            source, truth, structures = plane("<i2"), plane("<i2"), plane("u1")
            displacement = plane("<f4", 3) if with_displacement else None
            clean = plane("<f4") if with_clean else None
            case.append(
                FeedSlice(index, k, *numbers[:5], source, truth, structures, displacement, clean)
            )
        yield case


def four_classes(structures: np.ndarray) -> np.ndarray:
    """Structure codes of the phantom to background, liver, vessel, lesion."""
    table = np.zeros(256, np.uint8)
    table[2] = 1
    table[3:6] = 2
    table[6] = 3
    return table[structures]


def expected_magnitude(clean: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Expectation of an MR magnitude image: noise lifts dark regions. Its level is read off the air, where the signal is 0."""
    air = clean == 0
    sigma = float(truth[air].mean()) / math.sqrt(math.pi / 2) if air.any() else 0.0
    return np.sqrt(np.square(clean) + math.pi / 2 * sigma * sigma)


@dataclass
class CaseFacts:
    """What a cached case is."""

    name: str
    namespace: str
    seed: int
    index: int
    source_series: int
    target_series: int
    source_reference: float
    pixel_mm: float
    slice_mm: float
    source_phase: float
    truth_phase: float
    amplitude_mm: float


def _save(path: Path, array: np.ndarray) -> None:
    temporary = path.with_suffix(".part.npy")
    np.save(temporary, array)
    temporary.replace(path)


def cache_images(
    feed: Path, folder: Path, *, namespace: str, seed: int, cases: range, direction: str, sequence: str, slices: int,
    size: int = 512, same_phase: bool = True, keep_truth: bool = False, displacement: bool = False,
) -> None:
    """Renders cases and stores them; cases that are there already are not rendered again."""
    folder.mkdir(parents=True, exist_ok=True)
    mr = 1 if sequence == "t1" else 2
    source_series, target_series = (0, mr) if direction == "ct-mr" else (mr, 0)
    for index in cases:
        kind = "" if same_phase else "-breathing"
        name = f"{namespace}-{seed}-{index}-{SERIES[source_series]}-{SERIES[target_series]}{kind}"
        if (folder / f"{name}.json").exists():
            continue
        command = [
            str(feed), "--seed", str(seed), "--namespace", namespace, "--cases", f"{index}:{index + 1}", "--size", str(size),
            "--slices", str(slices), "--direction", direction, "--sequence", sequence, "--clean",
        ]
        command += ["--same-phase"] if same_phase else []
        command += ["--displacement"] if displacement else []
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            case = next(read_feed(process.stdout))
        source = np.stack([s.source for s in case])
        truth = np.stack([s.truth for s in case])
        clean = np.stack([s.clean for s in case])
        structures = np.stack([s.structures for s in case])
        target = clean if target_series == 0 else expected_magnitude(clean, truth)
        facts = CaseFacts(
            name, namespace, seed, index, source_series, target_series,
            mr_reference(source) if source_series else 1.0, case[0].pixel_mm, case[0].slice_mm, case[0].source_phase,
            case[0].truth_phase, case[0].amplitude_mm,
        )
        window = (slice(None), slice(None), slice(None))
        if not keep_truth:
            rows, columns = np.nonzero((structures > 0).any(0))
            edge = 16
            window = (
                slice(None), slice(max(0, rows.min() - edge), rows.max() + edge + 1),
                slice(max(0, columns.min() - edge), columns.max() + edge + 1),
            )
        _save(folder / f"{name}.source.npy", source[window])
        _save(folder / f"{name}.target.npy", np.rint(target[window]).astype(np.int16))
        _save(folder / f"{name}.labels.npy", four_classes(structures[window]))
        if keep_truth:
            _save(folder / f"{name}.truth.npy", truth)
            _save(folder / f"{name}.clean.npy", np.rint(clean).astype(np.int16))
        if displacement:
            field = np.stack([s.displacement[:, ::4, ::4] for s in case], 1)
            _save(folder / f"{name}.displacement.npy", field.astype(np.float16))
        (folder / f"{name}.json").write_text(json.dumps(asdict(facts)))


def cache_breathing(feed: Path, folder: Path, *, seed: int, cases: range, namespace: str = "training") -> None:
    """Stores small volumes with their displacement for the deformation head: one file a case."""
    from .deformation import CELL_MM, cells_of

    folder.mkdir(parents=True, exist_ok=True)
    for number, index in enumerate(cases):
        direction = "ct-mr" if index % 8 < 4 else "mr-ct"
        path = folder / f"{namespace}-{seed}-{index}-{direction}.breathing.npz"
        if path.exists():
            continue
        command = [
            str(feed), "--seed", str(seed), "--namespace", namespace, "--cases", f"{index}:{index + 1}", "--size", "128",
            "--slices", "42", "--direction", direction, "--displacement",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            case = next(read_feed(process.stdout))
        source = np.stack([s.source for s in case])
        series = 0 if direction == "ct-mr" else 1
        image = encode(torch.from_numpy(source), series, mr_reference(source) if series else 1.0)
        spacing = (case[0].slice_mm, case[0].pixel_mm, case[0].pixel_mm)
        right, front, up = (np.stack([s.displacement[n] for s in case]) for n in range(3))
        # Array axes are (k towards the head, j towards the back, i towards the left).
        field = np.stack([up, -front, -right]) / CELL_MM
        np.savez(
            path, image=cells_of(image, spacing).half().numpy(),
            field=np.stack([cells_of(torch.from_numpy(f), spacing).numpy() for f in field]).astype(np.float16),
            phases=np.array([case[0].source_phase, case[0].truth_phase, case[0].amplitude_mm], np.float32),
        )


class Case:
    """A cached case, memory mapped."""

    def __init__(self, folder: Path, facts: CaseFacts):
        self.facts = facts
        self.folder = folder
        self.source = self.load("source")
        self.target = self.load("target")
        self.labels = self.load("labels")
        self.slices_with: dict[int, np.ndarray] | None = None

    def tables(self) -> str | None:
        """SHA-256 of the tables that the stored conditional-mean images are of; None where there are no images."""
        path = self.folder / f"{self.facts.name}.naive.tables"
        return path.read_text() if path.exists() else None

    def load(self, kind: str) -> np.ndarray:
        """Array of the case by the name of its file."""
        return np.load(self.folder / f"{self.facts.name}.{kind}.npy", mmap_mode="r")


def open_cache(folder: Path, namespace: str | None = None) -> list[Case]:
    """Every complete case in a folder, by name."""
    cases = []
    for path in sorted(folder.glob("*.json")):
        facts = CaseFacts(**json.loads(path.read_text()))
        if namespace in (None, facts.namespace):
            cases.append(Case(folder, facts))
    return cases


@dataclass
class Batch:
    """Crops of one batch.

    source B×3×h×w (slices k−1, k, k+1), naive B×1×h×w and target B×1×h×w in the network's domain; labels B×h×w; series indices B;
    geometry B×2 (log2 of pixel size over 0.8 mm, log2 of slice distance over 2.8 mm); target_near B×3×h×w: the target's three slices.
    """

    source: torch.Tensor
    naive: torch.Tensor
    target: torch.Tensor
    labels: torch.Tensor
    source_series: torch.Tensor
    target_series: torch.Tensor
    geometry: torch.Tensor
    target_near: torch.Tensor


def geometry_features(pixel_mm: float, slice_mm: float) -> tuple[float, float]:
    """What the network is told about the grid."""
    return math.log2(pixel_mm / 0.8), math.log2(slice_mm / 2.8)


class Crops:
    """Draws batches of crops at one scale (1: full resolution, 2 and 4: pooled).

    Without a map the conditional-mean images are zero: the anatomy needs none. `structures`: share of crops around a vessel or a lesion.
    """

    def __init__(self, cases: list[Case], naive: NaiveMap | None, seed: int, structures: float = 0.0):
        self.naive = naive
        self.structures = structures
        self.random = np.random.default_rng(seed)
        if naive is not None and naive.stages is not None:
            # The stages see whole slices: only cases whose conditional mean is stored can give crops.
            digest = naive.digest()
            cases = [c for c in cases if c.tables() == digest]
        if not cases:
            raise ValueError("no cached case to draw crops from (with stages: none with a stored conditional mean of these tables)")
        self.pairs: dict[tuple[int, int], list[Case]] = {}
        for case in cases:
            self.pairs.setdefault((case.facts.source_series, case.facts.target_series), []).append(case)
        self.stored: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.weights = {pair: (1.0 if 2 not in pair else 0.35) for pair in self.pairs}

    def _pick(self) -> Case:
        pairs = list(self.pairs)
        p = np.array([self.weights[pair] for pair in pairs])
        cases = self.pairs[pairs[self.random.choice(len(pairs), p=p / p.sum())]]
        return cases[self.random.integers(len(cases))]

    def _stored(self, case: Case) -> tuple[np.ndarray, np.ndarray] | None:
        """Conditional-mean images of a case and the slices that have one; None where the map has no stages: then crops are enough."""
        if self.naive is None or self.naive.stages is None:
            return None
        name = case.facts.name
        if name not in self.stored:
            images = case.load("naive")
            self.stored[name] = images, np.nonzero(np.isfinite(images[:, 0, 0]))[0]
        return self.stored[name]

    def batch(self, count: int, size: int, scale: int = 1) -> Batch:
        """Draws `count` crops of `size`×`size` pixels of the scale."""
        drawn = [self._sample(self._pick(), size, scale) for _ in range(count)]
        stack = [torch.stack(parts) for parts in zip(*[d[:5] for d in drawn])]
        near = stack.pop()
        facts = [d[5] for d in drawn]
        return Batch(
            *stack, torch.tensor([f.source_series for f in facts]), torch.tensor([f.target_series for f in facts]),
            torch.tensor([geometry_features(f.pixel_mm * scale, f.slice_mm) for f in facts]), near,
        )

    def _sample(self, case: Case, size: int, scale: int):
        facts = case.facts
        depth, height, width = case.target.shape
        stored = self._stored(case)
        k = int(self.random.integers(depth) if stored is None else self.random.choice(stored[1]))
        whole = (size + 2 * MARGIN) * scale
        around = 0
        if self.structures and self.random.random() < self.structures:
            # Lesions are rare: half of these crops look for one.
            around = int(self.random.integers(2, 4))
            held = self._slices_with(case, around)
            if stored is not None:
                held = np.intersect1d(held, stored[1])
            k = int(self.random.choice(held)) if held.size else k
        # A third of the crops sits on the liver, if the slice has one.
        top = int(self.random.integers(min(0, height - whole), max(0, height - whole) + 1))
        left = int(self.random.integers(min(0, width - whole), max(0, width - whole) + 1))
        if around or self.random.random() < 0.33:
            step = 2 if around else 8
            plane = case.labels[k, ::step, ::step]
            rows, columns = np.nonzero(plane == around if around else plane)
            if rows.size:
                n = self.random.integers(rows.size)
                shift = self.random.integers(-whole // 4, whole // 4 + 1, 2) if around else (0, 0)
                top, left = (int(p[n]) * step - whole // 2 + int(s) for p, s in zip((rows, columns), shift))
        fill_source = -1024 if facts.source_series == 0 else 0
        fill_target = -1024 if facts.target_series == 0 else 0
        y_fill = float(encode(torch.tensor([float(fill_target)]), facts.target_series))
        neighbours = [min(max(n, 0), depth - 1) for n in (k - 1, k, k + 1)]
        source = np.stack([_window(case.source[n], top, left, whole, fill_source) for n in neighbours])
        target = np.stack([_window(case.target[n], top, left, whole, fill_target) for n in neighbours])
        labels = _window(case.labels[k], top, left, whole, 0)
        x = encode(torch.from_numpy(source.astype(np.float32)), facts.source_series, facts.source_reference)
        y = encode(torch.from_numpy(target.astype(np.float32)), facts.target_series)
        if scale > 1:
            x = torch.nn.functional.avg_pool2d(x, scale)
            y = torch.nn.functional.avg_pool2d(y, scale)
            labels = labels[scale // 2 :: scale, scale // 2 :: scale]
        if self.random.random() < 0.5:
            # Warping a volume interpolates between slices: half of the crops are smoothed as much as that would.
            w = float(self.random.uniform(0, 0.5))
            middle = (1 - w) * x[1] + w * 0.5 * (x[0] + x[2])
            x = torch.stack([(1 - w) * x[0] + w * x[1], middle, (1 - w) * x[2] + w * x[1]])
        if self.naive is None:
            n = torch.zeros_like(x[:1])
        elif stored is None:
            n = self.naive.predict(x, facts.source_series, facts.target_series, facts.pixel_mm * scale)[None]
        else:
            n = torch.from_numpy(_window(stored[0][k], top, left, whole, y_fill).astype(np.float32))[None]
            n = torch.nn.functional.avg_pool2d(n, scale) if scale > 1 else n
        cut = (slice(None), slice(MARGIN, MARGIN + size), slice(MARGIN, MARGIN + size))
        labels = torch.from_numpy(np.ascontiguousarray(labels[cut[1:]])).long()
        return x[cut], n[cut], y[1:2][cut], labels, y[cut], facts

    def _slices_with(self, case: Case, label: int) -> np.ndarray:
        """Slices of a case that show at least a few pixels of a structure."""
        if case.slices_with is None:
            planes = case.labels[:, ::2, ::2]
            case.slices_with = {n: np.nonzero((planes == n).sum((1, 2)) > 4)[0] for n in (2, 3)}
        return case.slices_with[label]


def _window(plane: np.ndarray, top: int, left: int, size: int, fill: float) -> np.ndarray:
    """A square window; what lies outside of the plane is filled."""
    out = np.full((size, size), fill, plane.dtype)
    y0, y1 = max(top, 0), min(top + size, plane.shape[0])
    x0, x1 = max(left, 0), min(left + size, plane.shape[1])
    if y0 < y1 and x0 < x1:
        out[y0 - top : y1 - top, x0 - left : x1 - left] = plane[y0:y1, x0:x1]
    return out


def main() -> None:
    """Fills the cache."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feed", type=Path, required=True, help="the phantom-feed binary")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cases", type=int, default=24, help="cases for each of CT→T1 and T1→CT; T2 gets a third of it")
    parser.add_argument("--slices", type=int, default=64)
    parser.add_argument("--breathing", type=int, default=320, help="small volumes for the deformation head")
    parser.add_argument("--validation", type=int, default=4, help="validation cases for each direction, T1")
    options = parser.parse_args()
    cache_breathing(options.feed, options.cache / "breathing", seed=options.seed, cases=range(options.breathing))
    training = {"namespace": "training", "seed": options.seed, "slices": options.slices}
    for block in range(0, options.cases, 4):
        count = min(4, options.cases - block)
        for direction in ("ct-mr", "mr-ct"):
            # Different patients for the two directions.
            first = block if direction == "ct-mr" else 1000 + block
            cache_images(
                options.feed, options.cache / "images", cases=range(first, first + count), direction=direction, sequence="t1",
                **training)
            if block % 12 == 0:
                first += 2000
                cache_images(
                    options.feed, options.cache / "images", cases=range(first, first + count), direction=direction,
                    sequence="t2", **training)
        if block == 0:
            for direction in ("ct-mr", "mr-ct"):
                for same_phase in (True, False):
                    cache_images(
                        options.feed, options.cache / "validation", namespace="validation", seed=options.seed,
                        cases=range(options.validation), direction=direction, sequence="t1", slices=options.slices,
                        same_phase=same_phase, keep_truth=True, displacement=not same_phase)


if __name__ == "__main__":
    main()
