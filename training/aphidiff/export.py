"""Exports a checkpoint: int8 weights for the engine, a manifest, and parity vectors of the reference implementation.

    python -m aphidiff.export --checkpoint RUN/checkpoint.pt --output FOLDER [--cache CACHE]

The layout is described in docs/engine-weights.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from . import ARCHITECTURE
from .anatomy import CLASSES
from .data import Crops, geometry_features, open_cache
from .deformation import BASES, CELL_MM, SQUARINGS
from .intensity import CT_KNOTS, MR_KNOTS, MR_TARGET_REFERENCE, SERIES, decode, encode
from .layers import Attention
from .model import CLOCK_POWERS, APHiDiff, parameter_table
from . import refinement
from .naive import AROUND, BODY_THRESHOLD, FAR_MM, INTENSITY, MEAN, NEAR_MM, PAIRS, PLACE, RADIUS_MM, SPREAD, STAGES, NaiveMap

# Heads whose small errors would flip codes, and the deformation (small, and not worth a second path): kept in fp32.
KEPT_IN_FP32 = ("anatomy.encoder.u1", "anatomy.encoder.z0", "anatomy.encoder.z2", "deformation.")
STATE_ONLY = (".hits", ".sums")
RELEASED_STEPS = 1
# Of the masks, as `aphidiff.margins` found them for the released weights; a start for others.
MARGINS = {"vessel_margin": 2.0, "vessel_bridge": 20.0, "lesion_margin": 4.0}


def arrange(weight: torch.Tensor) -> np.ndarray:
    """Outputs first, then space, inputs last: OHWI, ODHWI; dense layers stay as they are."""
    if weight.dim() >= 4:
        weight = weight.movedim(1, -1)
    return weight.contiguous().numpy()


def quantise(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 by output channel: weight ≈ q · scale, |q| ≤ 127."""
    flat = weight.reshape(weight.shape[0], -1)
    scale = np.maximum(np.abs(flat).max(1), 1e-12) / 127
    q = np.clip(np.rint(flat / scale[:, None]), -127, 127).astype(np.int8)
    return q.reshape(weight.shape), scale.astype(np.float32)


def tensors_of(state: dict[str, torch.Tensor], naive: NaiveMap) -> dict[str, np.ndarray]:
    """Every stored tensor by name."""
    out: dict[str, np.ndarray] = {"naive.tables": naive.tables.numpy()}
    if naive.stages is not None:
        out["naive.stages"] = naive.stages.numpy()
    for name, value in state.items():
        if name.endswith(STATE_ONLY):
            continue
        value = value.detach().float()
        if name.endswith("weight") and value.dim() > 1 and not name.startswith(KEPT_IN_FP32):
            out[name], out[name.removesuffix("weight") + "scale"] = quantise(arrange(value))
        else:
            out[name] = arrange(value) if name.endswith("weight") else value.numpy()
    return {k: np.ascontiguousarray(v) for k, v in sorted(out.items())}


def state_of(tensors: dict[str, np.ndarray]) -> tuple[dict[str, torch.Tensor], NaiveMap]:
    """Inverse of `tensors_of`, with the precision of int8: what the engine computes with."""
    state: dict[str, torch.Tensor] = {}
    for name, value in tensors.items():
        if name.endswith(".scale") or name.startswith("naive."):
            continue
        x = torch.from_numpy(value.astype(np.float32))
        scale = tensors.get(name.removesuffix("weight") + "scale") if name.endswith("weight") else None
        if scale is not None:
            x = x * torch.from_numpy(scale).view(-1, *[1] * (x.dim() - 1))
        if name.endswith("weight") and x.dim() >= 4:
            x = x.movedim(-1, 1).contiguous()
        state[name] = x
    stages = tensors.get("naive.stages")
    return state, NaiveMap(torch.from_numpy(tensors["naive.tables"]), None if stages is None else torch.from_numpy(stages))


def load_exported(path: Path) -> tuple[APHiDiff, NaiveMap, dict]:
    """Model, conditional-mean map and metadata of an exported file, with dequantised weights."""
    with safe_open(path, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = {k: json.loads(v) for k, v in file.metadata().items()}
    state, naive = state_of(tensors)
    model = APHiDiff().eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any(not m.endswith(STATE_ONLY) for m in missing):
        raise ValueError(f"{path.name}: missing {missing}, unexpected {unexpected}")
    return model, naive, metadata


class Ranges:
    """Records smallest and largest input of every convolution (and its 0.01 and 99.99 percentiles)."""

    def __init__(self, model: APHiDiff):
        self.seen: dict[str, list[tuple[float, float, float, float]]] = {}
        self.hooks = [
            module.register_forward_pre_hook(lambda _, inputs, name=name: self._record(name, inputs[0]))
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Conv2d)
        ]

    def _record(self, name: str, x: torch.Tensor) -> None:
        flat = x.detach().reshape(-1)
        if flat.numel() > 200_000:
            edges = flat[:: flat.numel() // 200_000]
        else:
            edges = flat
        low, high = torch.quantile(edges[:1_000_000], torch.tensor([1e-4, 1 - 1e-4])).tolist()
        self.seen.setdefault(name, []).append((float(flat.min()), float(flat.max()), low, high))

    def close(self) -> dict[str, list[float]]:
        """Removes the hooks; [min, max, p0.01, p99.99] by name."""
        for hook in self.hooks:
            hook.remove()
        return {
            name: [min(r[0] for r in rows), max(r[1] for r in rows), min(r[2] for r in rows), max(r[3] for r in rows)]
            for name, rows in sorted(self.seen.items())
        }


@torch.no_grad()
def calibrate(model: APHiDiff, naive: NaiveMap, cache: Path | None) -> dict[str, list[float]]:
    """Input ranges of every convolution on training phantoms (all pairs of series; 1, 2 and 4 steps)."""
    ranges = Ranges(model)
    cases = open_cache(cache / "images", "training") if cache else []
    if cases:
        crops = Crops(cases, naive, 4711)
        for n in range(24):
            batch = crops.batch(2, 512, 1)
            c = model.condition(batch.source, batch.naive, batch.source_series, batch.target_series, batch.geometry)
            model.anatomy.head(c.features[0])
            model.modality(batch.target_series, model.normalised(batch.target, batch.target_series), torch.ones(2, dtype=torch.bool))
            model.sample(c, (1, 1, 2, 1, 1, 4)[n % 6])
    else:
        for name, source_series, target_series in PARITY_CASES:
            inputs = parity_input(name, source_series)
            c = conditions_of(model, naive, inputs, source_series, target_series, 0.8, 2.8)
            model.anatomy.head(c.features[0])
            model.modality(torch.tensor([target_series]), c.source, torch.ones(1, dtype=torch.bool))
            model.sample(c, 2)
    return ranges.close()


PARITY_CASES = (("ct-t1", 0, 1), ("ct-t2", 0, 2), ("t1-ct", 1, 0), ("t2-ct", 2, 0))


def parity_input(name: str, series: int, size: int = 128) -> np.ndarray:
    """A made-up source 3×size×size (int16) with edges, smooth parts and noise, for every series."""
    random = np.random.default_rng(sum(name.encode()))
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    slices = []
    for k in range(3):
        body = (x / 0.45) ** 2 + (y / (0.38 + 0.01 * k)) ** 2 < 1
        organ = ((x + 0.12) / 0.2) ** 2 + ((y - 0.02 * k) / 0.15) ** 2 < 1
        vessel = np.hypot(x + 0.12 + 0.01 * k, y) < 0.02
        bone = np.hypot(x, y - 0.25) < 0.06
        if series == 0:
            image = np.where(body, -80 + 60 * x, -1000.0)
            image = np.where(organ, 105, np.where(bone, 420, image))
            image = np.where(vessel, 165, image) + random.normal(0, 14, (size, size))
        else:
            image = np.where(body, 90 + 40 * y, 0.0)
            image = np.where(organ, 320, np.where(bone, 60, image))
            image = np.where(vessel, 560, image)
            image = np.hypot(image + random.normal(0, 12, (size, size)), random.normal(0, 12, (size, size)))
        slices.append(np.rint(image))
    return np.stack(slices).astype(np.int16)


def conditions_of(model, naive, source: np.ndarray, source_series: int, target_series: int, pixel_mm: float, slice_mm: float, reference: float = MR_TARGET_REFERENCE):
    """Conditions of one slice from stored intensities 3×H×W."""
    x = encode(torch.from_numpy(source.astype(np.float32)), source_series, reference)
    n = naive.predict(x, source_series, target_series, pixel_mm)
    return model.condition(
        x[None], n[None, None], torch.tensor([source_series]), torch.tensor([target_series]),
        torch.tensor([geometry_features(pixel_mm, slice_mm)]))


@torch.no_grad()
def parity(model: APHiDiff, naive: NaiveMap, cases, size: int = 128, steps=(1, 2, 4)) -> dict[str, np.ndarray]:
    """Inputs, stages and outputs of the reference by name `CASE.STAGE`; see docs/engine-weights.md.

    cases: (name, source 3×H×W int16, source series, target series, MR reference of the source).
    """
    out: dict[str, np.ndarray] = {}
    for name, source, source_series, target_series, reference in cases:
        c = conditions_of(model, naive, source, source_series, target_series, 0.8, 2.8, reference)
        out[f"{name}.source"] = source
        out[f"{name}.series"] = np.array([source_series, target_series], np.int32)
        out[f"{name}.reference"] = np.array([reference], np.float32)
        out[f"{name}.codes.fine"] = c.codes[0][0].numpy().astype(np.int16)
        out[f"{name}.codes.coarse"] = c.codes[1][0].numpy().astype(np.int16)
        small = source.shape[-1] <= size
        if small:
            out[f"{name}.source_bands"] = c.source[0].numpy()
            out[f"{name}.naive_bands"] = c.naive[0].numpy()
            out[f"{name}.z"] = c.z[0].numpy()
            for level, f in enumerate(c.fused):
                out[f"{name}.fused.{level}"] = f[0].numpy()
            out[f"{name}.anatomy_logits"] = model.anatomy.head(c.features[0])[0].numpy()
        series = torch.tensor([target_series])
        for count in steps if small else (1,):
            bands = model.sample(c, count, seed=17, texture=False)
            if small and count == 1:
                out[f"{name}.bands.1"] = bands[0].numpy()
            x = encode(torch.from_numpy(source.astype(np.float32)), source_series, reference)
            image = model.refined(model.texture(bands, c.source, c.z), x, source_series, target_series, 0.8)
            out[f"{name}.image.{count}"] = decode(image, target_series)[0, 0].numpy()
    grid = (22, 50, 50)
    k, j, i = np.meshgrid(*[np.linspace(-1, 1, n) for n in grid], indexing="ij")
    volume = np.where((i / 0.8) ** 2 + (j / 0.6) ** 2 < 1, np.where(k + 0.3 * i > 0.2, -1.4, 0.1), -2).astype(np.float32)
    image = torch.from_numpy(volume)[None, None]
    phases = torch.tensor([0.1]), torch.tensor([0.55]), torch.tensor([14.0])
    out["deformation.cells"] = volume
    out["deformation.phases"] = np.array([0.1, 0.55, 14.0], np.float32)
    out["deformation.velocity"] = model.deformation.velocity(image, *phases)[0].numpy()
    out["deformation.displacement"] = model.deformation(image, *phases)[0].numpy()
    return out


def phantom_slices(cache: Path, count: int):
    """Full-size slices of validation phantoms for a longer comparison, all directions that the cache holds."""
    cases = open_cache(cache / "validation", "validation")
    for n in range(count):
        case = cases[n % len(cases)]
        k = 3 + (7 * n) % (case.source.shape[0] - 6)
        f = case.facts
        yield f"slice-{n}", np.array(case.source[k - 1 : k + 2]), f.source_series, f.target_series, f.source_reference


def metadata_of(model: APHiDiff, manifest: dict, ranges: dict) -> dict[str, str]:
    """Everything beside the tensors, as JSON texts."""
    table = parameter_table(model)
    content = {
        "architecture": ARCHITECTURE, "series": SERIES, "classes": CLASSES, "ct_knots": CT_KNOTS, "mr_knots": MR_KNOTS,
        "mr_target_reference": MR_TARGET_REFERENCE, "clock_powers": CLOCK_POWERS, "attention_sharpness": Attention.SHARPNESS,
        "naive": {
            "radius_mm": RADIUS_MM, "intensity": INTENSITY, "mean": MEAN, "spread": SPREAD, "pairs": PAIRS, "stages": STAGES,
            "near_mm": NEAR_MM, "far_mm": FAR_MM, "around": AROUND, "place": PLACE, "body_threshold": BODY_THRESHOLD,
        },
        "refinement": {
            "levels": refinement.LEVELS, "hidden": refinement.HIDDEN, "stages": refinement.STAGES, "gain": refinement.DETAIL_GAIN,
            "reach": refinement.REACH, "radius_mm": RADIUS_MM, "pairs": PAIRS,
        },
        "deformation": {"cell_mm": CELL_MM, "bases": BASES, "squarings": SQUARINGS},
        "parameters": dict(table), "parameters_total": sum(n for _, n in table), "activation_ranges": ranges,
        "manifest_sha256": hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest(),
        "steps": manifest.get("steps", 0),
    }
    return {k: json.dumps(v) for k, v in content.items()}


def export(average: dict[str, torch.Tensor], naive: NaiveMap, manifest: dict, folder: Path, cache: Path | None) -> Path:
    """Writes `aphidiff.safetensors`, `aphidiff.json` and `aphidiff-parity.safetensors` to a folder."""
    manifest = {"sampling_steps": RELEASED_STEPS} | MARGINS | manifest
    folder.mkdir(parents=True, exist_ok=True)
    tensors = tensors_of(average, naive)
    state, naive = state_of(tensors)
    model = APHiDiff().eval()
    model.load_state_dict(state, strict=False)
    ranges = calibrate(model, naive, cache)
    path = folder / "aphidiff.safetensors"
    save_file(tensors, path, metadata_of(model, manifest, ranges))
    cases = [(name, parity_input(name, s), s, t, MR_TARGET_REFERENCE) for name, s, t in PARITY_CASES]
    vectors = parity(model, naive, cases)
    save_file({k: np.ascontiguousarray(v) for k, v in vectors.items()}, folder / "aphidiff-parity.safetensors")
    manifest = manifest | {"weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "weights_bytes": path.stat().st_size}
    (folder / "aphidiff.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for file in folder.glob("aphidiff*"):
        file.chmod(0o644)
    return path


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, help="without it: weights at random, to test an engine")
    parser.add_argument("--deformation", type=Path, help="checkpoint of a run of its own for the deformation head")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="training phantoms for the activation ranges")
    parser.add_argument("--statistics", type=Path, help="with random weights: statistics of the bands")
    parser.add_argument("--parity-of", type=Path, help="only parity vectors of full-size slices (--slices) for exported weights")
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.parity_of:
        model, naive, _ = load_exported(options.parity_of)
        vectors = parity(model, naive, phantom_slices(options.cache, options.slices))
        save_file({k: np.ascontiguousarray(v) for k, v in vectors.items()}, options.output)
        return
    if options.checkpoint:
        state = torch.load(options.checkpoint, weights_only=True)
        beside = options.checkpoint.with_name("manifest.json")
        manifest = json.loads(beside.read_text()) if beside.exists() else {}
        manifest |= {"steps": state["step"], "seconds": round(state["seconds"]), "history": state["history"]}
        if "cpu_seconds" in state:
            # The refinement is fitted after the run.
            more = round(state["cpu_seconds"]) - manifest.get("cpu_seconds", 0)
            manifest |= {"cpu_seconds": round(state["cpu_seconds"]), "cpu_seconds_total": manifest.get("cpu_seconds_total", 0) + more}
        average, naive = state["average"], NaiveMap(state["tables"], state.get("stages"))
        if options.deformation:
            other = torch.load(options.deformation, weights_only=True)
            average |= {k: v for k, v in other["average"].items() if k.startswith("deformation.")}
            manifest |= {"deformation_steps": other["deformation_done"], "deformation_history": other["history"]}
    else:
        torch.manual_seed(1)
        model = APHiDiff()
        # Outputs that start at zero would hide mistakes.
        for layer in (model.denoiser.out, model.denoiser.s2, model.texture.out):
            torch.nn.init.normal_(layer.weight, std=0.02)
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.05)
        tables = torch.rand(NaiveMap().tables.shape) * 2 - 1
        if options.statistics:
            found = torch.load(options.statistics, weights_only=True)
            model.band_mean.copy_(found["band_mean"])
            model.band_std.copy_(found["band_std"])
            tables = found["tables"]
        naive = NaiveMap(tables)
        average, manifest = model.state_dict(), {"steps": 0, "note": "random weights, to test an engine"}
    path = export(average, naive, manifest, options.output, options.cache)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
