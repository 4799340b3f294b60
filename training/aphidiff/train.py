"""Trains a variant within a time budget; a run can be interrupted and resumed.

    python -m aphidiff.train --config configs/aphidiff.json --cache CACHE --run RUN --seconds 3600
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from . import losses
from .bands import pack
from .config import Config, Stage, load_config
from .data import Batch, Crops, open_cache
from .initial import load_initial, totals
from .layers import Quantiser
from .model import APHiDiff, by_band, clocks, parameter_table
from .naive import NaiveMap
from .pix2pix import Adversary, Generator
from .statistics import measure


def parameter_groups(module: torch.nn.Module, rate: float) -> list[dict]:
    """Adam moves every weight by about its rate, and activations have a positive mean: what a layer adds to its output grows with the number of
    its inputs. The rate is therefore divided by that number; layers that start at zero, the outputs, go half as fast."""
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for parameter in module.parameters():
        relative = 17 / parameter[0].numel() if parameter.dim() > 1 else 0.1
        if parameter.dim() > 1 and not parameter.any():
            relative *= 0.5
        groups.setdefault(round(min(relative, 0.1), 7), []).append(parameter)
    return [{"params": p, "relative": relative, "lr": rate * relative} for relative, p in groups.items()]


class Run:
    """Model, optimiser, moving average and history of one run."""

    def __init__(self, config: Config, cache: Path):
        self.config = config
        self.cache = cache
        torch.manual_seed(config.seed)
        self.adversary = None
        if config.variant == "pix2pix":
            self.model: torch.nn.Module = Generator()
            self.adversary = Adversary()
            self.adversary_optimiser = torch.optim.Adam(parameter_groups(self.adversary, config.rate), betas=(0.5, 0.99))
        else:
            self.model = APHiDiff(gated=config.variant != "no-gating")
        self.optimiser = torch.optim.Adam(parameter_groups(self.model, config.rate), betas=(0.9, 0.98), eps=1e-10, fused=True)
        self.naive = NaiveMap()
        self.step = 0
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.stopping = False
        self.anatomy_only = False
        self.deformation_done = 0
        self.history: list[dict] = []
        self.ancestors: list[dict] = []
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    # MARK: state

    def use_statistics(self, statistics: dict[str, torch.Tensor]) -> None:
        """Takes the conditional-mean tables and the statistics of the bands."""
        self.naive = NaiveMap(statistics["tables"], statistics.get("stages"))
        if isinstance(self.model, APHiDiff):
            self.model.band_mean.copy_(statistics["band_mean"])
            self.model.band_std.copy_(statistics["band_std"])
            for name in ("band_mean", "band_std"):
                self.average[name].copy_(statistics[name])

    def start_from(self, weights: Path) -> None:
        """Takes weights, conditional mean and statistics of the bands from an exported file."""
        if not isinstance(self.model, APHiDiff) or self.config.variant == "no-gating":
            raise ValueError(f"exported weights are of the whole model, not of the variant {self.config.variant}")
        model, self.naive, self.ancestors = load_initial(weights)
        self.model.load_state_dict(model.state_dict())
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.deformation_done = self.ancestors[-1].get("deformation_steps", 0)

    def save(self, path: Path) -> None:
        """Writes a checkpoint, whole or not at all."""
        state = {
            "config": asdict(self.config), "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
            "average": self.average, "tables": self.naive.tables, "stages": self.naive.stages, "step": self.step, "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds, "deformation_done": self.deformation_done, "history": self.history, "ancestors": self.ancestors,
        }
        if self.adversary is not None:
            state["adversary"] = self.adversary.state_dict()
            state["adversary_optimiser"] = self.adversary_optimiser.state_dict()
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        os.replace(temporary, path)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.adversary is not None:
            self.adversary.load_state_dict(state["adversary"])
            self.adversary_optimiser.load_state_dict(state["adversary_optimiser"])
        self.average = state["average"]
        self.naive = NaiveMap(state["tables"], state.get("stages"))
        self.step, self.seconds, self.cpu_seconds = state["step"], state["seconds"], state.get("cpu_seconds", 0.0)
        self.deformation_done, self.history = state["deformation_done"], state["history"]
        self.ancestors = state["ancestors"]

    # MARK: steps

    def generator(self, purpose: str) -> torch.Generator:
        """Random numbers of this step: they depend on seed, step and purpose only, so that a resumed run repeats them."""
        digest = hashlib.sha256(f"{self.config.seed}/{self.step}/{purpose}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)

    def rate(self, share: float) -> float:
        """Warm-up by steps, then half a cosine over the budget down to a twentieth."""
        warm = min(1.0, (self.step + 1) / self.config.warmup_steps)
        return self.config.rate * warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))

    def image_step(self, batch: Batch, share: float) -> dict[str, float]:
        """One step on image crops; returns the losses."""
        model, config = self.model, self.config
        model.train()
        self._hold()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(share) * group["relative"]
        if self.adversary is not None:
            return self._adversarial_step(batch)
        assert isinstance(model, APHiDiff)
        random = self.generator("noise")
        count = batch.target.shape[0]
        start = torch.rand(count, generator=random) < config.start_share
        t = torch.where(start, torch.ones(count), torch.rand(count, generator=random))
        naive = batch.naive if config.naive_input else torch.zeros_like(batch.naive)
        if self.anatomy_only:
            return self._anatomy_step(batch, random)
        reference = pack(batch.target.roll(batch.target.shape[-1] // 2, -1))
        reference = (reference - model.band_mean[batch.target_series][:, :, None, None]) / model.band_std[batch.target_series][:, :, None, None]
        by_reference = torch.rand(count, generator=random) < 0.15
        anatomy_is_still = "anatomy." in config.still
        c = model.condition(
            batch.source, naive, batch.source_series, batch.target_series, batch.geometry, reference, by_reference)
        y = model.normalised(batch.target, batch.target_series)
        noise = torch.randn(y.shape, generator=random)
        tau = clocks(t)
        level = by_band(tau)
        x = (1 - level) * y + level * noise
        x = torch.where(start[:, None, None, None], torch.zeros_like(x), x)
        estimate = model.estimate(x, tau, c)
        textured = model.texture(estimate, c.source, c.z)
        std = model.band_std[batch.target_series]
        image = model.image(textured, batch.target_series)
        parts = {
            "bands": losses.band_loss(estimate, y, std),
            "image": losses.image_loss(image, batch.target, config.ssim, batch.labels, config.structures),
            "commitment": c.commitment,
        }
        total = parts["image"] + config.bands * parts["bands"] + config.commitment * parts["commitment"]
        if not anatomy_is_still:
            parts["anatomy"] = losses.segmentation_loss(model.anatomy.head(c.features[0]), batch.labels)
            total = total + config.anatomy * parts["anatomy"]
        if config.stored_ssim > 0:
            parts["stored_ssim"] = losses.stored_ssim_loss(image, batch.target, batch.target_series)
            total = total + config.stored_ssim * parts["stored_ssim"]
        if config.constraint > 0 and self.step % config.constraint_every == 0:
            parts["constraint"] = losses.constraint_loss(model, textured, c, batch.labels, max(1, count // 2))
            total = total + config.constraint * config.constraint_every * parts["constraint"]
        norm = self._descend(total)
        if anatomy_is_still:
            model.anatomy.fine._seen = model.anatomy.coarse._seen = None
        self._update_codes()
        self._follow()
        self.step += 1
        return {k: float(v.detach()) for k, v in parts.items()} | {"gradient": norm}

    def _hold(self) -> None:
        """Lets a step move what it may: with `still` a whole step leaves blocks as they are, an anatomy step always moves the anatomy."""
        still = tuple(self.config.still)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name.startswith("anatomy.") if self.anatomy_only else not name.startswith(still))

    def _update_codes(self) -> None:
        for module in self.model.modules():
            if isinstance(module, Quantiser):
                module.update(self.generator("codes"))

    def _anatomy_step(self, batch: Batch, random: torch.Generator) -> dict[str, float]:
        """Encoder, codes and head on source and target slices; the target as sharp as it is, or blurred and noisy as a generated one may be,
        and half of the time as its own neighbours, as the anatomical constraint and the engine put it."""
        model, config = self.model, self.config
        assert isinstance(model, APHiDiff)
        count = batch.target.shape[0]
        target = batch.target_near
        alone = torch.rand(count, generator=random) < 0.5
        target = torch.where(alone[:, None, None, None], target[:, 1:2].expand_as(target), target)
        smooth = torch.nn.functional.avg_pool2d(target, 3, 1, 1, count_include_pad=False)
        target = torch.lerp(target, smooth, torch.rand(count, 1, 1, 1, generator=random))
        spread = 0.06 * torch.rand(count, 1, 1, 1, generator=random)
        target = target + spread * torch.randn(target.shape, generator=random)
        images = torch.cat([batch.source, target])
        series = torch.cat([batch.source_series, batch.target_series])
        labels = torch.cat([batch.labels, batch.labels])
        features, _, commitment = model.anatomy(model.triple(images, series))
        logits = model.anatomy.head(features[0])
        parts = {"anatomy_source": losses.segmentation_loss(logits[:count], labels[:count])}
        parts["anatomy_target"] = losses.segmentation_loss(logits[count:], labels[count:])
        norm = self._descend(parts["anatomy_source"] + parts["anatomy_target"] + config.commitment * commitment)
        self._update_codes()
        self._follow(prefix="anatomy.")
        self.step += 1
        parts["commitment"] = commitment
        dice = overlap(logits, labels)
        return {k: float(v.detach()) for k, v in parts.items()} | dice | {"gradient": norm}

    def _descend(self, total: torch.Tensor) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        parameters = [p for group in self.optimiser.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        if torch.isfinite(norm):
            self.optimiser.step()
        return float(norm)

    def _adversarial_step(self, batch: Batch) -> dict[str, float]:
        assert self.adversary is not None
        image = self.model(batch.source, batch.target_series)
        l1 = (image - batch.target).abs().mean()
        fooled = losses.adversarial_loss(self.adversary(batch.source, image), True)
        norm = self._descend(l1 + self.config.adversary * fooled)
        real = losses.adversarial_loss(self.adversary(batch.source, batch.target), True)
        fake = losses.adversarial_loss(self.adversary(batch.source, image.detach()), False)
        self.adversary_optimiser.zero_grad(set_to_none=True)
        (real + fake).backward()
        self.adversary_optimiser.step()
        self._follow()
        self.step += 1
        return {"image": float(l1.detach()), "adversary": float((real + fake).detach()), "gradient": norm}

    @torch.no_grad()
    def _follow(self, every: int = 4, prefix: str = "") -> None:
        """Moving average of the weights (of those that moved), every few steps with the decay of as many."""
        if self.step % every:
            return
        decay = min(self.config.ema**every, (1 + self.step) / (every * 5 + self.step))
        state = self.model.state_dict()
        for name, value in self.average.items():
            if not name.startswith(prefix):
                continue
            if value.is_floating_point() and not name.startswith("deformation."):
                value.lerp_(state[name], 1 - decay)
                if name.endswith("codebook"):
                    value.copy_(torch.nn.functional.normalize(value, dim=1))
            else:
                value.copy_(state[name])

    def train_deformation(self, steps: int, batch: int = 4, until: float = math.inf) -> None:
        """The deformation head, on small volumes with known displacement; the rest of the model is not touched."""
        assert isinstance(self.model, APHiDiff)
        head = self.model.deformation
        paths = sorted((self.cache / "breathing").glob("training-*.npz"))
        held, paths = paths[:8], paths[8:]
        # Where the phases are equal the answer is the identity by construction: nothing to learn.
        paths = [p for p in paths if np.ptp(np.load(p)["phases"][:2]) > 0]
        if not paths:
            raise FileNotFoundError(f"no breathing volumes under {self.cache}")
        optimiser = torch.optim.Adam(head.parameters(), lr=2e-3)
        first = self.deformation_done
        for n in range(first, steps):
            if time.monotonic() > until or self.stopping:
                break
            random = np.random.default_rng([self.config.seed, 77, n])
            for group in optimiser.param_groups:
                group["lr"] = 2e-3 * min(1, (n - first + 1) / 20) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * n / steps)))
            items = [np.load(paths[i]) for i in random.integers(len(paths), size=batch)]
            estimate, truth = predict_breathing(head, items, random)
            loss = losses.deformation_loss(estimate, truth)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimiser.step()
            self.deformation_done = n + 1
            if n % 25 == 0 or n + 1 == steps:
                with torch.no_grad():
                    estimate, truth = predict_breathing(head, [np.load(p) for p in held], None)
                moving = truth.square().sum(1).sqrt() > 0.1
                error = (estimate - truth).square().sum(1).sqrt()[moving].mean() * 8
                size = truth.square().sum(1).sqrt()[moving].mean() * 8
                row = {"deformation_step": n, "loss": float(loss.detach()), "held_out_mm": float(error), "motion_mm": float(size)}
                self.history.append(row)
                print(json.dumps(row), flush=True)
        state = self.model.state_dict()
        for name in self.average:
            if name.startswith("deformation."):
                self.average[name].copy_(state[name])


def predict_breathing(head, items, random: np.random.Generator | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Displacement of a batch of small volumes (cut to a common size, at random places when `random` is given) and its truth."""
    size = [min(item["image"].shape[a] for item in items) for a in range(3)]
    images, fields, phases = [], [], []
    for item in items:
        spare = [item["image"].shape[a] - size[a] for a in range(3)]
        at = [0 if random is None else int(random.integers(s + 1)) for s in spare]
        cut = tuple(slice(a, a + s) for a, s in zip(at, size))
        images.append(item["image"][cut].astype(np.float32))
        fields.append(item["field"][(slice(None), *cut)].astype(np.float32))
        phases.append(item["phases"])
    source, target, amplitude = torch.from_numpy(np.stack(phases)).unbind(1)
    if random is not None:
        # The amplitude of the manifest carries a measurement error.
        amplitude = amplitude * torch.from_numpy(random.normal(1, 0.04, len(items)).astype(np.float32))
    image = torch.from_numpy(np.stack(images))[:, None]
    return head(image, source, target, amplitude), torch.from_numpy(np.stack(fields))


@torch.no_grad()
def overlap(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Dice of the head's classes, where the batch has the class."""
    found, truth = logits.argmax(1), labels[:, ::2, ::2]
    out = {}
    for n, name in ((1, "liver"), (2, "vessel"), (3, "lesion")):
        total = int((truth == n).sum())
        if total:
            both = int(((found == n) & (truth == n)).sum())
            out[f"dice_{name}"] = 2 * both / (int((found == n).sum()) + total)
    return out


class Feeder:
    """Prepares the next batches on a thread of its own; batch n is the same whoever asks."""

    def __init__(self, run: Run, cache: Path, stage_of, refresh: int = 200):
        self.queue: queue.Queue = queue.Queue(3)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._work, args=(run, cache, stage_of, run.step, refresh), daemon=True)
        self.thread.start()

    def _work(self, run: Run, cache: Path, stage_of, step: int, refresh: int) -> None:
        cases = open_cache(cache / "images", "training")
        opened = step
        while not self.stop.is_set():
            if step - opened >= refresh:
                cases, opened = open_cache(cache / "images", "training"), step
            stage: Stage = stage_of()
            every = run.config.anatomy_every
            alone = stage.only == "anatomy" or (every > 0 and step % every == every - 1)
            crops = Crops(
                cases, None if alone else run.naive, run.config.seed * 1_000_003 + step,
                run.config.anatomy_structures if alone else 0.25)
            batch = crops.batch(stage.batch, stage.size, stage.scale)
            step += 1
            while not self.stop.is_set():
                try:
                    self.queue.put((batch, alone), timeout=1)
                    break
                except queue.Full:
                    continue

    def close(self) -> None:
        """Ends the thread."""
        self.stop.set()
        self.thread.join()


def manifest(run: Run, threads: int) -> dict:
    """What the run was: for the model card and the exported weights."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    cases = open_cache(run.cache / "images", "training")
    table = parameter_table(run.model) if isinstance(run.model, APHiDiff) else []
    return {
        "config": asdict(run.config), "commit": commit.stdout.strip() or None, "torch": torch.__version__,
        "hardware": f"{platform.machine()}, {os.cpu_count()} CPU cores, {threads} threads, no GPU", "steps": run.step,
        "seconds": round(run.seconds), "cpu_seconds": round(run.cpu_seconds), "deformation_steps": run.deformation_done, "ancestors": run.ancestors,
        **totals(run.ancestors, run.step, run.seconds, run.cpu_seconds),
        "data": {
            "namespace": "training", "seeds": sorted({c.facts.seed for c in cases}), "cases": len(cases),
            "case_numbers": sorted(c.facts.index for c in cases), "slices": int(sum(c.target.shape[0] for c in cases)),
        },
        "parameters": dict(table), "parameters_total": sum(n for _, n in table), "history": run.history,
    }


def train(run: Run, folder: Path, budget: float, session: float, threads: int, save_every: float = 240) -> None:
    """Goes on until the budget (seconds of the whole run) or this session is used up."""
    began, began_cpu = time.monotonic(), time.process_time()
    before, before_cpu = run.seconds, run.cpu_seconds
    config = run.config

    def used() -> float:
        return before + time.monotonic() - began

    def stage_of() -> Stage:
        share = used() / budget
        return next((s for s in config.plan if share < s.until), config.plan[-1])

    if config.deformation_steps > run.deformation_done and isinstance(run.model, APHiDiff):
        run.train_deformation(config.deformation_steps, until=began + min(session, 0.25 * budget))
    feeder = Feeder(run, run.cache, stage_of)
    sums: dict[str, list[float]] = {}
    saved = time.monotonic()
    try:
        while used() < budget and time.monotonic() - began < session and not run.stopping:
            batch, run.anatomy_only = feeder.queue.get()
            for name, value in run.image_step(batch, used() / budget).items():
                sums.setdefault(name, []).append(value)
            run.seconds, run.cpu_seconds = used(), before_cpu + time.process_time() - began_cpu
            if run.step % 20 == 0:
                row = {"step": run.step, "seconds": round(run.seconds, 1)} | {k: round(float(np.mean(v)), 5) for k, v in sums.items()}
                row["size"], row["scale"] = batch.target.shape[-1], round(2 ** float(batch.geometry[0, 0]), 2)
                if isinstance(run.model, APHiDiff):
                    row["codes"] = [run.model.anatomy.fine.usage(), run.model.anatomy.coarse.usage()]
                run.history.append(row)
                sums = {}
                print(json.dumps(row), flush=True)
            if time.monotonic() - saved > save_every:
                run.save(folder / "checkpoint.pt")
                saved = time.monotonic()
    finally:
        run.save(folder / "checkpoint.pt")
        feeder.close()
        (folder / "manifest.json").write_text(json.dumps(manifest(run, threads), indent=1))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="folder of the run; resumed if it holds a checkpoint")
    parser.add_argument("--seconds", type=float, required=True, help="time budget of the whole run")
    parser.add_argument("--session", type=float, default=math.inf, help="time budget of this session")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--initial", type=Path, help="exported weights to start from, such as the released ones")
    parser.add_argument("--without-deformation", action="store_true", help="the deformation head is trained in a run of its own")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.run.mkdir(parents=True, exist_ok=True)
    run = Run(load_config(options.config), options.cache)
    # Asked to end: the step is finished, then checkpoint and manifest are written. A second signal changes nothing.
    signal.signal(signal.SIGTERM, lambda *_: setattr(run, "stopping", True))
    checkpoint = options.run / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
    elif options.initial:
        run.start_from(options.initial)
    else:
        statistics = options.cache / "statistics.pt"
        run.use_statistics(
            torch.load(statistics, weights_only=True) if statistics.exists()
            else measure(open_cache(options.cache / "images", "training")))
    if options.without_deformation:
        run.config.deformation_steps = 0
    train(run, options.run, options.seconds, options.session, options.threads)
    if run.stopping:
        sys.exit(143)


if __name__ == "__main__":
    main()
