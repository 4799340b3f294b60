"""Fits the refinement on whole slices of training phantoms that the network was not trained on.

    python -m aphidiff.refine --checkpoint RUN/released.pt --cache HELD --output RUN/refined.pt

The cache needs conditional-mean images (`aphidiff.statistics --store-every`). Stage after stage: features of the present image, then Adam on crops by
the SSIM that a protocol scores and a share of the absolute error.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .data import Case, geometry_features, open_cache
from .evaluate import body_of
from .intensity import SERIES, encode
from .losses import stored_ssim_loss
from .model import APHiDiff
from .naive import PAIRS
from .refinement import FEATURES, HIDDEN, STAGES, Conditions

EDGE = 8  # pixels around the body


@dataclass
class Slice:
    """A generated slice of a case, with air around it up to a multiple of 64 pixels; planes in the network's domain."""

    source: torch.Tensor  # 3×h×w, float16
    image: torch.Tensor  # h×w
    target: torch.Tensor  # h×w
    window: tuple[slice, slice]  # around the body of the target
    pixel_mm: float


def _padded(x: np.ndarray, fill: float) -> torch.Tensor:
    size = [-(-n // 64) * 64 for n in x.shape[-2:]]
    out = np.full((*x.shape[:-2], *size), fill, np.float32)
    out[..., : x.shape[-2], : x.shape[-1]] = x
    return torch.from_numpy(out)


@torch.no_grad()
def generated(model: APHiDiff, case: Case, count: int) -> list[Slice]:
    """`count` slices of a case, one step, without refinement."""
    f = case.facts
    means = case.load("naive")
    stored = np.nonzero(np.isfinite(means[:, 0, 0]))[0]
    air = [-1024.0 if s == 0 else 0.0 for s in (f.source_series, f.target_series)]
    out = []
    for k in stored[np.linspace(0, len(stored) - 1, count + 2).round().astype(int)[1:-1]]:
        near = [min(max(n, 0), case.target.shape[0] - 1) for n in (k - 1, k, k + 1)]
        source = encode(_padded(case.source[near], air[0]), f.source_series, f.source_reference)
        stored_target = _padded(case.target[k], air[1])
        mean = _padded(means[k], float(encode(torch.tensor([air[1]]), f.target_series)))
        series = torch.tensor([f.target_series])
        c = model.condition(
            source[None], mean[None, None], torch.tensor([f.source_series]), series,
            torch.tensor([geometry_features(f.pixel_mm, f.slice_mm)]))
        image = model.image(model.sample(c, 1), series)[0, 0]
        body = body_of(stored_target[None].numpy(), f.target_series)[0]
        if not body.any():
            continue
        rows, columns = (np.nonzero(body.any(a))[0] for a in (1, 0))
        window = tuple(slice(max(0, int(n[0]) - EDGE), int(n[-1]) + EDGE + 1) for n in (rows, columns))
        out.append(Slice(source.half(), image, encode(stored_target, f.target_series), window, f.pixel_mm))
    return out


def fit_pair(
    model: APHiDiff, slices: list[Slice], pair: int, steps: int, rate: float = 4e-3, size: int = 160, batch: int = 4,
    share: float = 0.3, seed: int = 0,
) -> list[float]:
    """Fits every stage of a pair of series in turn; returns the loss over the last fifth of the steps of each stage."""
    refinement = model.refinement
    source_series, target_series = PAIRS[pair]
    images = [s.image for s in slices]
    report = []
    for stage in range(STAGES):
        random = np.random.default_rng([seed, pair, stage])
        generator = torch.Generator().manual_seed(1000 * seed + 10 * pair + stage)
        work = []
        for n, s in enumerate(slices):
            features = Conditions(s.source.float(), source_series, s.pixel_mm).features(images[n])
            work.append((features[(slice(None), *s.window)].half(), images[n][s.window], s.target[s.window]))
        with torch.no_grad():
            refinement.hidden[pair, stage] = torch.randn(HIDDEN, FEATURES, generator=generator) * math.sqrt(2 / FEATURES)
            refinement.bias[pair, stage] = 2 * torch.rand(HIDDEN, generator=generator) - 1
            refinement.out[pair, stage] = 0
            refinement.shift[pair, stage] = 0
        optimiser = torch.optim.Adam(refinement.parameters(), lr=rate, betas=(0.9, 0.98))
        losses = []
        for n in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = rate * min(1, (n + 1) / 20) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * n / steps)))
            crops = []
            for _ in range(batch):
                features, image, target = work[random.integers(len(work))]
                corner = [int(random.integers(max(1, m - size + 1))) for m in image.shape]
                cut = tuple(slice(c, c + size) for c in corner)
                whole = [torch.zeros(len(features), size, size), torch.zeros(size, size), torch.zeros(size, size)]
                for to, x in zip(whole, (features[(slice(None), *cut)], image[cut], target[cut])):
                    to[..., : x.shape[-2], : x.shape[-1]] = x
                crops.append(whole)
            features, image, target = (torch.stack(x) for x in zip(*crops))
            estimate = image + refinement.correction(features, pair, stage)
            error = stored_ssim_loss(estimate[:, None], target[:, None], torch.full((batch,), target_series))
            loss = error + share * (estimate - target).abs().mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        report.append(float(np.mean(losses[-max(1, steps // 5) :])))
        with torch.no_grad():
            for n, s in enumerate(slices):
                c = Conditions(s.source.float(), source_series, s.pixel_mm)
                change = refinement.correction(c.features(images[n])[None], pair, stage)[0]
                images[n] = torch.where(c.inside, images[n] + change, images[n])
    return report


def main() -> None:
    """Fits all pairs that the cache has, in place of both the averaged and the raw weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="training phantoms that the network has not seen")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--slices", type=int, default=10, help="of each case")
    parser.add_argument("--steps", type=int, default=800, help="of each stage; a third where the target or the source is T2")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    began = time.process_time()
    state = torch.load(options.checkpoint, weights_only=True)
    model = APHiDiff().eval()
    model.load_state_dict(state["average"])
    cases = open_cache(options.cache / "images", "training")
    record = {"step": state["step"], "refinement_seeds": sorted({c.facts.seed for c in cases}), "refinement_cases": len(cases)}
    for pair, series in enumerate(PAIRS):
        chosen = [c for c in cases if (c.facts.source_series, c.facts.target_series) == series and c.tables()]
        slices = [s for c in chosen for s in generated(model, c, options.slices)]
        if not slices:
            continue
        name = f"{SERIES[series[0]]} to {SERIES[series[1]]}"
        record[name] = fit_pair(model, slices, pair, options.steps if 2 not in series else options.steps // 3)
        print(name, len(slices), "slices, loss of the stages", [round(v, 4) for v in record[name]], f"{time.process_time() - began:.0f} s", flush=True)
    state["cpu_seconds"] = state.get("cpu_seconds", 0.0) + time.process_time() - began
    state["average"] = state["model"] = model.state_dict()
    state["history"].append(record)
    torch.save(state, options.output)


if __name__ == "__main__":
    main()
