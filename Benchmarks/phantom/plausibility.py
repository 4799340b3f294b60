"""Draws what docs/images/phantom-plausibility.png shows, from phantoms of the validation family that nobody chose.

usage: plausibility.py PHANTOM_FEED COHORT OUTPUT.png

PHANTOM_FEED is the executable of this package, COHORT a folder made by `validate cohort phantom`, whose table gives the
liver volumes. The ranges are those that the suite `PlausibilityTests` holds single images to; their sources stand beside
the tables in Sources/Phantom/Tissue.swift (CT: Bae, Radiology 2010;256:32-61; MR: relaxation times of de Bazelaire et
al., Radiology 2004;230:652-659, through the signal equation).
"""
import csv
import pathlib
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

SIZE, SLICES, CASES, SEED = 512, 56, 12, 7
SITES = "ABCD"
CODES = {
    "liver": 2, "spleen": 7, "portal vein": 3, "hepatic vein": 4, "aorta": 13, "cava": 14, "kidney": 8, "muscle": 15,
    "fat": 1, "gallbladder": 12,
}
CT_RANGES = {
    "liver": (90, 130), "spleen": (100, 145), "portal vein": (130, 200), "hepatic vein": (115, 190),
    "aorta": (120, 185), "cava": (100, 170), "kidney": (130, 230), "muscle": (45, 85), "fat": (-125, -75),
    "gallbladder": (-5, 30),
}
MR_RANGES = {
    "spleen": (0.7, 1.5), "portal vein": (1.2, 2.6), "hepatic vein": (1.2, 2.6), "kidney": (1.0, 2.6),
    "muscle": (0.25, 0.95), "fat": (0.05, 0.5), "gallbladder": (0.05, 0.7),
}


def feed(executable, direction):
    """Yields (case, pixel in mm, truth, structures, noise-free truth) of every slice."""
    command = [
        executable, "--seed", str(SEED), "--namespace", "validation", "--cases", f"0:{CASES}", "--size", str(SIZE),
        "--slices", str(SLICES), "--direction", direction, "--sequence", "t1", "--clean",
    ]
    n = SIZE * SIZE
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.read(32)
        for _ in range(CASES * SLICES):
            case, _ = np.frombuffer(process.stdout.read(8), np.uint32)
            pixel = np.frombuffer(process.stdout.read(24), np.float32)[3]
            process.stdout.read(2 * n)
            truth = np.frombuffer(process.stdout.read(2 * n), np.int16).reshape(SIZE, SIZE)
            codes = np.frombuffer(process.stdout.read(n), np.uint8).reshape(SIZE, SIZE)
            clean = np.frombuffer(process.stdout.read(4 * n), np.float32).reshape(SIZE, SIZE)
            yield int(case), float(pixel), truth, codes, clean


def medians(values):
    """Median by case and tissue of what was collected, where there are enough pixels."""
    return {
        tissue: {case: np.median(np.concatenate(parts)) for case, parts in cases.items() if sum(map(len, parts)) > 60}
        for tissue, cases in values.items()
    }


def collect(values, case, image, codes):
    for tissue, code in CODES.items():
        values.setdefault(tissue, {}).setdefault(case, []).append(image[codes == code])


def noise_power(noise, pixel, block=64):
    """Radial mean of the power spectrum of CT noise, normalised to its mean: (cycles/mm, power)."""
    step = noise.shape[0] // 2 - block
    blocks = [
        noise[j:j + block, i:i + block] - noise[j:j + block, i:i + block].mean()
        for j in range(step, step + 2 * block, block) for i in range(step, step + 2 * block, block)
    ]
    power = np.mean([np.abs(np.fft.fft2(b)) ** 2 for b in blocks], axis=0)
    f = np.fft.fftfreq(block, pixel)
    radius = np.hypot(*np.meshgrid(f, f))
    bins = np.arange(0, 0.5 / pixel, 1 / (block * pixel))
    at = np.digitize(radius, bins)
    return bins + 0.5 * (bins[1] - bins[0]), np.array([power[at == b].mean() for b in range(1, len(bins) + 1)]) / power.mean()


def exponents(executable, cases):
    """Exponent of Murray's law that fits the bifurcations of each tree best, by tree."""
    text = subprocess.run(
        [executable, "--radii", "--seed", str(SEED), "--namespace", "validation", "--cases", f"0:{cases}"],
        capture_output=True, text=True, check=True).stdout
    forks = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        daughters = [float(x) / float(row["parent_mm"]) for x in row["daughters_mm"].split(",")]
        forks.setdefault((row["tree"], row["case"]), []).append(daughters)
    grid = np.arange(2, 4.001, 0.01)
    found = {}
    for (tree, _), ratios in forks.items():
        misfit = sum((sum(r ** grid for r in daughters) - 1) ** 2 for daughters in ratios)
        found.setdefault(tree, []).append(grid[np.argmin(misfit)])
    return found


def contrast(axis, values, ranges, title, label):
    for row, tissue in enumerate(ranges):
        axis.barh(row, ranges[tissue][1] - ranges[tissue][0], left=ranges[tissue][0], height=0.7, color="#d5dde5")
        points = list(values[tissue])
        axis.plot(points, [row] * len(points), "|", color="#20406a", markersize=9)
    axis.set_yticks(range(len(ranges)), ranges)
    axis.invert_yaxis()
    axis.set(title=title, xlabel=label)


def main(executable, cohort, output):
    ct, mr, spectra, background = {}, {}, {}, []
    spread = np.random.default_rng(1)
    for case, pixel, truth, codes, clean in feed(executable, "mr-ct"):
        collect(ct, case, truth, codes)
        noise = truth - clean
        spectra.setdefault(case % 4, []).append(noise_power(noise, pixel))
    for case, _, truth, codes, _ in feed(executable, "ct-mr"):
        collect(mr, case, truth, codes)
        # Signal is stored as whole numbers: spread over its step, so that a histogram shows no comb.
        corner = truth[:40, :40].ravel() + spread.uniform(-0.5, 0.5, 1600)
        background.append(np.abs(corner) / np.sqrt(np.mean(corner ** 2) / 2))
    ct, mr = medians(ct), medians(mr)
    with open(pathlib.Path(cohort) / "cohort.tsv", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    volumes = [float(row["liver_ml"]) for row in rows]
    healthy = {n for n, row in enumerate(rows) if row["parenchyma"] == "none"}
    murray = exponents(executable, len(rows))

    plt.rcParams.update({"font.size": 8, "axes.titlesize": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 3, figsize=(11, 6.2), layout="constrained")
    # Site C scans in the arterial phase; a fatty or cirrhotic liver is meant to leave the ranges of healthy ones.
    venous = {t: [v for c, v in by.items() if c % 4 != 2 and (t != "liver" or c in healthy)] for t, by in ct.items()}
    contrast(axes[0, 0], venous, CT_RANGES, "CT, portal-venous phase", "median of a phantom, HU (bars: range)")
    ratios = {t: [v / mr["liver"][c] for c, v in by.items() if c % 4 != 2 and c in healthy] for t, by in mr.items()}
    contrast(axes[0, 1], ratios, MR_RANGES, "MR, fat-suppressed T1 after contrast", "median relative to the liver (bars: range)")
    axes[0, 2].hist(volumes, bins=np.arange(800, 2601, 100), color="#7d9cc0")
    axes[0, 2].axvspan(900, 2500, color="#d5dde5", zorder=0)
    axes[0, 2].set(title=f"Liver volume, {len(volumes)} phantoms", xlabel="ml (shaded: adults)", ylabel="phantoms")
    for row, (tree, values) in enumerate(murray.items()):
        axes[1, 0].plot(values, row + np.linspace(-0.3, 0.3, len(values)), ".", color="#20406a", markersize=3)
    axes[1, 0].axvspan(2.7, 3.3, color="#d5dde5", zorder=0)
    axes[1, 0].set_yticks(range(len(murray)), murray)
    axes[1, 0].set(
        title=f"Murray's law, exponent that fits each of {len(rows)} trees", xlabel="exponent (shaded: 2.7 to 3.3)",
        xlim=(2.6, 3.4))
    for site, curves in sorted(spectra.items()):
        frequency = np.mean([f for f, _ in curves], axis=0)
        axes[1, 1].plot(frequency, np.mean([p for _, p in curves], axis=0), label=f"site {SITES[site]}")
    axes[1, 1].axhline(1, color="grey", linestyle=":", label="white")
    axes[1, 1].legend(frameon=False)
    axes[1, 1].set(title="Noise power spectrum of the CT", xlabel="cycles / mm", ylabel="power / mean power")
    x = np.linspace(0, 5, 200)
    axes[1, 2].hist(np.concatenate(background), bins=80, range=(0, 5), density=True, color="#7d9cc0", label="corners")
    axes[1, 2].plot(x, x * np.exp(-x * x / 2), color="#20406a", label="Rayleigh")
    axes[1, 2].legend(frameon=False)
    axes[1, 2].set(title="Background of the MR", xlabel="signal / noise", ylabel="density")
    figure.savefig(output, dpi=130)

    for name, values, ranges in (("CT", venous, CT_RANGES), ("MR", ratios, MR_RANGES)):
        for tissue, (low, high) in ranges.items():
            v = np.array(values[tissue])
            print(f"{name} {tissue}: {v.min():.2f} to {v.max():.2f}, {np.sum((v >= low) & (v <= high))} of {len(v)} in range")
    print(f"liver {min(volumes):.0f} to {max(volumes):.0f} ml")
    for tree, values in murray.items():
        print(f"exponent of {tree}: {min(values):.2f} to {max(values):.2f}, {len(values)} trees")
    every = np.concatenate(background)
    print(f"background: mean over standard deviation {every.mean() / every.std():.3f} (Rayleigh 1.913)")


if __name__ == "__main__":
    main(*sys.argv[1:])
