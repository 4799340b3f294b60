"""The margins of the anatomy head's masks, tried on phantoms of the training namespace that no weights have learned from.

    python -m aphidiff.margins --feed …/phantom-feed --validate …/validate --weights FOLDER --work FOLDER [--write]

Generates volumes with the reference, makes masks of them by the engine's rules (docs/engine.md) with several margins, and prints vessel topology
continuity (by `validate measure`) and lesions found and invented. `--write` puts the chosen margins into the manifest of the weights.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import deque
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .agreement import write_nifti
from .data import Case, cache_images, geometry_features, open_cache
from .export import load_exported
from .intensity import encode

SMALLEST_MM3 = 30.0
IMPASSABLE = 8.0
AIR = (-1.0, -0.75, -0.75)  # of CT and MR in the network's domain: −200 HU, an eighth of the reference signal
STEPS = [(k, j, i) for k in (-1, 0, 1) for j in (-1, 0, 1) for i in (-1, 0, 1) if (k, j, i) != (0, 0, 0)]
FACES = [s for s in STEPS if sum(map(abs, s)) == 1]


def parts(mask: np.ndarray, steps=STEPS) -> list[np.ndarray]:
    """Connected parts of a mask K×H×W, each as rows (k, j, i)."""
    padded = np.pad(mask, 1)
    strides = [s // padded.itemsize for s in padded.strides]
    moves = [sum(a * b for a, b in zip(step, strides)) for step in steps]
    left = padded.reshape(-1).copy()
    found = []
    for start in np.flatnonzero(left).tolist():
        if not left[start]:
            continue
        left[start] = False
        part, queue = [start], deque([start])
        while queue:
            at = queue.popleft()
            for move in moves:
                if left[at + move]:
                    left[at + move] = False
                    part.append(at + move)
                    queue.append(at + move)
        found.append(np.stack(np.unravel_index(part, padded.shape), 1) - 1)
    return found


def margins_of(logits: np.ndarray) -> np.ndarray:
    """Each class's logit minus the largest of the others; K×4×H×W."""
    return np.stack([logits[:, n] - np.delete(logits, n, 1).max(1) for n in range(logits.shape[1])], 1)


def classes_of(logits: np.ndarray, image: np.ndarray, series: int) -> np.ndarray:
    """Classes on the image's grid: no organ in air, and the largest part only."""
    found = logits.argmax(1).astype(np.uint8)
    found[image < AIR[series]] = 0
    inside = np.zeros(found.shape, bool)
    inside[tuple(max(parts(found > 0, FACES), key=len).T)] = True
    return np.where(inside, found, 0)


def vessels_of(classes: np.ndarray, margins: np.ndarray, spacing: tuple[float, ...], margin: float, bridge: float) -> np.ndarray:
    """Sure vessels with what is nearly one beside them, and bridges between the parts (see `VesselBridges` in the engine)."""
    sure = classes == 2
    wide = sure | ((classes == 1) & (margins[:, 2] > -margin))
    least = SMALLEST_MM3 / float(np.prod(spacing))
    kept = [p for p in parts(wide) if sure[tuple(p.T)].sum() >= least]
    out = np.zeros(classes.shape, bool)
    name = np.zeros(classes.shape, np.int32)
    for n, part in enumerate(kept, 1):
        out[tuple(part.T)] = True
        name[tuple(part.T)] = n
    if bridge <= 0 or len(kept) < 2:
        return out
    limit = int(bridge * 256)
    deficit = np.minimum(255, np.rint(16 * np.maximum(0, -margins[:, 2]))).astype(int)
    lengths = [int(round(16 * float(np.hypot(np.hypot(*(a * b for a, b in zip(s[:2], spacing[:2]))), s[2] * spacing[2])))) for s in STEPS]
    cost: dict[tuple, int] = {}
    last: dict[tuple, tuple] = {}
    waiting: list[list] = [[] for _ in range(limit + 1)]
    joined: set[int] = set()

    def join(n: int) -> None:
        joined.add(n)
        for cell in map(tuple, kept[n - 1].tolist()):
            cost[cell] = 0
            last.pop(cell, None)
            waiting[0].append(cell)

    join(max(range(1, len(kept) + 1), key=lambda n: len(kept[n - 1])))
    now = 0
    while now <= limit:
        if not waiting[now]:
            now += 1
            continue
        cell = waiting[now].pop()
        if cost[cell] != now:
            continue
        if name[cell] and name[cell] not in joined:
            back = cell
            while back in last:
                out[back] = True
                cost[back] = 0
                waiting[0].append(back)
                back = last.pop(back)
            join(int(name[cell]))
            now = 0
            continue
        for step, length in zip(STEPS, lengths):
            to = tuple(a + b for a, b in zip(cell, step))
            if any(not 0 <= a < n for a, n in zip(to, classes.shape)) or not classes[to]:
                continue
            away = 0 if name[to] else deficit[to]
            total = now + max(1, length * away)
            if away <= IMPASSABLE * 16 and total <= limit and total < cost.get(to, limit + 1):
                cost[to] = total
                last[to] = cell
                waiting[total].append(to)
    return out


def lesions_of(classes: np.ndarray, margins: np.ndarray, spacing: tuple[float, ...]) -> list[tuple[float, np.ndarray]]:
    """Parts of lesion from 30 mm³ on: largest margin, voxels."""
    least = SMALLEST_MM3 / float(np.prod(spacing))
    return [(float(margins[:, 3][tuple(p.T)].max()), p) for p in parts(classes == 3) if len(p) >= least]


@torch.no_grad()
def generated(model, naive, case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Image in the network's domain K×H×W and logits K×4×H×W of a case, one step; each slice is its own neighbour, as in the engine."""
    f = case.facts
    volume = torch.from_numpy(case.source.astype(np.float32))
    source, target = torch.tensor([f.source_series]), torch.tensor([f.target_series])
    images, maps = [], []
    for k in range(volume.shape[0]):
        near = [min(max(n, 0), volume.shape[0] - 1) for n in (k - 1, k, k + 1)]
        x = encode(volume[near], f.source_series, f.source_reference)
        n = naive.predict(x, f.source_series, f.target_series, f.pixel_mm)
        c = model.condition(x[None], n[None, None], source, target, torch.tensor([geometry_features(f.pixel_mm, f.slice_mm)]))
        image = model.refined(model.sample(c), x, f.source_series, f.target_series, f.pixel_mm)
        bands = model.normalised(image, target)
        logits = model.anatomy.head(model.anatomy(bands.repeat(1, 3, 1, 1))[0][0])
        # Row r of the map is row 2r of the image.
        at = torch.arange(volume.shape[1]) + 0.5
        rows = torch.arange(volume.shape[2]) + 0.5
        grid = torch.stack(torch.meshgrid(at / at.numel() * 2 - 1, rows / rows.numel() * 2 - 1, indexing="ij")[::-1], -1)
        maps.append(F.grid_sample(logits, grid[None], padding_mode="border", align_corners=False)[0].numpy())
        images.append(image[0, 0].numpy())
    return np.stack(images), np.stack(maps)


def continuity(validate: Path, truth: np.ndarray, found: np.ndarray, spacing, work: Path) -> dict[str, float]:
    """The suite's vessel measurements by name."""
    for name, mask in (("truth", truth), ("found", found)):
        write_nifti(work / f"{name}.nii.gz", mask.astype(np.int16), spacing)
    done = subprocess.run(
        [validate, "measure", "--reference-vessels", work / "truth.nii.gz", "--generated-vessels", work / "found.nii.gz", "--json"],
        capture_output=True, text=True, check=True)
    return {m["metric"]: m["value"] for m in json.loads(done.stdout)["measurements"] if m.get("value") is not None}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feed", type=Path, required=True)
    parser.add_argument("--validate", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=61, help="of the training namespace, and of no case that the weights learned from")
    parser.add_argument("--cases", type=int, default=4, help="for each direction")
    parser.add_argument("--vessel", type=float, nargs="+", default=[0, 2], help="margins of vessels to try")
    parser.add_argument("--bridge", type=float, nargs="+", default=[0, 20], help="limits of bridges to try")
    parser.add_argument("--lesion", type=float, nargs="+", default=[0, 4, 6, 8, 10, 12], help="margins of lesions to try")
    parser.add_argument("--write", type=float, nargs=3, metavar=("VESSEL", "BRIDGE", "LESION"), help="put these into the manifest; nothing is tried")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    manifest = options.weights / "aphidiff.json"
    if options.write:
        content = json.loads(manifest.read_text()) | dict(zip(("vessel_margin", "vessel_bridge", "lesion_margin"), options.write))
        manifest.write_text(json.dumps(content, indent=1) + "\n")
        return
    folder = options.work / "margins"
    for direction, first in (("ct-mr", 0), ("mr-ct", 1000)):
        cache_images(
            options.feed, folder, namespace="training", seed=options.seed, cases=range(first, first + options.cases), direction=direction,
            sequence="t1", slices=40, keep_truth=True)
    model, naive, _ = load_exported(options.weights / "aphidiff.safetensors")
    tables: dict = {}
    for case in open_cache(folder, "training"):
        f = case.facts
        image, logits = generated(model, naive, case)
        margins, classes = margins_of(logits), classes_of(logits, image, f.target_series)
        spacing = (f.slice_mm, f.pixel_mm, f.pixel_mm)
        truth = parts(case.labels == 3)
        direction = "CT to MR" if f.target_series else "MR to CT"
        for margin in options.vessel:
            for bridge in options.bridge:
                found = vessels_of(classes, margins, spacing, margin, bridge)
                m = continuity(options.validate, case.labels == 2, found, spacing, folder)
                tables.setdefault((direction, f"vessel {margin:g}, bridge {bridge:g}"), []).append(
                    [m.get(k, 0.0) for k in ("vtc", "vtc_recall", "vtc_precision", "branch_accuracy")])
        spots = lesions_of(classes, margins, spacing)
        for margin in options.lesion:
            kept = np.zeros(classes.shape, bool)
            invented = 0
            for peak, part in spots:
                if peak >= margin:
                    kept[tuple(part.T)] = True
                    invented += not (case.labels[tuple(part.T)] == 3).any()
            hit = sum(bool(kept[tuple(p.T)].any()) for p in truth)
            tables.setdefault((direction, f"lesion {margin:g}"), []).append([hit, len(truth), invented, not kept.any()])
        print(f.name, flush=True)
    for (direction, what), rows in sorted(tables.items()):
        if what.startswith("vessel"):
            print(direction, what, "continuity, recall, precision, branches:", np.round(np.mean(rows, 0), 3).tolist())
        else:
            print(direction, what, "found, of, invented, cases without any:", np.sum(rows, 0).astype(int).tolist())


if __name__ == "__main__":
    main()
