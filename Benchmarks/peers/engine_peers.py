"""Times AP-HiDiff in PyTorch (eager, compiled), ONNX Runtime and OpenVINO beside the engine, in one run with the same weights.

usage: engine_peers.py WEIGHTS_FOLDER VALIDATE [--steps 1] [--slices 12] [--repeats 3] [--skip NAME ...]

Slices per second over a volume at 512×512, CT to MR-T1. Each runtime is timed with two slices at once on one thread each and with
one slice on two threads; the better one counts. The peers get the source and the conditional-mean image ready made and leave the
image in the network's domain; the engine's figure is end to end, from voxels on the source's grid to voxels there. int8 in OpenVINO is
NNCF's post-training quantisation; ONNX Runtime runs in fp32 (its int8 is slower on processors without dot products of bytes).
"""
from __future__ import annotations

import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "training"))

from aphidiff.data import geometry_features  # noqa: E402
from aphidiff.export import load_exported  # noqa: E402
from aphidiff.model import by_band, clocks  # noqa: E402

CT, MR = 0, 1


class Slice(torch.nn.Module):
    """Three source slices and the conditional-mean image (both in the network's domain) to the generated slice."""

    def __init__(self, model, steps: int):
        super().__init__()
        self.model, self.steps = model, steps
        with torch.no_grad():
            self.z = torch.nn.Parameter(model.modality(torch.tensor([MR]))[0])
        self.series = [torch.tensor([CT]), torch.tensor([MR])]
        self.geometry = torch.tensor([geometry_features(0.8, 2.8)])

    def forward(self, source: torch.Tensor, naive: torch.Tensor) -> torch.Tensor:
        m = self.model
        bands = m.triple(source, self.series[0])
        features, _, _ = m.anatomy(bands)
        fused = [gate(a, self.z) for gate, a in zip(m.gates, features)]
        middle, base = bands[:, 16:32], m.normalised(naive, self.series[1])
        x = torch.zeros_like(base)
        for n in range(self.steps):
            tau = clocks(torch.full((1,), 1 - n / self.steps))
            e = m.denoiser.embed(tau, self.z, self.geometry)
            estimate = base + m.denoiser(torch.cat([x, middle, base], 1), e, fused)
            if n < self.steps - 1:
                following = clocks(torch.full((1,), 1 - (n + 1) / self.steps))
                estimate = estimate + by_band(following) / by_band(tau) * (x - estimate)
            x = estimate
        return m.image(m.texture(x, middle, self.z), self.series[1])


def throughput(call, inputs, workers: int, repeats: int) -> float:
    """Slices per second, median: `workers` calls at once."""
    speeds = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(call, inputs[: 2 * workers]))
        for _ in range(repeats):
            start = time.perf_counter()
            list(pool.map(call, inputs))
            speeds.append(len(inputs) / (time.perf_counter() - start))
    return statistics.median(speeds)


def torch_peer(module, inputs, repeats, compiled):
    best = 0.0
    for workers, threads in ((2, 1), (1, 2)):
        torch.set_num_threads(threads)
        run = torch.compile(module) if compiled else module

        def call(pair):
            with torch.inference_mode():
                return run(*pair)

        call(inputs[0])
        best = max(best, throughput(call, inputs, workers, repeats))
    return best


def onnxruntime_peer(path, inputs, repeats):
    import onnxruntime

    best = 0.0
    for workers, threads in ((2, 1), (1, 2)):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feeds = [{"source": s.numpy(), "naive": n.numpy()} for s, n in inputs]
        best = max(best, throughput(lambda feed: session.run(None, feed), feeds, workers, repeats))
    return best


def openvino_peer(path, inputs, repeats, int8):
    import openvino

    model = openvino.Core().read_model(path)
    feeds = [{"source": s.numpy(), "naive": n.numpy()} for s, n in inputs]
    if int8:
        import nncf

        parameters = nncf.AdvancedQuantizationParameters(disable_bias_correction=True)
        model = nncf.quantize(
            model, nncf.Dataset(feeds[:4]), subset_size=4, advanced_parameters=parameters, fast_bias_correction=True)
    best = 0.0
    for workers, threads in ((2, 1), (1, 2)):
        compiled = openvino.Core().compile_model(
            model, "CPU", {"INFERENCE_NUM_THREADS": workers * threads, "NUM_STREAMS": workers, "INFERENCE_PRECISION_HINT": "f32"})
        requests = [compiled.create_infer_request() for _ in range(workers)]
        free = list(requests)

        def call(feed):
            request = free.pop()
            request.infer(feed)
            free.append(request)

        best = max(best, throughput(call, feeds, workers, repeats))
    return best


def ours(validate, folder, steps, repeats):
    command = [validate, "engine", "bench", "--json", "--weights", folder, "--steps", str(steps), "--repeats", str(repeats)]
    command += ["--slices", "48", "--jobs", "2", "--precision", "int8", "--precision", "fp32"]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {r["precision"]: r["slices_per_second"] for r in result["results"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("validate")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--slices", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[], help="rows to leave out, by the first word of their name")
    options = parser.parse_args()
    model, _, _ = load_exported(pathlib.Path(options.weights) / "aphidiff.safetensors")
    module = Slice(model, options.steps).eval()
    random = np.random.default_rng(1)
    inputs = [
        (
            torch.from_numpy(random.normal(-0.5, 0.6, (1, 3, 512, 512)).astype(np.float32)),
            torch.from_numpy(random.normal(-0.2, 0.4, (1, 1, 512, 512)).astype(np.float32)),
        )
        for _ in range(options.slices)
    ]
    folder = tempfile.TemporaryDirectory()
    path = folder.name + "/aphidiff.onnx"
    if not {"ONNX", "OpenVINO"} <= set(options.skip):
        with torch.inference_mode():
            torch.onnx.export(module, inputs[0], path, input_names=["source", "naive"], output_names=["image"], dynamo=False)
    rows = [
        ("PyTorch eager fp32", lambda: torch_peer(module, inputs, options.repeats, False)),
        ("ONNX Runtime fp32", lambda: onnxruntime_peer(path, inputs, options.repeats)),
        ("OpenVINO fp32", lambda: openvino_peer(path, inputs, options.repeats, False)),
        ("OpenVINO int8", lambda: openvino_peer(path, inputs, options.repeats, True)),
        ("compiled PyTorch fp32", lambda: torch_peer(module, inputs, options.repeats, True)),
    ]
    figures: dict[str, float] = {}
    for precision, speed in ours(options.validate, options.weights, options.steps, options.repeats).items():
        figures[f"AP-HiDiff engine {precision}"] = speed
    for name, measure in rows:
        if name.split()[0] in options.skip:
            continue
        try:
            figures[name] = measure()
        except Exception as error:  # a peer that cannot run the network is a result, too
            print(f"{name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    print(f"steps {options.steps}, 512×512, two threads, slices per second")
    for name, speed in figures.items():
        print(f"{name:28s} {speed:7.2f}")


if __name__ == "__main__":
    main()
