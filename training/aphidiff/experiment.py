"""Short comparisons on equal CPU time: trains a variant of a configuration and scores crops of validation phantoms.

    python -m aphidiff.experiment --config configs/aphidiff.json --cache CACHE --cpu-seconds 90 --name crop256 --set size=256 batch=2
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from .config import Stage, load_config
from .data import Crops, open_cache
from .losses import ssim_map
from .train import Run


@torch.no_grad()
def score(run: Run, size: int = 256, count: int = 16) -> dict[str, float]:
    """Absolute error and SSIM (range 2) of one-step generation in the network's domain, on crops at full resolution."""
    run.model.eval()
    crops = Crops(open_cache(run.cache / "validation", "validation"), run.naive, 99)
    crops.pairs = {pair: [c for c in cases if c.facts.source_phase == c.facts.truth_phase] for pair, cases in crops.pairs.items()}
    sums: dict[str, list[float]] = {}
    for _ in range(count // 2):
        b = crops.batch(2, size, 1)
        naive = b.naive if run.config.naive_input else torch.zeros_like(b.naive)
        c = run.model.condition(b.source, naive, b.source_series, b.target_series, b.geometry)
        image = run.model.image(run.model.sample(c, 1), b.target_series)
        for n in range(2):
            target = "to CT" if b.target_series[n] == 0 else "to MR"
            for name, x in (("model", image), ("conditional mean", b.naive)):
                sums.setdefault(f"l1 {name} {target}", []).append(float((x[n] - b.target[n]).abs().mean()))
                sums.setdefault(f"ssim {name} {target}", []).append(float(ssim_map(x[n : n + 1], b.target[n : n + 1], 2.0).mean()))
    return {k: round(sum(v) / len(v), 4) for k, v in sorted(sums.items())}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--cpu-seconds", type=float, required=True)
    parser.add_argument("--set", nargs="*", default=[], help="key=value of the configuration or of its single stage")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = load_config(options.config)
    stage = Stage(1.0, 128, 1, 8)
    for text in options.set:
        key, value = text.split("=")
        content = json.loads(value)
        if hasattr(stage, key):
            stage = replace(stage, **{key: content})
        else:
            config = replace(config, **{key: content})
    config = replace(config, plan=[stage])
    run = Run(config, options.cache)
    run.use_statistics(torch.load(options.cache / "statistics.pt", weights_only=True))
    cases = open_cache(options.cache / "images", "training")
    began = time.process_time()
    while (used := time.process_time() - began) < options.cpu_seconds:
        batch = Crops(cases, run.naive, config.seed * 1_000_003 + run.step).batch(stage.batch, stage.size, stage.scale)
        run.image_step(batch, used / options.cpu_seconds)
    print(json.dumps({"name": options.name, "set": options.set, "steps": run.step, "cpu_seconds": round(used)} | score(run)), flush=True)


if __name__ == "__main__":
    main()
