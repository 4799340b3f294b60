#!/usr/bin/env python3
"""Holds `validate measure` against the values of independent tools, through files and the command line.

Usage: Tests/Golden/measure.py VALIDATE GOLDEN      (GOLDEN has expected.json and the arrays; needs numpy)

The arrays are written as NIfTI-2, whose header holds spacings in double, so that a difference is one of computation, not of the header.
"""
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy

IMAGES = [
    ("ssim", "skimage_gauss1.5_popcov_mean_of_2d_slices_float64", 1e-9, False),
    ("ssim:3d", "skimage_gauss1.5_popcov_float64", 1e-9, False),
    ("ssim:3d", "pytorch_msssim_ssim_float64", 1e-6, False),
    ("ssim:skimage", "skimage_uniform7_samplecov_float64", 1e-9, False),
    ("ssim:synthrad2023", "synthrad2023_ssim_masked", 1e-9, True),
    ("ssim:synthrad2023", "synthrad2023_ssim_nomask", 1e-9, False),
    ("mae", "mae", 1e-9, False),
    ("rmse", "rmse", 1e-9, False),
    ("psnr", "psnr_skimage", 1e-9, False),
    ("mae:synthrad2023", "synthrad2023_mae", 1e-9, True),
    ("mae:synthrad2025", "synthrad2025_mae", 1e-9, True),
    ("psnr:synthrad2023", "synthrad2023_psnr", 1e-9, True),
    ("psnr:synthrad2025", "synthrad2025_psnr", 1e-9, True),
]
MASKS = [
    ("dice", "medpy", ["dice"], 1e-9),
    ("hausdorff", "medpy", ["hd"], 1e-9),
    ("hausdorff_95:pooled", "medpy", ["hd95_pooled"], 1e-9),
    ("assd", "medpy", ["assd_pooled"], 1e-9),
    ("hausdorff", "monai", ["hd"], 1e-6),
    ("hausdorff_95", "monai", ["hd95_max_of_directed_float32"], 1e-6),
    ("assd", "monai", ["assd_pooled_float32"], 1e-6),
    ("nsd:voxel", "monai", ["nsd"], 1e-6),
    ("nsd", "monai", ["nsd_subvoxel"], 1e-6),
    ("hausdorff_95", "MetricsReloaded", ["distances", "hd95_max_of_directed"], 1e-9),
    ("assd", "MetricsReloaded", ["distances", "assd_pooled"], 1e-9),
    ("nsd:voxel", "MetricsReloaded", ["nsd"], 1e-9),
    ("nsd", "surface-distance(deepmind)", ["nsd"], 1e-9),
    ("hausdorff_95:surfel", "surface-distance(deepmind)", ["hd95_area_weighted_max"], 1e-9),
]
REASONS = {"both_empty": "both_empty", "pred_empty": "generated_empty", "ref_empty": "reference_empty"}


def write_nifti2(path, array, spacing=(1.0, 1.0, 1.0)):
    """Writes an array in z, y, x order as NIfTI-2 with an axis-aligned affine."""
    array = array[numpy.newaxis] if array.ndim == 2 else array
    code, bits = {"float32": (16, 32), "uint8": (2, 8)}[array.dtype.name]
    z, y, x = array.shape
    header = bytearray(540)
    struct.pack_into("<i", header, 0, 540)
    header[4:12] = b"n+2\0\r\n\x1a\n"
    struct.pack_into("<hh", header, 12, code, bits)
    struct.pack_into("<8q", header, 16, 3, x, y, z, 1, 1, 1, 1)
    struct.pack_into("<8d", header, 104, 1.0, *spacing, 0, 0, 0, 0)
    struct.pack_into("<q", header, 168, 544)
    struct.pack_into("<dd", header, 176, 1.0, 0.0)
    struct.pack_into("<ii", header, 344, 0, 1)
    for row in range(3):
        values = [0.0] * 4
        values[row] = spacing[row]
        struct.pack_into("<4d", header, 400 + 32 * row, *values)
    struct.pack_into("<i", header, 500, 2)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(bytes(header) + b"\0\0\0\0" + array.tobytes())


class Golden:
    def __init__(self, validate, folder, scratch):
        self.validate, self.folder, self.scratch = validate, folder, scratch
        self.compared, self.failed = 0, 0

    def fail(self, text):
        self.failed += 1
        print(text)

    def measure(self, arguments):
        process = subprocess.run([self.validate, "measure", "--json", "-q"] + arguments, capture_output=True)
        if process.returncode != 0:
            self.fail(f"{arguments}: exit code {process.returncode}: {process.stderr.decode()}")
            return {}
        return {item["metric"]: item for item in json.loads(process.stdout)["measurements"]}

    def compare(self, place, item, expected, tolerance, floor):
        self.compared += 1
        value = item.get("value") if item else None
        if value is None or abs(value - expected) > tolerance * max(floor, abs(expected)):
            self.fail(f"{place}: {value}, expected {expected}: {item}")

    def array(self, name):
        path = os.path.join(self.folder, name)
        return numpy.load(path) if os.path.exists(path) else None

    def images(self, cases):
        for case in cases:
            name, width = case["name"], case["data_range"]
            files = {}
            for role in ["ref", "pred", "mask"]:
                data = self.array(f"img_{name}_{role}.npy")
                if data is not None:
                    files[role] = os.path.join(self.scratch, f"{name}_{role}.nii.gz")
                    write_nifti2(files[role], data.astype("uint8" if role == "mask" else "float32"))
            shape = self.array(f"img_{name}_ref.npy")
            everywhere = os.path.join(self.scratch, f"{name}_all.nii.gz")
            write_nifti2(everywhere, numpy.ones(shape.shape, "uint8"))
            if width == 0:
                continue
            base = ["--reference", files["ref"], "--generated", files["pred"], "--modality", "CT", "--range", "0", str(width)]
            results = {False: self.measure(base + ["--mask", everywhere])}
            if "mask" in files:
                results[True] = self.measure(base + ["--mask", files["mask"]])
            for metric, key, tolerance, masked in IMAGES:
                expected = case["expected"].get(key)
                if not isinstance(expected, (int, float)) or masked not in results:
                    continue
                # Some peers shrink a window that does not fit; float32 peers lose digits at an offset of 30000.
                if metric == "ssim:3d" and name in ("tiny_7", "ct2d_128"):
                    continue
                if name == "large_offset_cancellation" and key.startswith("pytorch"):
                    continue
                self.compare(f"{name} {metric} ({key})", results[masked].get(metric), expected, tolerance, 1)
            if name.startswith(("nan_", "inf_")):
                for metric in ["ssim", "psnr", "mae", "rmse", "ncc"]:
                    self.reason(name, results[False].get(metric), "not_finite")
            if name == "identical":
                self.reason(name, results[False].get("psnr"), "identical_images")
            if name == "empty_mask":
                self.reason(name, results[True].get("ssim"), "empty_region")

    def reason(self, place, item, reason):
        self.compared += 1
        if not item or item["value"] is not None or item.get("reason_code") != reason:
            self.fail(f"{place}: expected {reason}: {item}")

    def masks(self, cases):
        for case in cases:
            name, spacing = case["name"], list(reversed(case["spacing_zyx"]))
            files = []
            for role in ["ref", "pred"]:
                data = self.array(f"mask_{name}_{role}.npy")
                if data is None:
                    data = numpy.load(os.path.join(self.folder, f"mask_{name}.npz"))[role]
                files.append(os.path.join(self.scratch, f"{name}_{role}.nii.gz"))
                write_nifti2(files[-1], data.astype("uint8"), spacing)
            results = self.measure([
                "--reference-liver", files[0], "--generated-liver", files[1], "--nsd-tolerance-mm",
                str(case["nsd_tolerance_mm"]),
            ])
            if name in REASONS:
                for metric in ["hausdorff", "hausdorff_95", "hausdorff_95:pooled", "assd"]:
                    self.reason(name, results.get(metric), REASONS[name])
                for metric in ["dice", "nsd"]:
                    if name == "both_empty":
                        self.reason(name, results.get(metric), "both_empty")
                    else:
                        self.compare(f"{name} {metric}", results.get(metric), 0.0, 0, 1)
                continue
            for metric, peer, path, tolerance in MASKS:
                node = case["peers"].get(peer, {})
                for key in path:
                    node = node.get(key) if isinstance(node, dict) else None
                if isinstance(node, (int, float)):
                    self.compare(f"{name} {metric} ({peer})", results.get(metric), node, tolerance, 1e-3)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(os.path.join(sys.argv[2], "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    with tempfile.TemporaryDirectory() as scratch:
        golden = Golden(sys.argv[1], sys.argv[2], scratch)
        golden.images(expected["images"])
        golden.masks(expected["masks"])
    print(f"{golden.compared - golden.failed} of {golden.compared} values agree")
    return 1 if golden.failed or golden.compared < 250 else 0


if __name__ == "__main__":
    sys.exit(main())
