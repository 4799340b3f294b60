"""AP-HiDiff: the whole model, its noise clocks and its sampler."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn as nn

from .anatomy import Anatomy
from .bands import BANDS, SCALE_OF_BAND, pack, unpack
from .deformation import DeformationHead
from .denoiser import Denoiser, Texture
from .intensity import SERIES
from .modality import ModalityEncoder, gates
from .noise import noise_bands
from .refinement import Refinement

CLOCK_POWERS = (1.6, 1.0, 0.62)  # coarse, middle, fine: the coarse scale clears first
PARAMETER_RANGE = (41_650_000, 41_750_000)


def clocks(t: torch.Tensor) -> torch.Tensor:
    """Noise levels B×3 of the scales at time t (B) from 1 (noise) to 0 (image)."""
    return torch.stack([t**p for p in CLOCK_POWERS], 1)


def by_band(tau: torch.Tensor) -> torch.Tensor:
    """Noise level of every band: B×16×1×1."""
    return tau[:, SCALE_OF_BAND.to(tau.device)][:, :, None, None]


@dataclass
class Conditions:
    """What stays the same over the steps of one slice."""

    source: torch.Tensor  # B×16×h×w, normalised bands of the middle slice
    naive: torch.Tensor  # B×16×h×w, normalised bands of the conditional-mean image
    fused: list[torch.Tensor]
    z: torch.Tensor
    geometry: torch.Tensor
    features: list[torch.Tensor]
    codes: tuple[torch.Tensor, torch.Tensor]
    commitment: torch.Tensor


class APHiDiff(nn.Module):
    """Both directions between CT and MR in one set of weights."""

    def __init__(self, gated: bool = True):
        super().__init__()
        self.anatomy = Anatomy()
        self.modality = ModalityEncoder()
        self.gates = gates(gated)
        self.denoiser = Denoiser()
        self.texture = Texture()
        self.deformation = DeformationHead()
        self.refinement = Refinement()
        # Mean and standard deviation of each band by series, from training phantoms.
        self.register_buffer("band_mean", torch.zeros(len(SERIES), BANDS))
        self.register_buffer("band_std", torch.ones(len(SERIES), BANDS))

    def normalised(self, image: torch.Tensor, series: torch.Tensor) -> torch.Tensor:
        """Bands of B×1×H×W images, standardised by the statistics of their series (B)."""
        return (pack(image) - self.band_mean[series][:, :, None, None]) / self.band_std[series][:, :, None, None]

    def image(self, bands: torch.Tensor, series: torch.Tensor) -> torch.Tensor:
        """Inverse of `normalised`."""
        return unpack(bands * self.band_std[series][:, :, None, None] + self.band_mean[series][:, :, None, None])

    def refined(self, bands: torch.Tensor, source: torch.Tensor, source_series: int, target_series: int, pixel_mm: float) -> torch.Tensor:
        """Final image 1×1×H×W of the bands 1×16×h×w of a whole slice; source 3×H×W in the network's domain."""
        image = self.image(bands, torch.tensor([target_series]))[0, 0]
        return self.refinement(image, source, source_series, target_series, pixel_mm)[None, None]

    def triple(self, source: torch.Tensor, series: torch.Tensor) -> torch.Tensor:
        """Three slices B×3×H×W to B×48×h×w."""
        return torch.cat([self.normalised(source[:, n : n + 1], series) for n in range(3)], 1)

    def condition(self, source, naive, source_series, target_series, geometry, reference=None, use_reference=None) -> Conditions:
        """Everything that is computed once a slice: source B×3×H×W, naive B×1×H×W in the network's domain."""
        bands = self.triple(source, source_series)
        features, codes, commitment = self.anatomy(bands)
        z, commitment_m = self.modality(target_series, reference, use_reference)
        fused = [gate(a, z) for gate, a in zip(self.gates, features)]
        return Conditions(
            bands[:, BANDS : 2 * BANDS], self.normalised(naive, target_series), fused, z, geometry, features, codes,
            commitment + 0.1 * commitment_m)

    def estimate(self, x: torch.Tensor, tau: torch.Tensor, c: Conditions) -> torch.Tensor:
        """Clean bands from noisy ones at the noise levels tau (B×3)."""
        e = self.denoiser.embed(tau, c.z, c.geometry)
        return c.naive + self.denoiser(torch.cat([x, c.source, c.naive], 1), e, c.fused)

    def sample(self, c: Conditions, steps: int = 1, seed: int = 0, texture: bool = True) -> torch.Tensor:
        """Bands of the generated slices. One step starts from zero (the mean of the noise) and draws nothing."""
        x = torch.zeros_like(c.naive)
        if steps > 1:
            x = noise_bands(seed, *c.naive.shape[2:]).to(x)[None].expand_as(x)
        batch = x.shape[0]
        for n in range(steps):
            tau = clocks(torch.full((batch,), 1 - n / steps))
            estimate = self.estimate(x, tau, c)
            if n == steps - 1:
                x = estimate
            else:
                following = clocks(torch.full((batch,), 1 - (n + 1) / steps))
                x = estimate + by_band(following) / by_band(tau) * (x - estimate)
        return self.texture(x, c.source, c.z) if texture else x


def parameter_table(model: APHiDiff) -> list[tuple[str, int]]:
    """Parameters at inference by block; codebooks count, running statistics and tables of the conditional mean do not."""

    def count(*modules: nn.Module) -> int:
        return sum(p.numel() for m in modules for p in m.parameters())

    d = model.denoiser
    rows = [
        ("anatomy encoder", count(model.anatomy.encoder)),
        ("anatomy codebooks", model.anatomy.fine.codebook.numel() + model.anatomy.coarse.codebook.numel()),
        ("anatomy pyramid", count(model.anatomy.pyramid)),
        ("anatomy head", count(model.anatomy.head)),
        ("modality encoder and codebooks", count(model.modality) + sum(q.codebook.numel() for q in model.modality.quantisers)),
        ("gates", count(model.gates)),
        ("deformation head", count(model.deformation)),
        ("denoiser: embedding", count(d.e1, d.e2)),
        ("denoiser: stem, output, source skip", count(d.stem, d.out, d.s1, d.sm, d.s2)),
    ]
    for level in range(len(d.enter)):
        rows.append((f"denoiser: encoder level {level}", count(d.enter[level]) + (count(d.down[level - 1]) if level else 0)))
    rows.append(("denoiser: attention", count(d.attention)))
    for level in reversed(range(len(d.leave))):
        rows.append((f"denoiser: decoder level {level}", count(d.leave[level]) + (count(d.up[level]) if level < 4 else 0)))
    rows.append(("texture", count(model.texture)))
    rows.append(("refinement", count(model.refinement)))
    return rows
