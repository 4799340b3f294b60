"""Makes a pair with a known displacement from a phantom case: FIXED, MOVING, LIVER and FIELD of registration_peers.py.

usage: registration_pair.py CASE_FOLDER OUTPUT_FOLDER [SEED]

CASE_FOLDER holds truth, truth_clean and liver of one case of `validate cohort phantom`. The truth is cut to the liver with 24 mm
around it and sampled at 1.5×1.5×2.5 mm. The moving image is the noise-free truth, moved by a breath (12, 3 and 1 mm along S, A and R at
its centre) and a smooth residual of 1.4 mm RMS, with the look of a generated image: blur of 1.2 mm, gamma 0.9, shading of 8 %, noise
of its own. The displacement is exact: what is at x in FIXED is at x + u in MOVING (RAS mm).
"""
import pathlib
import sys

import nibabel as nib
import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

SPACING = np.array([1.5, 1.5, 2.5])
MARGIN_MM = 24.0


def load(path):
    image = nib.as_closest_canonical(nib.load(path))
    return np.asarray(image.get_fdata(), dtype=np.float64), image.affine


def sample(image, affine, points, order):
    index = np.moveaxis(points - affine[:3, 3], -1, 0) / np.diag(affine)[:3].reshape(3, 1, 1, 1)
    return map_coordinates(image, index, order=order, mode="nearest")


def main():
    case, output = map(pathlib.Path, sys.argv[1:3])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = np.random.default_rng(seed)
    truth, affine = load(case / "truth.nii.gz")
    clean, _ = load(case / "truth_clean.nii.gz")
    liver, _ = load(case / "liver.nii.gz")
    if np.abs(affine[:3, :3] - np.diag(np.diag(affine)[:3])).max() > 1e-3:
        sys.exit("the case is oblique; take another one")
    inside = np.argwhere(liver > 0) * np.diag(affine)[:3] + affine[:3, 3]
    last = (np.array(truth.shape) - 1) * np.diag(affine)[:3] + affine[:3, 3]
    low = np.maximum(inside.min(0) - MARGIN_MM, affine[:3, 3])
    high = np.minimum(inside.max(0) + MARGIN_MM, last)
    size = ((high - low) / SPACING).astype(int) + 1
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), -1) * SPACING + low

    # The inverse of the displacement is what an image is resampled with: moving(y) = clean(y + v(y)).
    centre = inside.mean(0)
    noise = np.stack([gaussian_filter(rng.standard_normal(size), 22 / SPACING) for _ in range(3)], -1)
    mask = sample(liver, affine, grid, 0) > 0
    noise *= 1.4 / np.sqrt((noise[mask] ** 2).sum(-1).mean())
    far = (grid - centre) / np.array([150.0, 140.0, 130.0])
    inverse = noise - (1 / (1 + (far**2).sum(-1)))[..., None] * np.array([1.0, 3.0, 12.0])
    there = np.eye(4)
    there[:3, :3], there[:3, 3] = np.diag(SPACING), low
    u = np.zeros_like(inverse)
    for _ in range(20):
        u = -np.stack([sample(inverse[..., axis], there, grid + u, 1) for axis in range(3)], -1)

    fixed = sample(truth, affine, grid, 1)
    moving = gaussian_filter(sample(clean, affine, grid + inverse, 3), 1.2 / SPACING)
    top = np.percentile(moving, 99.9)
    moving = top * np.clip(moving / top, 0, None) ** 0.9
    moving *= 1 + 0.08 * np.sin((grid - centre) @ np.array([0.011, 0.017, 0.013]))
    deviation = np.std((sample(truth, affine, grid, 1) - sample(clean, affine, grid, 1))[mask])
    moving += 0.8 * deviation * rng.standard_normal(size)
    output.mkdir(parents=True, exist_ok=True)
    for name, data in (("fixed", fixed.astype(np.float32)), ("moving", moving.astype(np.float32)),
                       ("liver", mask.astype(np.uint8))):
        nib.save(nib.Nifti1Image(data, there), output / f"{name}.nii.gz")
    field = nib.Nifti1Image(u[:, :, :, None, :].astype(np.float32), there)
    field.header.set_intent(1007)
    nib.save(field, output / "field.nii.gz")
    length = np.hypot(u[mask][:, 0], u[mask][:, 2])
    print("size", *size, "voxels", int(size.prod()), "liver", int(mask.sum()), "coronal mean mm", round(length.mean(), 3))


main()
