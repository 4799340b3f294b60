"""Respiratory deformation of a volume: phases and amplitude to a low-rank stationary velocity field, integrated to a displacement.

Same phase: exactly the identity. Source and target swapped on one image: the velocity changes its sign.
Arrays are D×H×W: k towards the head, j towards the back, i towards the left; vectors have their components in that order, in cells.
"""

from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

CELL_MM = 8.0
BASES = 4
SQUARINGS = 5


def cells_of(volume: torch.Tensor, spacing_mm: tuple[float, float, float]) -> torch.Tensor:
    """Means of a volume over cells of 8 mm that start at the outer face of the first voxel.

    A voxel belongs to the cell that holds its centre; a cell without a centre takes the voxel nearest to its own centre.
    """
    x = volume.float()
    for axis, spacing in enumerate(spacing_mm):
        count = x.shape[axis]
        cell = torch.tensor([int((n + 0.5) * spacing / CELL_MM) for n in range(count)])
        cells = int(cell[-1]) + 1
        shape = list(x.shape)
        shape[axis] = cells
        sums = torch.zeros(shape).index_add_(axis, cell, x)
        hits = torch.bincount(cell, minlength=cells).float()
        view = [-1 if a == axis else 1 for a in range(3)]
        means = sums / hits.clamp_min(1).view(view)
        nearest = torch.tensor([min(count - 1, int((c + 0.5) * CELL_MM / spacing)) for c in range(cells)])
        x = torch.where(hits.view(view) > 0, means, x.index_select(axis, nearest))
    return x


def warp_cells(field: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
    """Samples B×C×D×H×W at index + displacement (B×3×D×H×W, cells), trilinear, clamped at the border."""
    size = field.shape[2:]
    axes = [torch.arange(n, dtype=field.dtype, device=field.device) for n in size]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij")) + displacement
    scale = torch.tensor([2 / max(1, n - 1) for n in size], dtype=field.dtype, device=field.device).view(1, 3, 1, 1, 1)
    normal = (grid * scale - 1).flip(1).permute(0, 2, 3, 4, 1)
    return F.grid_sample(field, normal, mode="bilinear", padding_mode="border", align_corners=True)


def exponential(velocity: torch.Tensor) -> torch.Tensor:
    """Displacement of a stationary velocity field (both B×3×D×H×W, cells), by scaling and squaring."""
    u = velocity / 2**SQUARINGS
    for _ in range(SQUARINGS):
        u = u + warp_cells(u, u)
    return u


def phase_features(phase: torch.Tensor) -> torch.Tensor:
    """First three harmonics of the phase: B×6. The cycle is closed, and breathing in differs from breathing out."""
    angle = phase[:, None] * (2 * math.pi) * torch.arange(1, 4, dtype=phase.dtype, device=phase.device)
    return torch.cat([angle.cos(), angle.sin()], 1)


class DeformationHead(nn.Module):
    """Bases of the velocity from the image, their coefficients from phase and amplitude."""

    def __init__(self, width: int = 12):
        super().__init__()
        a, b, c = width, 2 * width, 4 * width
        self.phase1 = nn.Linear(6, 32)
        self.phase2 = nn.Linear(32, BASES)
        self.enter = nn.Conv3d(4, a, 3, padding=1)
        self.down1 = nn.Conv3d(a, b, 3, padding=1)
        self.down2 = nn.Conv3d(b, c, 3, padding=1)
        self.middle = nn.Conv3d(c, c, 3, padding=1)
        self.context = nn.Linear(c, c)
        self.up1 = nn.Conv3d(c, b, 1)
        self.join1 = nn.Conv3d(b, b, 3, padding=1)
        self.up0 = nn.Conv3d(b, a, 1)
        self.join0 = nn.Conv3d(a, a, 3, padding=1)
        self.bases = nn.Conv3d(a, 3 * BASES, 3, padding=1)
        nn.init.normal_(self.bases.weight, std=0.01)

    def coefficients(self, phase: torch.Tensor, amplitude_mm: torch.Tensor) -> torch.Tensor:
        """Coefficients B×K of the bases at a phase."""
        c = self.phase2(F.silu(self.phase1(phase_features(phase))))
        return c * (amplitude_mm[:, None] / 10)

    def forward_bases(self, image: torch.Tensor) -> torch.Tensor:
        """Bases B×K×3×D×H×W in cells, from the source B×1×D×H×W in the network's domain."""
        size = image.shape[2:]
        pad = [(-n) % 4 for n in size]
        x = F.pad(image, (0, pad[2], 0, pad[1], 0, pad[0]), mode="replicate")
        # Where a cell lies, in units of 100 mm from the middle of the volume.
        axes = [(torch.arange(n + p, dtype=x.dtype, device=x.device) - (n - 1) / 2) * (CELL_MM / 100) for n, p in zip(size, pad)]
        place = torch.stack(torch.meshgrid(*axes, indexing="ij"))[None].expand(x.shape[0], -1, -1, -1, -1)
        h0 = F.silu(self.enter(torch.cat([x, place], 1)))
        h1 = F.silu(self.down1(F.avg_pool3d(h0, 2)))
        h2 = F.silu(self.down2(F.avg_pool3d(h1, 2)))
        h2 = h2 + self.context(h2.mean((2, 3, 4)))[:, :, None, None, None]
        h2 = F.silu(self.middle(h2))
        h1 = F.silu(self.join1(F.interpolate(self.up1(h2), scale_factor=2.0) + h1))
        h0 = F.silu(self.join0(F.interpolate(self.up0(h1), scale_factor=2.0) + h0))
        bases = self.bases(h0)[:, :, : size[0], : size[1], : size[2]]
        return bases.reshape(x.shape[0], BASES, 3, *size)

    def velocity(self, image: torch.Tensor, source_phase: torch.Tensor, target_phase: torch.Tensor, amplitude_mm: torch.Tensor):
        """Velocity B×3×D×H×W, cells, whose exponential leads from the target's grid to the source."""
        change = self.coefficients(target_phase, amplitude_mm) - self.coefficients(source_phase, amplitude_mm)
        return (change[:, :, None, None, None, None] * self.forward_bases(image)).sum(1)

    def forward(self, image: torch.Tensor, source_phase: torch.Tensor, target_phase: torch.Tensor, amplitude_mm: torch.Tensor):
        """Displacement B×3×D×H×W, cells: warped(p) = source(p + u(p))."""
        return exponential(self.velocity(image, source_phase, target_phase, amplitude_mm))


def sample_volume(volume: torch.Tensor, displacement: torch.Tensor, spacing_mm: tuple[float, float, float]) -> torch.Tensor:
    """Source D×H×W at the target's positions: displacement 3×d×h×w (cells) is interpolated to the voxels; trilinear, border clamped."""
    size = volume.shape
    rate = torch.tensor(spacing_mm) / CELL_MM
    where = [((torch.arange(n) + 0.5) * float(r) - 0.5) for n, r in zip(size, rate)]
    out = torch.empty(size)
    for k in range(size[0]):
        grid = torch.stack(torch.meshgrid(where[0][k : k + 1], where[1], where[2], indexing="ij"), -1)
        scale = torch.tensor([2 / max(1, n - 1) for n in displacement.shape[1:]])
        u = F.grid_sample(
            displacement[None], (grid * scale - 1).flip(-1)[None], mode="bilinear", padding_mode="border", align_corners=True)[0, :, 0]
        index = torch.stack(torch.meshgrid(torch.tensor([float(k)]), *[torch.arange(float(n)) for n in size[1:]], indexing="ij"))[:, 0]
        position = index + u / rate.view(3, 1, 1)
        limits = torch.tensor([2 / max(1, n - 1) for n in size]).view(3, 1, 1)
        normal = (position * limits - 1).flip(0).permute(1, 2, 0)[None, None]
        out[k] = F.grid_sample(volume[None, None].float(), normal, mode="bilinear", padding_mode="border", align_corners=True)[0, 0, 0]
    return out
