#!/usr/bin/env python3
"""Every malformed file must end with its documented outcome: exit code, file name and cause, quickly and in little memory.

Usage: Tests/Faults/bad_input.py VALIDATE CORPUS [--family nifti,png,xml,csv]

CORPUS is a folder with MANIFEST.tsv (path, class, regular expression of the reason, what it is): the fixtures of the tests, or the whole
corpus. A case of class `reject` ends with 65 or 78; `accept` with 0; `flag` either way, but never without a word.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

LIMIT_SECONDS = 2.0
LIMIT_KIB = 500 * 1024
SECRETS = ["SEEDEDPHI", "ZEBEDEE", "root:x:0"]


def command(validate, corpus, path, scratch):
    """The command that a user would run on a case, or None where there is nothing to run."""
    family = path.split("/")[0]
    full = os.path.join(corpus, path)
    if family == "xml":
        return [validate, "protocol", "check", full]
    if family == "csv":
        extra = ["--dry-run"] if "10k_rows" in path else []
        training = os.path.join(scratch, "training.txt")
        with open(training, "w", encoding="utf-8") as file:
            file.write("TRAIN-001\n")
        return [validate, "cohort", "check", full, "--quiet", "--training-subjects", training] + extra
    if family == "nifti" and path.startswith("nifti/pair_"):
        return [
            validate, "measure", "--reference", full + "/truth.nii", "--generated", full + "/generated.nii",
            "--modality", "MR", "--metrics", "mae,ssim",
        ]
    if family == "nifti" and path.startswith("nifti/mask_"):
        return [validate, "measure", "--reference-liver", full, "--generated-liver", full, "--metrics", "dice"]
    if path == "nifti/real_example_nifti2.nii.gz":
        # Two volumes in one sound file: the reader takes it; `measure` refuses (as for 4d_two_volumes.nii), because it compares one with one.
        return [validate, "inspect", full]
    if family == "nifti":
        return [validate, "measure", "--reference", full, "--generated", full, "--modality", "MR", "--metrics", "mae"]
    return [validate, "inspect", full.rstrip("/")]


def run(arguments):
    """Exit code, output, seconds and peak memory in KiB of a command."""
    started = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        out, err = process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    seconds = time.monotonic() - started
    return process.returncode, out, err, seconds


def peak_of(arguments):
    """Peak memory in KiB, measured in a child of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with open(os.devnull, "r+b") as null:
            subprocess.call(arguments, stdout=null, stderr=null, stdin=null)
        os.write(writer, str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        return int(stream.read() or 0)


def problems(path, outcome, reason, arguments):
    code, out, err, seconds = run(arguments)
    text = (out + err).decode("utf-8", "replace")
    found = []
    if code < 0:
        return [f"ended by signal {-code}"], seconds, 0
    if outcome == "reject" and code not in (65, 78):
        found.append(f"exit code {code}, not 65 or 78")
    if outcome == "accept" and code != 0:
        found.append(f"exit code {code}, not 0: {text.strip()[:160]}")
    if outcome == "flag" and code not in (0, 65, 78):
        found.append(f"exit code {code}")
    if outcome == "reject":
        if not re.search(reason, text, re.IGNORECASE):
            found.append(f"no reason like {reason}: {text.strip()[:160]}")
        # Of a pair, the message names the file that is wrong, be it header or image.
        name = os.path.basename(path.rstrip("/")).removesuffix(".hdr")
        if name not in text and name.isascii():
            found.append(f"the file is not named: {text.strip()[:160]}")
    if outcome == "flag" and code == 0 and not re.search(reason, text, re.IGNORECASE):
        found.append(f"accepted without a word like {reason}: {text.strip()[:160]}")
    if any(byte < 0x20 and byte not in (0x0A, 0x09) for byte in out + err):
        found.append("control characters in the output")
    for secret in SECRETS:
        if secret in text.replace(path, ""):
            found.append("patient data or a file of the system in the output")
    if seconds > LIMIT_SECONDS:
        found.append(f"{seconds:.1f} s")
    peak = peak_of(arguments)
    if peak > LIMIT_KIB:
        found.append(f"{peak // 1024} MiB")
    return found, seconds, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("validate")
    parser.add_argument("corpus")
    parser.add_argument("--family", default="nifti,png,xml,csv")
    options = parser.parse_args()
    families = options.family.split(",")
    with open(os.path.join(options.corpus, "MANIFEST.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    counts, failed, slowest, largest = {}, 0, 0.0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for path, outcome, reason, *_ in rows:
            if path.split("/")[0] not in families:
                continue
            arguments = command(options.validate, options.corpus, path, scratch)
            found, seconds, peak = problems(path, outcome, reason, arguments)
            counts[outcome] = counts.get(outcome, 0) + 1
            slowest, largest = max(slowest, seconds), max(largest, peak)
            if found:
                failed += 1
                print(f"{path} ({outcome}): {'; '.join(found)}")
    total = sum(counts.values())
    print(
        f"{total - failed} of {total} cases as documented ({counts}); slowest {slowest:.2f} s, "
        f"most memory {largest // 1024} MiB"
    )
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
