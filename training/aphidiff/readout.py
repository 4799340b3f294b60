"""The two output convolutions of the denoiser, fitted in closed form.

They are linear in their inputs, so that the best ones for given features follow from ridge regression: a few hundred gradient steps for the price of
one pass over some crops. Used once at the start, when they are zero, and again on the averaged weights before export.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F

from .bands import BANDS
from .data import Crops, open_cache
from .model import APHiDiff, by_band, clocks
from .naive import NaiveMap


def features_and_residual(model: APHiDiff, batch, generator: torch.Generator, start_share: float):
    """Inputs of the output layers (rows × 721, the last one constant); target minus conditional mean, and minus the estimate (rows × 16)."""
    count = batch.target.shape[0]
    start = torch.rand(count, generator=generator) < start_share
    t = torch.where(start, torch.ones(count), torch.rand(count, generator=generator))
    c = model.condition(batch.source, batch.naive, batch.source_series, batch.target_series, batch.geometry)
    y = model.normalised(batch.target, batch.target_series)
    tau = clocks(t)
    level = by_band(tau)
    x = (1 - level) * y + level * torch.randn(y.shape, generator=generator)
    x = torch.where(start[:, None, None, None], torch.zeros_like(x), x)
    seen: list[torch.Tensor] = []
    hooks = [layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])) for layer in (model.denoiser.out, model.denoiser.s2)]
    estimate = model.estimate(x, tau, c)
    for hook in hooks:
        hook.remove()
    columns = torch.cat([F.unfold(s, 3, padding=1) for s in seen], 1).transpose(1, 2).flatten(0, 1)
    ones = torch.ones(columns.shape[0], 1)
    flat = [v.permute(0, 2, 3, 1).flatten(0, 2) for v in (y - c.naive, y - estimate)]
    return torch.cat([columns, ones], 1), flat[0], flat[1]


@torch.no_grad()
def fit_readout(model: APHiDiff, naive: NaiveMap, cache: Path, batches: int = 40, size: int = 128, count: int = 8, seed: int = 0, start_share: float = 0.8, ridge: float = 3e-3):
    """Replaces the weights of `denoiser.out` and `denoiser.s2`; returns the mean error before and after, on held-out crops.

    The solution is pulled towards the present weights by `ridge` times the mean square of the features.
    """
    model.eval()
    cases = open_cache(cache / "images", "training")
    generator = torch.Generator().manual_seed(seed)
    gram, moment = 0.0, 0.0
    importance = model.band_std.mean(0) / model.band_std.mean(0).sum()
    held = []
    for n in range(batches + 4):
        batch = Crops(cases, naive, 900_000_007 + 1000 * seed + n).batch(count, size)
        a, _, error = features_and_residual(model, batch, generator, start_share)
        if n >= batches:
            held.append((a, error))
            continue
        # As for an absolute error: a place that is far off weighs less, so that few large errors do not decide.
        weight = 1 / ((error.square() * importance).sum(1, keepdim=True).sqrt() + 0.1)
        gram = gram + (a.t() @ (weight * a)).double()
        moment = moment + (a.t() @ (weight * error)).double()
    energy = gram.diagonal()
    delta = torch.linalg.solve(gram + torch.diag(ridge * (energy + energy.mean())), moment).float()

    def size_of_error(e: torch.Tensor) -> float:
        return float((e.square() * importance).sum(1).sqrt().mean())

    before = sum(size_of_error(e) for _, e in held) / len(held)
    after = sum(size_of_error(e - a @ delta) for a, e in held) / len(held)
    out, s2 = model.denoiser.out, model.denoiser.s2
    split = out.weight[0].numel()
    out.weight += delta[:split].t().reshape(BANDS, *out.weight.shape[1:])
    s2.weight += delta[split:-1].t().reshape(BANDS, *s2.weight.shape[1:])
    out.bias += delta[-1]
    return before, after


def main() -> None:
    """Refits the averaged weights of a checkpoint, in place of both the averaged and the raw ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--batches", type=int, default=40, help="of the fit; 0: no fit, the output layers are only shrunk")
    parser.add_argument("--from-zero", action="store_true", help="forget the present output layers (after a change of the conditional mean)")
    parser.add_argument("--shrink", type=float, default=1.0, help="share of the learned correction of the conditional mean that is kept")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    state = torch.load(options.checkpoint, weights_only=True)
    model = APHiDiff()
    model.load_state_dict(state["average"])
    if options.from_zero:
        for layer in (model.denoiser.out, model.denoiser.s2):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    record = {"step": state["step"], "shrink": options.shrink}
    if options.batches:
        before, after = fit_readout(model, NaiveMap(state["tables"], state.get("stages")), options.cache, options.batches, seed=state["step"])
        print(f"step {state['step']}: mean error of the bands {before:.4f} -> {after:.4f}")
        record |= {"readout_before": before, "readout_after": after}
    with torch.no_grad():
        # The features have been trained on the crops of the fit: on new patients a little less of the correction is right.
        for layer in (model.denoiser.out, model.denoiser.s2, model.texture.out):
            layer.weight.mul_(options.shrink)
            layer.bias.mul_(options.shrink)
    state["average"] = state["model"] = model.state_dict()
    state["history"].append(record)
    torch.save(state, options.output)


if __name__ == "__main__":
    main()
