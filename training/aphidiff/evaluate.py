"""SSIM at 512×512 on validation phantoms: generated, source, conditional mean, and the ceiling that the truth's noise sets.

    python -m aphidiff.evaluate --weights aphidiff.safetensors --cache CACHE [--steps 1 2 4] [--every 8]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from .data import Case, geometry_features, open_cache
from .deformation import CELL_MM, cells_of, sample_volume
from .export import KEPT_IN_FP32, load_exported
from .intensity import SERIES, decode, encode
from .losses import ssim_map
from .model import APHiDiff
from .naive import NaiveMap
from .quantised import simulate_int8


def body_of(truth: np.ndarray, series: int) -> np.ndarray:
    """Body of a volume K×H×W: in each row, everything between the first and the last pixel of tissue."""
    level = -300 if series == 0 else 0.2 * np.mean(truth[truth > truth.mean()])
    tissue = torch.nn.functional.avg_pool2d(torch.from_numpy(truth.astype(np.float32))[:, None], 3, 1, 1)[:, 0].numpy() > level
    return np.logical_or.accumulate(tissue, 2) & np.logical_or.accumulate(tissue[:, :, ::-1], 2)[:, :, ::-1]


def data_range(truth: np.ndarray, body: np.ndarray, series: int) -> float:
    """CT: 4095; MR: between the 0.1 and the 99.9 percentile of the truth inside the body."""
    if series == 0:
        return 4095.0
    low, high = np.percentile(truth[body], [0.1, 99.9])
    return float(high - low)


def ssim(image: np.ndarray, truth: np.ndarray, body: np.ndarray, width: float, series: int) -> tuple[float, int]:
    """Sum over windows whose centre is in the body, and their number."""
    a, b = (torch.from_numpy(x.astype(np.float64))[None, None] for x in (image, truth))
    if series == 0:
        a, b = a.clamp(-1024, 3071), b.clamp(-1024, 3071)
    values = ssim_map(a, b, width)[0, 0].numpy()
    inside = body[5:-5, 5:-5]
    return float(values[inside].sum()), int(inside.sum())


@torch.no_grad()
def warped_source(model: APHiDiff, case: Case) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Source volume in stored intensities at the phase of the truth, and the displacement in cells (None: same phase)."""
    f = case.facts
    volume = torch.from_numpy(case.source.astype(np.float32))
    if f.source_phase == f.truth_phase:
        return volume, None
    spacing = (f.slice_mm, f.pixel_mm, f.pixel_mm)
    cells = cells_of(encode(volume, f.source_series, f.source_reference), spacing)
    numbers = (torch.tensor([v]) for v in (f.source_phase, f.truth_phase, f.amplitude_mm))
    u = model.deformation(cells[None, None], *numbers)[0]
    return sample_volume(volume, u, spacing), u


@torch.no_grad()
def field_error(case: Case, u: torch.Tensor | None) -> dict[str, float]:
    """Mean error, in mm and in the coronal plane (R and S), of the displacement in the liver; and the size of the motion itself."""
    truth = case.load("displacement").astype(np.float32)  # 3 (R, A, S)×K×H/4×W/4
    liver = case.labels[:, ::4, ::4] > 0
    estimate = np.zeros_like(truth)
    if u is not None:
        f = case.facts
        where = [
            (torch.arange(n) * step + 0.5) * spacing / CELL_MM - 0.5
            for n, step, spacing in zip(truth.shape[1:], (1, 4, 4), (f.slice_mm, f.pixel_mm, f.pixel_mm))
        ]
        limits = torch.tensor([2 / max(1, n - 1) for n in u.shape[1:]])
        grid = (torch.stack(torch.meshgrid(*where, indexing="ij"), -1) * limits - 1).flip(-1)
        at = torch.nn.functional.grid_sample(u[None], grid[None], padding_mode="border", align_corners=True)[0].numpy() * CELL_MM
        estimate = np.stack([-at[2], -at[1], at[0]])
    error = estimate - truth
    return {
        "coronal_mm": float(np.hypot(error[0], error[2])[liver].mean()), "error_mm": float(np.linalg.norm(error, axis=0)[liver].mean()),
        "motion_mm": float(np.linalg.norm(truth, axis=0)[liver].mean()),
    }


@torch.no_grad()
def evaluate(model: APHiDiff, naive: NaiveMap, cases: list[Case], steps: list[int], every: int, naive_input: bool = True) -> list[dict]:
    """One row a case."""
    rows = []
    for case in cases:
        f = case.facts
        truth = case.load("truth")
        clean = case.load("clean")
        planes = list(range(every // 2, truth.shape[0], every))
        body = body_of(truth[planes], f.target_series)
        width = data_range(truth[planes], body, f.target_series)
        volume, u = warped_source(model, case)
        row: dict = {"case": f.name, "source_series": SERIES[f.source_series], "target_series": SERIES[f.target_series], "breathing": u is not None}
        if u is not None:
            row |= field_error(case, u)
        sums: dict[str, list[float]] = {}
        overlap = torch.zeros(2, 3, 2)  # of the source and of the image of the first number of steps
        for place, k in enumerate(planes):
            near = [min(max(n, 0), truth.shape[0] - 1) for n in (k - 1, k, k + 1)]
            x = encode(volume[near], f.source_series, f.source_reference)
            n = naive.predict(x, f.source_series, f.target_series, f.pixel_mm)
            series = torch.tensor([f.target_series])
            base = n if naive_input else torch.zeros_like(n)
            c = model.condition(
                x[None], base[None, None], torch.tensor([f.source_series]), series,
                torch.tensor([geometry_features(f.pixel_mm, f.slice_mm)]))
            images = {
                "ceiling": clean[k], "expectation": case.target[k], "conditional_mean": decode(n, f.target_series).numpy(),
                "source": decode(x[1], f.target_series).numpy(),
            }
            for count in steps:
                began = time.perf_counter()
                bands = model.sample(c, count, seed=k)
                image = model.refined(bands, x, f.source_series, f.target_series, f.pixel_mm)
                generated = model.normalised(image, series) if count == steps[0] else generated
                sums.setdefault("seconds", [0.0, 0])
                images[f"steps_{count}"] = decode(image, f.target_series)[0, 0].numpy()
                if count == 1:
                    sums["seconds"][0] += time.perf_counter() - began
                    sums["seconds"][1] += 1
            for name, image in images.items():
                total, number = ssim(image, truth[k], body[place], width, f.target_series)
                entry = sums.setdefault(name, [0.0, 0])
                entry[0] += total
                entry[1] += number
                if name != "source":
                    entry = sums.setdefault(f"mae_{name}", [0.0, 0])
                    entry[0] += float(np.abs(image - truth[k].astype(np.float32))[body[place]].sum())
                    entry[1] += int(body[place].sum())
            labels = torch.from_numpy(case.labels[k].astype(np.int64))[::2, ::2]
            # The generated slice stands in for its own neighbours, as in the engine.
            again, _, _ = model.anatomy(generated.repeat(1, 3, 1, 1))
            for place_of, features in enumerate((c.features, again)):
                found = model.anatomy.head(features[0]).argmax(1)[0]
                for n in range(3):
                    both = (found == n + 1) & (labels == n + 1)
                    overlap[place_of, n, 0] += 2 * both.sum()
                    overlap[place_of, n, 1] += (found == n + 1).sum() + (labels == n + 1).sum()
        row |= {name: total / max(1, number) for name, (total, number) in sums.items()}
        for kind, pairs in zip(("dice_source", "dice_generated"), overlap):
            row |= {f"{kind}_{name}": float(o / t) if t else None for name, (o, t) in zip(("liver", "vessel", "lesion"), pairs)}
        rows.append(row)
        print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}), flush=True)
    return rows


def summary(rows: list[dict]) -> dict:
    """Means by direction and by whether the case breathes."""
    out: dict = {}
    for row in rows:
        key = f"{row['source_series']} to {row['target_series']}, {'breathing' if row['breathing'] else 'same phase'}"
        out.setdefault(key, []).append(row)
    return {
        key: {"cases": len(group)}
        | {n: round(float(np.mean([r[n] for r in group if r.get(n) is not None])), 4) for n in group[0] if isinstance(group[0][n], float)}
        for key, group in sorted(out.items())
    }


def load_checkpoint(path: Path) -> tuple[APHiDiff, NaiveMap]:
    """Averaged weights of a training checkpoint."""
    state = torch.load(path, weights_only=True)
    model = APHiDiff(gated=state["config"]["variant"] != "no-gating").eval()
    model.load_state_dict(state["average"])
    return model, NaiveMap(state["tables"], state.get("stages"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="exported weights, or a checkpoint")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--every", type=int, default=8, help="every n-th slice")
    parser.add_argument("--cases", type=int, default=0, help="at most so many of each kind")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--int8", action="store_true", help="simulate the engine's int8 activations")
    parser.add_argument("--keep", nargs="*", default=[], help="with --int8: further layers (beginnings of names) that stay in fp32")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.weights.suffix == ".pt":
        model, naive = load_checkpoint(options.weights)
    else:
        model, naive, metadata = load_exported(options.weights)
        if options.int8:
            simulate_int8(model, metadata["activation_ranges"], (*KEPT_IN_FP32, *options.keep))
    cases = [c for c in open_cache(options.cache / "validation", "validation") if options.only in c.facts.name]
    if options.cases:
        cases = [c for c in cases if c.facts.index < options.cases]
    rows = evaluate(model, naive, cases, options.steps, options.every)
    result = {"slices": f"every {options.every}th", "summary": summary(rows), "cases": rows}
    print(json.dumps(result["summary"], indent=1))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
