"""What is measured on training phantoms before training: conditional-mean tables, and mean and standard deviation of every band."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from .bands import pack
from .data import Case, open_cache
from .export import load_exported
from .intensity import SERIES, encode
from .naive import PAIRS, NaiveMap


def _slices(case: Case, count: int) -> list[int]:
    return np.linspace(2, case.target.shape[0] - 3, count).astype(int).tolist()


def measure(cases: list[Case], slices: int = 16, cascade: int = 0) -> dict[str, torch.Tensor]:
    """Tables 4×64×32×8, tables of the following stages (from `cascade` slices a case; 0: none), band means and standard deviations 3×16."""
    naive = NaiveMap()
    moments = torch.zeros(2, len(SERIES), 16, dtype=torch.float64)
    counts = torch.zeros(len(SERIES), dtype=torch.float64)

    def pair_of(case: Case, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        f = case.facts
        height, width = (n // 4 * 4 for n in case.target.shape[1:])
        source = torch.from_numpy(case.source[k - 1 : k + 2, :height, :width].astype(np.float32))
        target = torch.from_numpy(case.target[k, :height, :width].astype(np.float32))
        return encode(source, f.source_series, f.source_reference), encode(target, f.target_series)

    for case in cases:
        f = case.facts
        for k in _slices(case, slices):
            x, y = pair_of(case, k)
            naive.learn(x, y, f.source_series, f.target_series, f.pixel_mm)
            bands = pack(y[None, None]).double()
            moments[0, f.target_series] += bands.mean((0, 2, 3))
            moments[1, f.target_series] += bands.square().mean((0, 2, 3))
            counts[f.target_series] += 1
    naive.fit()
    stages: dict = {}
    for case in cases if cascade else []:
        f = case.facts
        items = stages.setdefault((f.source_series, f.target_series), [])
        items.extend((*pair_of(case, k), f.pixel_mm) for k in _slices(case, cascade))
    for number, stage, before, after in naive.fit_stages(stages) if cascade else []:
        print(f"{SERIES[PAIRS[number][0]]} to {SERIES[PAIRS[number][1]]}, stage {stage}: mean absolute error {before:.4f} -> {after:.4f}", flush=True)
    mean = moments[0] / counts.clamp_min(1)[:, None]
    std = (moments[1] / counts.clamp_min(1)[:, None] - mean.square()).clamp_min(1e-6).sqrt()
    mean[:, 1:] = 0
    # Neighbouring phases of one band share their statistics.
    std[:, 4:] = std[:, 4:].reshape(len(SERIES), 3, 4).square().mean(2).sqrt().repeat_interleave(4, 1)
    missing = counts == 0
    mean[missing], std[missing] = 0.0, 1.0
    found = {"stages": naive.stages} if naive.stages is not None else {}
    return found | {"tables": naive.tables, "band_mean": mean.float(), "band_std": std.float(), "slices": counts}


def store_conditional_means(cases: list[Case], naive: NaiveMap, every: int = 1) -> None:
    """Writes the conditional-mean image of every n-th slice beside each case (`NAME.naive.npy`, float16; NaN where there is none): the stages see
    whole slices, and crops are drawn from these. Images of other tables are made anew."""
    digest = naive.digest()
    for case in cases:
        f = case.facts
        path = case.folder / f"{f.name}.naive.npy"
        tables = path.with_suffix(".tables")
        if path.exists() and tables.exists() and tables.read_text() == digest:
            continue
        depth = case.target.shape[0]
        out = np.full(case.target.shape, np.nan, np.float16)
        for k in range(every // 2, depth, every):
            near = [min(max(n, 0), depth - 1) for n in (k - 1, k, k + 1)]
            source = encode(torch.from_numpy(case.source[near].astype(np.float32)), f.source_series, f.source_reference)
            out[k] = naive.predict(source, f.source_series, f.target_series, f.pixel_mm).numpy()
        temporary = path.with_suffix(".part.npy")
        np.save(temporary, out)
        tables.unlink(missing_ok=True)
        temporary.replace(path)
        tables.write_text(digest)


def main() -> None:
    """Measures a cache and stores the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--output", type=Path, help="where the result goes; needed without --initial")
    parser.add_argument("--cascade", type=int, default=6, help="slices a case for the stages after the first table")
    parser.add_argument("--initial", type=Path, help="exported weights, or an earlier output, whose tables are used: nothing is measured, images are stored")
    parser.add_argument("--store-every", type=int, default=4, help="store the conditional mean of every n-th slice; 0: none")
    options = parser.parse_args()
    cases = open_cache(options.cache / "images", "training")
    if options.initial:
        if options.initial.suffix == ".pt":
            found = torch.load(options.initial, weights_only=True)
            naive = NaiveMap(found["tables"], found.get("stages"))
        else:
            _, naive, _ = load_exported(options.initial)
        store_conditional_means(cases, naive, options.store_every)
        return
    if not options.output:
        parser.error("--output is needed without --initial")
    found = measure(cases, cascade=options.cascade)
    torch.save(found, options.output)
    if options.store_every:
        store_conditional_means(cases, NaiveMap(found["tables"], found.get("stages")), options.store_every)
    print(f"{len(cases)} cases, pairs of series {PAIRS}")
    for n, series in enumerate(SERIES):
        print(series, "mean", round(float(found["band_mean"][n, 0]), 3), "std", [round(v, 3) for v in found["band_std"][n].tolist()])


if __name__ == "__main__":
    main()
