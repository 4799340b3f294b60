"""Writes the vessel fixtures of the tests: masks and skeletons as run lengths.

usage: vessel_fixtures.py GOLDEN_DIRECTORY OUTPUT_DIRECTORY

A file holds records. A record is three variable-length integers nx, ny, nz, the number of layers, and per layer
alternating run lengths (background first) over the voxels, x fastest, that add up to nx*ny*nz. Integers are LEB128.
Layers of a golden: mask, skeleton by scikit-image's Lee, homotopic skeleton (the last two where the set has them).
Layers of a random volume: mask, skeleton by scikit-image's Lee.
"""
import pathlib
import sys

import nibabel
import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(layers):
    out = b"".join(varint(n) for n in layers[0].shape) + varint(len(layers))
    for layer in layers:
        flat = layer.astype(np.int8).ravel(order="F")
        edges = np.flatnonzero(np.diff(flat)) + 1
        bounds = np.concatenate(([0], edges, [flat.size]))
        lengths = list(np.diff(bounds))
        if flat[0]:
            lengths.insert(0, 0)
        out += b"".join(varint(int(n)) for n in lengths)
    return out


def random_volumes(count=60):
    for seed in range(count):
        rng = np.random.default_rng(1000 + seed)
        shape = tuple(int(v) for v in rng.integers(8, 33, 3)) if seed % 3 else (32, 32, 32)
        if seed % 4 == 0:
            yield rng.random(shape) < 0.35 + 0.4 * rng.random()
        elif seed % 4 == 1:
            yield ndimage.gaussian_filter(rng.standard_normal(shape), 1.0) > 0.1
        elif seed % 4 == 2:
            yield ndimage.gaussian_filter(rng.standard_normal(shape), 1.8) > 0.0
        else:
            yield ndimage.gaussian_filter(rng.standard_normal(shape), (0.6, 1.2, 2.0)) > -0.05


def main():
    golden, output = map(pathlib.Path, sys.argv[1:])
    for path in sorted(golden.glob("*.nii.gz")):
        name = path.name.removesuffix(".nii.gz")
        if name.endswith("_skel"):
            continue
        layers = [np.asarray(nibabel.load(path).dataobj) > 0]
        skeleton = golden / f"{name}_skel.nii.gz"
        if skeleton.exists():
            bits = np.asarray(nibabel.load(skeleton).dataobj)
            layers += [bits & 1 > 0, bits & 2 > 0]
        (output / f"{name}.rle").write_bytes(record(layers))
    (output / "random60.rle").write_bytes(
        b"".join(record([v, skeletonize(v, method="lee") > 0]) for v in random_volumes()))


main()
