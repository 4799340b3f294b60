#!/usr/bin/env python3
"""Times image similarity and surface distances beside the named peers, on the same arrays, in one run.

usage: metric_peers.py METRIC_TIMING [--threads 2] [--runs 5] [--rows similarity,surfaces]

METRIC_TIMING is the built benchmark of this folder's package. Every figure is the median of warm calls; the values are printed beside the
times, so that nothing is fast because it computes something else. Peers get as many threads, in the form that makes the best of them.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import SimpleITK as sitk
import torch
from medpy.metric import binary as medpy
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
from pytorch_msssim import ssim as torch_ssim
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.metrics import structural_similarity
import surface_distance

RANGE = 4095.0


def median(call, runs):
    value = call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        value = call()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), value


def ours(tool, kind, folder, shape, spacing, threads, runs):
    command = [tool, kind, folder] + [str(n) for n in shape] + [str(s) for s in spacing] + [str(threads), str(runs)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {row["row"]: row for row in map(json.loads, output.splitlines())}


def images(shape, seed=7):
    """Smooth structure with noise, as float32 in z, y, x order: what an axial CT looks like to SSIM."""
    random = np.random.default_rng(seed)
    nx, ny, nz = shape
    base = ndimage.gaussian_filter(random.standard_normal((nz, ny // 4, nx // 4)), (1, 3, 3))
    base = ndimage.zoom(base, (1, 4, 4), order=1) * 2000 + 1000
    reference = (base + random.standard_normal(base.shape) * 20).astype(np.float32)
    generated = (ndimage.gaussian_filter(reference, (0, 1, 1)) + random.standard_normal(base.shape) * 15).astype(np.float32)
    return generated, reference


def livers(shape, spacing, seed=3):
    """Two lobed solids of the size of a liver, one shifted and roughened."""
    random = np.random.default_rng(seed)
    nx, ny, nz = shape
    z, y, x = np.meshgrid(*(np.arange(n) for n in (nz, ny, nx)), indexing="ij")
    mm = [(axis - n / 2) * s for axis, n, s in zip((x, y, z), (nx, ny, nz), spacing)]
    extent = [n * s for n, s in zip((nx, ny, nz), spacing)]
    rough = ndimage.zoom(random.standard_normal((6, 8, 8)), (nz / 6, ny / 8, nx / 8), order=1) * 0.12

    def solid(shift, roughness):
        a = sum(((m - d) / (e * 0.3)) ** 2 for m, d, e in zip(mm, shift, extent))
        b = sum(((m - d - e * 0.14) / (e * 0.18)) ** 2 for m, d, e in zip(mm, shift, extent))
        return np.minimum(a, b) + roughness < 1

    return solid((2.0, -1.5, 1.0), rough), solid((0, 0, 0), 0 * rough)


def opencv_slice(pair):
    """The usual OpenCV form: Gaussian 11, sigma 1.5, valid windows. The sum of the map and its windows."""
    c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    x, y = pair
    blur = lambda image: cv2.GaussianBlur(image, (11, 11), 1.5)[5:-5, 5:-5]
    mx, my = blur(x), blur(y)
    sx, sy, sxy = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    values = ((2 * mx * my + c1) * (2 * sxy + c2)) / ((mx * mx + my * my + c1) * (sx + sy + c2))
    return values.sum(dtype=np.float64), values.size


def opencv_ssim(pool, generated, reference):
    """Slices in parallel, which is faster than the threads inside of OpenCV."""
    sums = list(pool.map(opencv_slice, zip(generated, reference)))
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


def skimage_slice(pair):
    x, y = pair
    return structural_similarity(
        y, x, data_range=RANGE, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)


def skimage_slices(pool, generated, reference):
    return float(np.mean(list(pool.map(skimage_slice, zip(generated, reference)))))


def torch_slices(generated, reference):
    """One slice at a time, which is faster than all in a batch."""
    with torch.no_grad():
        pairs = ((torch.from_numpy(image)[None, None] for image in pair) for pair in zip(generated, reference))
        return float(np.mean([float(torch_ssim(x, y, data_range=RANGE, size_average=True)) for x, y in pairs]))


def kd_tree(generated, reference, spacing):
    """The composition that people write: borders by erosion inside the box of both, KD-trees of their points."""
    box = ndimage.find_objects((generated | reference).astype(np.uint8))[0]
    points = []
    for mask in (np.pad(generated[box], 1), np.pad(reference[box], 1)):
        border = mask & ~ndimage.binary_erosion(mask)
        points.append(np.argwhere(border) * np.array(spacing[::-1]))
    forward = cKDTree(points[1]).query(points[0], workers=-1)[0]
    backward = cKDTree(points[0]).query(points[1], workers=-1)[0]
    both = np.concatenate([forward, backward])
    dice = 2 * (generated & reference).sum() / (generated.sum() + reference.sum())
    return {
        "hausdorff": both.max(), "hausdorff_95": max(np.percentile(forward, 95), np.percentile(backward, 95)),
        "assd": both.mean(), "nsd:voxel": (both <= 2).mean(), "dice": dice,
    }


def monai_panel(generated, reference, spacing):
    x, y = (torch.from_numpy(mask[None, None].astype(np.uint8)) for mask in (generated, reference))
    options = {"include_background": True, "spacing": list(spacing[::-1])}
    return {
        "hausdorff": float(compute_hausdorff_distance(x, y, **options)),
        "hausdorff_95": float(compute_hausdorff_distance(x, y, percentile=95, **options)),
        "assd": float(compute_average_surface_distance(x, y, symmetric=True, **options)),
        "nsd:voxel": float(compute_surface_dice(x, y, class_thresholds=[2.0], **options)),
    }


def medpy_panel(generated, reference, spacing):
    zyx = spacing[::-1]
    return {
        "hausdorff": medpy.hd(generated, reference, voxelspacing=zyx),
        "hausdorff_95:pooled": medpy.hd95(generated, reference, voxelspacing=zyx),
        "assd": medpy.assd(generated, reference, voxelspacing=zyx),
        "dice": medpy.dc(generated, reference),
    }


def deepmind_panel(generated, reference, spacing):
    distances = surface_distance.compute_surface_distances(reference, generated, spacing[::-1])
    return {
        "hausdorff": surface_distance.compute_robust_hausdorff(distances, 100),
        "hausdorff_95:surfel": surface_distance.compute_robust_hausdorff(distances, 95),
        "nsd": surface_distance.compute_surface_dice_at_tolerance(distances, 2.0),
    }


def simpleitk_panel(generated, reference, spacing):
    """The usual recipe: contours by label, distance maps of the contours, read where the other contour lies."""
    images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (generated, reference)]
    for image in images:
        image.SetSpacing([float(step) for step in spacing])
    contours = [sitk.LabelContour(image, False) for image in images]
    maps = [sitk.Abs(sitk.SignedMaurerDistanceMap(contour, squaredDistance=False, useImageSpacing=True)) for contour in contours]
    surfaces = [sitk.GetArrayViewFromImage(contour) > 0 for contour in contours]
    forward = sitk.GetArrayViewFromImage(maps[1])[surfaces[0]]
    backward = sitk.GetArrayViewFromImage(maps[0])[surfaces[1]]
    both = np.concatenate([forward, backward])
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*images)
    return {
        "hausdorff": both.max(), "hausdorff_95": max(np.percentile(forward, 95), np.percentile(backward, 95)),
        "assd": both.mean(), "nsd:voxel": (both <= 2).mean(), "dice": overlap.GetDiceCoefficient(),
    }


def row(work, peer, peer_ms, our_ms, note):
    print(f"| {work} | {peer} | {peer_ms:.1f} | {our_ms:.1f} | {peer_ms / our_ms:.1f}× | {note} |", flush=True)


def similarity(tool, folder, options):
    shape = (512, 512, 64)
    generated, reference = images(shape)
    write(folder, "f32", generated, reference)
    mine = ours(tool, "similarity", folder, shape, (0.8, 0.8, 2.5), options.threads, options.runs)
    with ThreadPoolExecutor(options.threads) as pool:
        for name, call in [
            ("OpenCV form", lambda: opencv_ssim(pool, generated, reference)),
            ("pytorch-msssim", lambda: torch_slices(generated, reference)),
            ("scikit-image", lambda: skimage_slices(pool, generated, reference)),
        ]:
            ms, value = median(call, options.runs)
            own = mine["ssim"]
            row("`ssim` 512×512×64", name, ms, own["ms"], f"{value:.6f} / {own['values']['ssim']:.6f}")
    shape = (256, 256, 128)
    generated, reference = images(shape)
    write(folder, "f32", generated, reference)
    mine = ours(tool, "similarity", folder, shape, (1, 1, 1), options.threads, options.runs)
    for name, settings in [
        ("scikit-image, uniform", {}),
        ("scikit-image, Gaussian", {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}),
    ]:
        ms, value = median(
            lambda: structural_similarity(reference, generated, data_range=RANGE, **settings), max(1, options.runs // 2))
        own = mine["ssim:3d"]
        row("`ssim:3d` 256×256×128", name, ms, own["ms"], f"{value:.6f} / {own['values']['ssim:3d']:.6f}")


def surfaces(tool, folder, options):
    for shape, spacing in [((256, 256, 128), (1.2, 1.2, 1.6)), ((512, 512, 160), (0.78, 0.78, 1.5))]:
        generated, reference = livers(shape, spacing)
        write(folder, "u8", generated.astype(np.uint8), reference.astype(np.uint8))
        mine = ours(tool, "surfaces", folder, shape, spacing, options.threads, options.runs)
        own = mine["surface panel"]
        size = "×".join(map(str, shape))
        peers = [("KD-tree composition", kd_tree), ("surface-distance", deepmind_panel), ("MONAI", monai_panel)]
        if shape[0] == 256:
            peers.append(("MedPy", medpy_panel))
        else:
            peers.append(("SimpleITK recipe", simpleitk_panel))
        for name, panel in peers:
            runs = options.runs if name == "KD-tree composition" else max(1, options.runs // 2)
            ms, values = median(lambda: panel(generated, reference, spacing), runs)
            shown = "hausdorff_95" if "hausdorff_95" in values else "hausdorff"
            with_surfels = name == "surface-distance"
            timed = mine["surface panel with surface elements"] if with_surfels else own
            row(f"surface panel {size}", name, ms, timed["ms"],
                f"{shown} {values[shown]:.6f} / {own['values'][shown]:.6f}")


def write(folder, suffix, generated, reference):
    for name, array in (("generated", generated), ("reference", reference)):
        np.ascontiguousarray(array).tofile(os.path.join(folder, f"{name}.{suffix}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", default="similarity,surfaces")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(options.threads)
    print("| work | peer | peer, ms | ours, ms | ratio | value of the peer / ours |\n| --- | --- | ---: | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.rows.split(","):
            {"similarity": similarity, "surfaces": surfaces}[name](options.tool, folder, options)


if __name__ == "__main__":
    main()
