"""Exported weights as the beginning of a run: what earlier runs learned, and what they were, go on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from .export import load_exported
from .layers import Quantiser
from .model import APHiDiff
from .naive import NaiveMap

# Exported files do not say how often a code was met. So many fictitious hits keep the first batches from moving or restarting a code.
HITS = 30.0
# What is kept of a manifest among the ancestors of a later run.
KEPT = ("commit", "torch", "hardware", "steps", "seconds", "deformation_steps", "data", "weights_sha256", "cpu_seconds", "cpu_seconds_of_training")


def load_initial(path: Path) -> tuple[APHiDiff, NaiveMap, list[dict]]:
    """Model with dequantised weights, conditional-mean map, and the runs that led to them, oldest first.

    The manifest beside the file (same name, `.json`) must hold the file's SHA-256.
    """
    model, naive, _ = load_exported(path)
    for module in model.modules():
        if isinstance(module, Quantiser):
            module.hits.fill_(HITS)
            module.sums.copy_(module.codebook * HITS)
    manifest = json.loads(path.with_suffix(".json").read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if manifest["weights_sha256"] != digest:
        raise ValueError(f"{path.name} has the SHA-256 {digest}, its manifest says {manifest['weights_sha256']}")
    run = {key: manifest[key] for key in KEPT if key in manifest}
    return model, naive, [*manifest.get("ancestors", []), run]


def totals(ancestors: list[dict], steps: int, seconds: float, cpu_seconds: float) -> dict[str, int]:
    """Steps and seconds, of wall and of CPU time, of a run and of all before it."""
    return {
        "steps_total": steps + sum(a.get("steps", 0) for a in ancestors),
        "seconds_total": round(seconds + sum(a.get("seconds", 0) for a in ancestors)),
        "cpu_seconds_total": round(cpu_seconds + sum(a.get("cpu_seconds", 0) for a in ancestors)),
    }
