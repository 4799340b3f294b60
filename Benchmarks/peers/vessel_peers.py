"""Times the vessel metrics beside scikit-image, skan, cc3d and scipy, in one run on one pair of masks.

usage: vessel_peers.py GOLDEN_DIRECTORY [aniso|iso1] [OPTION OF swift test ...]

Ours are the medians that the suite `VesselTimingTests` prints (`VESSEL_TIMING=1 swift test -c release ...`) after a build, with further
options such as `--skip-build --scratch-path FOLDER`; the peers' are medians of five warm calls in this process, whose peak memory is printed.
"""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import cc3d
import nibabel
import numpy as np
import skan
from scipy import ndimage
from skimage.measure import euler_number
from skimage.morphology import skeletonize


def median_ms(call, runs=5):
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def ours(grid, options):
    command = ["swift", "test", "-c", "release", "-Xswiftc", "-enable-testing", "--filter", "VesselTimingTests", *options]
    output = subprocess.run(
        command, cwd=pathlib.Path(__file__).parents[2], env={**os.environ, "VESSEL_TIMING": "1"}, capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split() for line in output.splitlines() if line.startswith(f"timing {grid} ")]
    return {name: float(value) for _, _, name, value, _ in lines}


def main():
    golden = pathlib.Path(sys.argv[1])
    grid = sys.argv[2] if len(sys.argv) > 2 else "aniso"
    spacing = (0.78, 0.78, 2.5) if grid == "aniso" else (1.0, 1.0, 1.0)
    truth, broken = (
        np.ascontiguousarray(np.asarray(nibabel.load(golden / f"{grid}_{name}.nii.gz").dataobj) > 0)
        for name in ("truth", "break_big"))
    skeleton = skeletonize(broken, method="lee")

    def cldice():
        a, b = skeletonize(truth, method="lee") > 0, skeletonize(broken, method="lee") > 0
        return (a & broken).sum() / a.sum(), (b & truth).sum() / b.sum()

    def chain():
        for mask in (truth, broken):
            skan.summarize(skan.Skeleton(skeletonize(mask, method="lee") > 0, spacing=spacing), separator="_")
            cc3d.connected_components(mask, connectivity=26)
            ndimage.distance_transform_edt(mask, sampling=spacing, return_indices=True)
            euler_number(mask, connectivity=3)

    peers = {
        "skeleton": ("scikit-image skeletonize lee", median_ms(lambda: skeletonize(broken, method="lee"))),
        "cldice": ("scikit-image clDice", median_ms(cldice)),
        "graph": ("skan Skeleton + summarize", median_ms(
            lambda: skan.summarize(skan.Skeleton(skeleton > 0, spacing=spacing), separator="_"))),
        "components": ("cc3d 26", median_ms(lambda: cc3d.connected_components(broken, connectivity=26))),
        "euler": ("scikit-image euler_number", median_ms(lambda: euler_number(broken, connectivity=3))),
        "distance": ("scipy distance_transform_edt", median_ms(
            lambda: ndimage.distance_transform_edt(broken, sampling=spacing), 3)),
        "chain": ("the peers chained, both sides", median_ms(chain, 3)),
    }
    theirs = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    mine = ours(grid, sys.argv[3:])
    rows = [
        ("skeleton lee94, bytes to bytes", peers["skeleton"], mine["skeleton_lee94_public"]),
        ("skeleton lee94, kernel", peers["skeleton"], mine["thin_lee94"]),
        ("skeleton lee94Safe, bytes to bytes", peers["skeleton"], mine["skeleton_lee94_safe_public"]),
        ("Betti numbers, components, filling", peers["components"], mine["betti_and_fill"]),
        ("Betti numbers, components, filling", peers["euler"], mine["betti_and_fill"]),
        ("graph with exact radii", peers["graph"], mine["graph"]),
        ("graph with exact radii", peers["distance"], mine["graph"]),
        ("whole panel, one thread", peers["cldice"], mine["panel_threads_1"]),
        ("whole panel, one thread", peers["chain"], mine["panel_threads_1"]),
        ("whole panel, two threads", peers["chain"], mine["panel_threads_2"]),
    ]
    print(f"grid {grid} {truth.shape}, {int(broken.sum())} voxels")
    print("| work | ours ms | peer | peer ms | ratio |\n| --- | ---: | --- | ---: | ---: |")
    for work, (name, peer), value in rows:
        print(f"| {work} | {value:.2f} | {name} | {peer:.1f} | {peer / value:.0f}× |")
    print(f"peak memory of the peers {theirs:.0f} MiB")


main()
