"""Configuration of a training run: a JSON file, every key checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path

VARIANTS = ("aphidiff", "no-anatomical-constraint", "no-gating", "no-deformation", "pix2pix")


@dataclass
class Stage:
    """Crops until a share of the time budget has passed; `scale` pools the slices (4: as if of 128 pixels).

    `only` = "anatomy": encoder, codes and head alone learn, from labelled slices; a step costs an eighth of a whole one.
    """

    until: float
    size: int
    scale: int
    batch: int
    only: str = ""


@dataclass
class Config:
    """A run. Weights of losses are relative to the absolute error of the image."""

    variant: str
    seed: int
    plan: list[Stage] = field(default_factory=list)
    rate: float = 2e-3  # change of a weight by step, relative to its initial spread
    warmup_steps: int = 100
    ema: float = 0.998
    start_share: float = 0.5  # share of samples at the very start of the path, where one-step generation happens
    ssim: float = 0.5
    stored_ssim: float = 0.0  # SSIM as the protocols score it, on stored intensities
    bands: float = 1.0
    structures: float = 0.0  # how much more an error counts on vessels and lesions: 1 + this
    anatomy: float = 0.2
    commitment: float = 0.1
    constraint: float = 0.05
    constraint_every: int = 4
    anatomy_every: int = 0  # every so many steps one of the anatomy only, in between; 0: none
    anatomy_structures: float = 0.6  # share of the crops of such a step around a vessel or a lesion; the rest lies anywhere
    still: list[str] = field(default_factory=list)  # beginnings of names: what a whole step leaves as it is (an anatomy step moves the anatomy)
    deformation_steps: int = 500
    adversary: float = 0.0
    naive_input: bool = True  # the conditional-mean image as input and base; for experiments

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"variant {self.variant} is none of {', '.join(VARIANTS)}")
        if not self.plan or self.plan[-1].until != 1:
            raise ValueError("the plan must end with a stage until 1")
        for stage in self.plan:
            if stage.size % 64 or stage.scale not in (1, 2, 4) or stage.batch < 1:
                raise ValueError("a stage needs a size divisible by 64, a scale of 1, 2 or 4, and a batch")
            if stage.only not in ("", "anatomy"):
                raise ValueError(f"a stage can be of the anatomy only, not of {stage.only}")
            if stage.only and self.variant == "pix2pix":
                raise ValueError("pix2pix has no anatomy to train")


def load_config(path: Path) -> Config:
    """Reads a configuration; unknown keys are errors."""
    content = json.loads(path.read_text())
    unknown = set(content) - {f.name for f in fields(Config)}
    if unknown:
        raise ValueError(f"{path.name}: unknown keys {', '.join(sorted(unknown))}")
    content["plan"] = [Stage(**stage) for stage in content.get("plan", [])]
    return Config(**content)
