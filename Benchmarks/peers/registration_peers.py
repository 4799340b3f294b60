"""Times the registration plk3d/1 beside greedy, in one run on one pair with a known displacement, and compares the errors.

usage: registration_peers.py BINARY FIXED MOVING LIVER FIELD [--threads 2] [--runs 3]

BINARY is the product RegistrationTiming of the package Benchmarks, built in release. FIXED, MOVING and LIVER are NIfTI
files on one grid, FIELD a NIfTI vector image (RAS mm): what is at x in FIXED is at x + u in MOVING. greedy runs on the
whole of the files, so cut them to the liver with a margin first; ours cuts by itself, with 24 mm. Each of greedy's runs is
a process of its own, since it gives different fields and its peak memory is wanted; times are inside the call.
"""
import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time

import nibabel
import numpy as np

SETTINGS = {
    "greedy": "-m NCC 4x4x4 -n 100x50x20 -s 1.732vox 0.707vox",
    "greedy, smoother": "-m NCC 4x4x4 -n 100x50x20 -s 3vox 1.5vox",
}


def greedy_once(setting, fixed, moving, threads):
    from picsl_greedy import Greedy3D
    with tempfile.TemporaryDirectory() as folder:
        warp = f"{folder}/warp.nii.gz"
        start = time.perf_counter()
        Greedy3D().execute(f"-threads {threads} -i {fixed} {moving} -o {warp} {setting}")
        seconds = time.perf_counter() - start
        field = np.squeeze(np.asarray(nibabel.load(warp).dataobj, dtype=np.float64))
    # greedy writes LPS components.
    return seconds, field * np.array([-1.0, -1.0, 1.0])


def errors(field, known, liver):
    e = (field - known)[liver]
    coronal = np.hypot(e[:, 0], e[:, 2])
    return {"coronal_deformation": coronal.mean(), "coronal_deformation_p95": np.percentile(coronal, 95),
            "deformation_3d": np.linalg.norm(e, axis=1).mean()}


def child(arguments):
    seconds, field = greedy_once(arguments.child, arguments.fixed, arguments.moving, arguments.threads)
    known = np.squeeze(nibabel.load(arguments.field).get_fdata())
    liver = np.asarray(nibabel.load(arguments.liver).dataobj) > 0
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("RESULT " + json.dumps({"seconds": seconds, "rss_mib": rss, **errors(field, known, liver)}))


def main():
    parser = argparse.ArgumentParser()
    for name in ("binary", "fixed", "moving", "liver", "field"):
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child")
    arguments = parser.parse_args()
    if arguments.child:
        return child(arguments)
    pair = [arguments.fixed, arguments.moving, arguments.liver, arguments.field]
    print("shape", nibabel.load(arguments.fixed).shape, "threads", arguments.threads)
    command = [arguments.binary, *pair, str(arguments.threads), str(arguments.runs)]
    start = time.perf_counter()
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    whole = time.perf_counter() - start
    rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    ours = dict(line.split(" ", 1) for line in output.splitlines())
    least = float(ours["registration_median_s"])
    print(output, end="")
    print(f"whole process of ours {whole:.2f} s, peak {rss:.0f} MiB (with {arguments.runs} runs and mode I)")
    for name, setting in SETTINGS.items():
        results = []
        for _ in range(max(1, arguments.runs // 2)):
            lines = subprocess.run(
                [sys.executable, __file__, arguments.binary, *pair, "--threads", str(arguments.threads), "--child",
                 setting], capture_output=True, text=True, check=True).stdout.splitlines()
            results.append(json.loads(next(line for line in lines if line.startswith("RESULT"))[7:]))
        best = min(results, key=lambda result: result["seconds"])
        print(f"{name} ({setting}): {best['seconds']:.2f} s, {best['rss_mib']:.0f} MiB, coronal "
              f"{best['coronal_deformation']:.3f} mm (p95 {best['coronal_deformation_p95']:.3f}), 3-D "
              f"{best['deformation_3d']:.3f} mm; ours {best['seconds'] / least:.1f} times as fast")


if __name__ == "__main__":
    main()
