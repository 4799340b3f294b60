"""Holds the engine against this reference on validation phantoms, all four pairs of series.

    python -m aphidiff.agreement --feed …/phantom-feed --validate …/validate --weights ../Sources/Engine/Resources --work FOLDER

1. fp32: `engine verify` on full slices of 512×512 against the reference's images: largest difference, as a share of the range, at most 1e-4.
2. int8: volumes through `generate`, with the engine's own codes; SSIM against the acquired truth beside that of the fp32 reference: the mean
   difference is at most 0.005.
"""

from __future__ import annotations

import argparse
import gzip
import json
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from .data import Case, cache_images, geometry_features, open_cache
from .evaluate import body_of, data_range, ssim
from .export import load_exported, parity
from .intensity import SERIES, decode, encode, mr_reference

FLOAT_TOLERANCE = 1e-4
SSIM_TOLERANCE = 0.005
FIRST, COUNT = 8, 12  # slices of each case that go through `generate`


def write_nifti(path: Path, volume: np.ndarray, spacing: tuple[float, float, float]) -> None:
    """K×H×W int16 as NIfTI-1; rows towards the back, columns towards the left, slices towards the head. spacing: (k, j, i) in mm."""
    depth, height, width = volume.shape
    k, j, i = spacing
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, width, height, depth, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, 4, 16)
    struct.pack_into("<8f", head, 76, 1, i, j, k, 0, 0, 0, 0)
    struct.pack_into("<f", head, 108, 352)
    struct.pack_into("<2f", head, 112, 1, 0)
    head[123] = 2
    struct.pack_into("<2h", head, 252, 0, 1)
    struct.pack_into("<12f", head, 280, -i, 0, 0, 0, 0, -j, 0, 0, 0, 0, k, 0)
    head[344:348] = b"n+1\0"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(bytes(head) + np.ascontiguousarray(volume, "<i2").tobytes())


def read_nifti(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A volume that the engine wrote, K×H×W, as floats."""
    data = gzip.decompress(path.read_bytes())
    kind = {4: "<i2", 16: "<f4", 64: "<f8"}[struct.unpack_from("<h", data, 70)[0]]
    offset = int(struct.unpack_from("<f", data, 108)[0])
    slope, shift = struct.unpack_from("<2f", data, 112)
    values = np.frombuffer(data, kind, int(np.prod(shape)), offset).reshape(shape).astype(np.float32)
    return values if slope == 0 else values * slope + shift


def floats(validate: Path, weights: Path, model, naive, cases: list[Case], slices: int, work: Path) -> dict:
    """`engine verify` on slices of the cases in turn."""
    chosen = []
    for n in range(slices):
        case = cases[n % len(cases)]
        k = 2 + (5 * n) % (case.source.shape[0] - 4)
        f = case.facts
        chosen.append((f"slice-{n:02}", np.array(case.source[k - 1 : k + 2]), f.source_series, f.target_series, f.source_reference))
    folder = work / "weights"
    folder.mkdir(exist_ok=True)
    for name in ("aphidiff.safetensors", "aphidiff.json"):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to((weights / name).resolve())
    vectors = parity(model, naive, chosen)
    save_file({k: np.ascontiguousarray(v) for k, v in vectors.items()}, folder / "aphidiff-parity.safetensors")
    done = subprocess.run([validate, "engine", "verify", "--weights", folder, "--json"], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)["fp32"]
    images = [c for c in found["checks"] if ".image." in c["name"]]
    return {
        "slices": len(images), "largest_share_of_range": max(c["maximum_difference"] / c["range"] for c in images),
        "fine_codes_alike": float(np.mean([c["fine"] for c in found["code_agreement"]])),
        "coarse_codes_alike": float(np.mean([c["coarse"] for c in found["code_agreement"]])),
    }


@torch.no_grad()
def reference_images(model, naive, case: Case, source: np.ndarray, planes: list[int]) -> np.ndarray:
    """Generated slices of a volume in fp32, one step."""
    f = case.facts
    reference = mr_reference(source) if f.source_series else 1.0
    out = []
    for k in planes:
        x = encode(torch.from_numpy(source[k - 1 : k + 2].astype(np.float32)), f.source_series, reference)
        n = naive.predict(x, f.source_series, f.target_series, f.pixel_mm)
        series = torch.tensor([f.target_series])
        c = model.condition(
            x[None], n[None, None], torch.tensor([f.source_series]), series,
            torch.tensor([geometry_features(f.pixel_mm, f.slice_mm)]))
        out.append(decode(model.refined(model.sample(c, 1), x, f.source_series, f.target_series, f.pixel_mm), f.target_series)[0, 0].numpy())
    return np.stack(out)


def integers(validate: Path, weights: Path, model, naive, cases: list[Case], each: int, work: Path) -> list[dict]:
    """SSIM of the int8 engine and of the fp32 reference, and of one against the other; one row a case."""
    rows = []
    for case in cases:
        f = case.facts
        source = np.array(case.source[FIRST : FIRST + COUNT])
        truth = np.array(case.load("truth")[FIRST : FIRST + COUNT])
        target = work / f"{f.name}.generated.nii.gz"
        write_nifti(work / f"{f.name}.nii.gz", source, (f.slice_mm, f.pixel_mm, f.pixel_mm))
        names = ["CT" if s == 0 else f"MR-{'T1' if s == 1 else 'T2'}" for s in (f.source_series, f.target_series)]
        subprocess.run(
            [validate, "generate", "--generator", "aphidiff", "--weights", weights, "--source", work / f"{f.name}.nii.gz", "--source-series",
             names[0], "--target-series", names[1], "--output", target, "--force", "--quiet"], check=True)
        planes = [1 + (COUNT - 3) * n // max(1, each - 1) for n in range(each)]
        quick = read_nifti(target, source.shape)[planes]
        exact = reference_images(model, naive, case, source, planes)
        body = body_of(truth[planes], f.target_series)
        width = data_range(truth[planes], body, f.target_series)

        def mean(a: np.ndarray, b: np.ndarray) -> float:
            sums = [ssim(x, y, inside, width, f.target_series) for x, y, inside in zip(a, b, body)]
            return sum(s for s, _ in sums) / sum(n for _, n in sums)

        rows.append({
            "case": f.name, "pair": f"{SERIES[f.source_series]} to {SERIES[f.target_series]}", "slices": each,
            "ssim_int8": mean(quick, truth[planes]), "ssim_fp32": mean(exact, truth[planes]), "ssim_int8_to_fp32": mean(quick, exact),
        })
    return rows


def main() -> None:
    """Command line; ends with 1 when a tolerance is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feed", type=Path, required=True)
    parser.add_argument("--validate", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--work", type=Path, help="folder for phantoms and volumes; temporary without it")
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    temporary = tempfile.TemporaryDirectory()
    work = options.work or Path(temporary.name)
    work.mkdir(parents=True, exist_ok=True)
    for direction in ("ct-mr", "mr-ct"):
        for sequence in ("t1", "t2"):
            cache_images(
                options.feed, work / "phantoms", namespace="validation", seed=5, cases=range(1), direction=direction, sequence=sequence,
                slices=FIRST + COUNT + 8, keep_truth=True)
    cases = open_cache(work / "phantoms", "validation")
    model, naive, _ = load_exported(options.weights / "aphidiff.safetensors")
    exact = floats(options.validate, options.weights, model, naive, cases, options.slices, work)
    rows = integers(options.validate, options.weights, model, naive, cases, max(1, options.slices // len(cases)), work)
    differences = [r["ssim_int8"] - r["ssim_fp32"] for r in rows]
    result = {
        "fp32": exact | {"tolerance": FLOAT_TOLERANCE, "passed": exact["largest_share_of_range"] <= FLOAT_TOLERANCE},
        "int8": {
            "mean_ssim_difference": float(np.mean(differences)), "largest_case": float(max(differences, key=abs)), "tolerance": SSIM_TOLERANCE,
            "passed": abs(float(np.mean(differences))) <= SSIM_TOLERANCE, "cases": rows,
        },
    }
    print(json.dumps(result, indent=1))
    if not (result["fp32"]["passed"] and result["int8"]["passed"]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
