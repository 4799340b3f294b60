"""What int8 activations cost: the engine's u8 inputs, simulated in the reference."""

from __future__ import annotations

import torch

from .export import KEPT_IN_FP32
from .model import APHiDiff


def simulate_int8(model: APHiDiff, ranges: dict[str, list[float]], keep: tuple[str, ...] = KEPT_IN_FP32) -> list:
    """Rounds the input of every convolution to u8 between min(0, p0.01) and max(0, p99.99); returns the hooks, to be removed.

    Layers whose names begin with one of `keep` see their inputs unrounded.
    """
    hooks = []
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Conv2d) or name.startswith(keep):
            continue
        low, high = min(0.0, ranges[name][2]), max(0.0, ranges[name][3])
        scale = max(high - low, 1e-12) / 255
        zero = round(-low / scale)

        def round_input(_, inputs, scale=scale, zero=zero):
            q = (inputs[0] / scale).round().add(zero).clamp(0, 255)
            return ((q - zero) * scale,)

        hooks.append(module.register_forward_pre_hook(round_input))
    return hooks
