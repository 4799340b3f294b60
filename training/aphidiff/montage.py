"""A picture of generated phantoms: source, generated, truth and difference, axial and coronal; a row for each case.

    python -m aphidiff.montage --validate …/validate --weights FOLDER --cohort COHORT --cases P0003 P0007 P0001 --output montage.png
"""

from __future__ import annotations

import argparse
import csv
import gzip
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np

SIDE = 256  # pixels of a panel


def read_volume(path: Path) -> tuple[np.ndarray, tuple[float, float, float]]:
    """K×H×W and its spacing (k, j, i) in mm; phantoms and what is generated from them lie in the scanner's order."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    width, height, depth = struct.unpack_from("<3h", data, 42)
    kind = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8", 512: "<u2"}[struct.unpack_from("<h", data, 70)[0]]
    i, j, k = struct.unpack_from("<3f", data, 80)
    offset = int(struct.unpack_from("<f", data, 108)[0])
    slope, shift = struct.unpack_from("<2f", data, 112)
    values = np.frombuffer(data, kind, width * height * depth, offset).reshape(depth, height, width).astype(np.float32)
    return (values if slope == 0 else values * slope + shift), (k, j, i)


def panel(plane: np.ndarray, spacing: tuple[float, float], extent: float, low: float, high: float) -> np.ndarray:
    """A plane (rows from the top of the picture, mm a row and a column) in grey, `extent` mm a side, its middle in the middle."""
    rows, columns = plane.shape
    at = (np.arange(SIDE) + 0.5) * extent / SIDE - extent / 2
    r = np.rint(at / spacing[0] + (rows - 1) / 2).astype(int)
    c = np.rint(at / spacing[1] + (columns - 1) / 2).astype(int)
    out = np.full((SIDE, SIDE), low, np.float32)
    inside = ((r >= 0) & (r < rows))[:, None] & ((c >= 0) & (c < columns))[None]
    out[inside] = plane[np.clip(r, 0, rows - 1)][:, np.clip(c, 0, columns - 1)][inside]
    return np.clip((out - low) / (high - low) * 255, 0, 255).astype(np.uint8)


def row_of(source: np.ndarray, generated: np.ndarray, truth: np.ndarray, liver: np.ndarray, spacing, series: tuple[str, str]) -> np.ndarray:
    """Eight panels: axial source, generated, truth, difference (grey: none); the same in the coronal plane."""
    k = int(liver.sum((1, 2)).argmax())
    j = int(liver.sum((0, 2)).argmax())
    extent = max(source.shape[2] * spacing[2], source.shape[1] * spacing[1]) * 0.85

    def window(name: str, volume: np.ndarray) -> tuple[float, float]:
        return (-160.0, 240.0) if name == "CT" else (0.0, float(np.percentile(volume[liver > 0], 99.5)) * 1.3)

    of_source, of_target = window(series[0], source), window(series[1], truth)
    half = (of_target[1] - of_target[0]) / 2
    images = [(source, *of_source), (generated, *of_target), (truth, *of_target), (generated - truth, -half, half)]
    panels = [panel(v[k], (spacing[1], spacing[2]), extent, low, high) for v, low, high in images]
    panels += [panel(v[::-1, j], (spacing[0], spacing[2]), extent, low, high) for v, low, high in images]
    return np.concatenate(panels, 1)


def write_png(path: Path, image: np.ndarray) -> None:
    """8-bit grey."""
    height, width = image.shape

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = b"".join(b"\0" + line.tobytes() for line in image)
    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validate", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--cohort", type=Path, required=True)
    parser.add_argument("--cases", nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    with open(options.cohort / "cohort.tsv", newline="") as file:
        listed = {line["case"]: line for line in csv.DictReader(file, delimiter="\t")}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.cases:
            case = listed[name]
            generated = Path(folder) / f"{name}.nii.gz"
            sequence = "MR-T2" if case["sequence"].startswith("T2") else "MR-T1"
            series = ("CT", "MR") if case["source_modality"] == "CT" else ("MR", "CT")
            command = [
                options.validate, "generate", "--generator", "aphidiff", "--weights", options.weights, "--source", options.cohort / case["source"],
                "--source-series", "CT" if series[0] == "CT" else sequence, "--target-series", "CT" if series[1] == "CT" else sequence,
                "--output", generated, "--source-phase", case["source_phase"], "--target-phase", case["truth_phase"], "--amplitude",
                case["respiratory_amplitude_mm"], "--quiet",
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            truth, spacing = read_volume(options.cohort / case["truth"])
            source, _ = read_volume(options.cohort / case["source"])
            liver, _ = read_volume(options.cohort / case["liver"])
            rows.append(row_of(source, read_volume(generated)[0], truth, liver, spacing, series))
    write_png(options.output, np.concatenate(rows, 0))


if __name__ == "__main__":
    main()
