"""Losses: bands, image, anatomy, anatomical constraint, adversary of the traditional variant."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .intensity import decode
from .model import APHiDiff, Conditions

CLASS_WEIGHTS = (0.5, 1.0, 4.0, 4.0)
# Data range of SSIM by series, as the protocols score it: CT its whole scale, MR about the 0.1 to the 99.9 percentile of a target inside the body.
STORED_RANGE = (4095.0, 600.0, 2400.0)
# Noise of a target as acquired (standard deviation): it adds to the variance that SSIM compares with, the expectation does not show it.
STORED_NOISE = (14.0, 11.0, 11.0)


def gaussian_window(size: int = 11, sigma: float = 1.5) -> torch.Tensor:
    """Normalised taps."""
    x = torch.arange(size, dtype=torch.float64) - size // 2
    w = torch.exp(-x.square() / (2 * sigma * sigma))
    return (w / w.sum()).float()


def _filter(x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Separable, valid positions only; x: B×C×H×W."""
    c = x.shape[1]
    x = F.conv2d(x, taps.view(1, 1, 1, -1).expand(c, 1, 1, -1), groups=c)
    return F.conv2d(x, taps.view(1, 1, -1, 1).expand(c, 1, -1, 1), groups=c)


def ssim_map(
    a: torch.Tensor, b: torch.Tensor, data_range: float | torch.Tensor, noise: float | torch.Tensor = 0.0
) -> torch.Tensor:
    """Structural similarity of B×1×H×W images at every valid window (Gaussian 11×11, σ 1.5, K1 0.01, K2 0.03).

    `noise`: variance that b would have on top, were it not an expectation.
    """
    f = _filter(torch.cat([a, b, a * a, b * b, a * b], 1), gaussian_window().to(a.dtype))
    ma, mb, aa, bb, ab = f.split(1, 1)
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    return ((2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2)) / ((ma * ma + mb * mb + c1) * (aa - ma * ma + bb - mb * mb + noise + c2))


def stored_ssim_loss(image: torch.Tensor, target: torch.Tensor, series: torch.Tensor) -> torch.Tensor:
    """1 − SSIM as a protocol scores it: on stored intensities (HU, MR units) over their range, where bone and air count for what they are.

    image, target: B×1×H×W in the network's domain; series: B.
    """
    pairs = [(decode(x[n : n + 1], int(s)) for x in (image, target)) for n, s in enumerate(series)]
    a, b = (torch.cat(x) for x in zip(*pairs))
    width, noise = (image.new_tensor(v)[series][:, None, None, None] for v in (STORED_RANGE, STORED_NOISE))
    # CT is scored from −1024 on. Both images start at 0 of their range.
    low = image.new_tensor((-1024.0, 0.0, 0.0))[series][:, None, None, None]
    a, b = (x.clamp_min(low) for x in (a, b))
    return 1 - ssim_map(a / width, b / width, 1.0, (noise / width) ** 2).mean()


def band_loss(estimate: torch.Tensor, target: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """Squared error of standardised bands; a band weighs as its standard deviation (B×16), so that fine noise does not drown form."""
    weight = (std / std.mean(1, keepdim=True))[:, :, None, None]
    return (weight * (estimate - target).square()).mean()


def image_loss(
    image: torch.Tensor, target: torch.Tensor, ssim_weight: float, labels: torch.Tensor | None = None, structures: float = 0.0
) -> torch.Tensor:
    """Absolute error plus (1 − SSIM) over a range of 2 (the soft-tissue half of the network's domain).

    On vessels and lesions (labels B×h×w) the absolute error counts 1 + `structures` times.
    """
    error = (image - target).abs()
    if labels is not None and structures:
        error = error * (1 + structures * (labels[:, None] >= 2))
    return error.mean() + ssim_weight * (1 - ssim_map(image, target, 2.0).mean())


def anatomy_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy plus Dice of liver, vessels and lesions; logits B×4×h×w, labels B×2h×2w (every other pixel is used)."""
    labels = labels[:, ::2, ::2]
    entropy = F.cross_entropy(logits, labels, logits.new_tensor(CLASS_WEIGHTS))
    p = logits.softmax(1)[:, 1:]
    g = F.one_hot(labels, logits.shape[1]).permute(0, 3, 1, 2)[:, 1:].to(p.dtype)
    overlap, total = (p * g).sum((0, 2, 3)), (p + g).sum((0, 2, 3))
    present = g.sum((0, 2, 3)) > 0
    dice = 1 - (2 * overlap + 1) / (total + 1)
    return entropy + (dice * present).sum() / present.sum().clamp_min(1)


def soft_skeleton(p: torch.Tensor, iterations: int = 3) -> torch.Tensor:
    """Differentiable skeleton of a probability map by repeated erosion and opening."""

    def erode(x: torch.Tensor) -> torch.Tensor:
        return -F.max_pool2d(-x, 3, 1, 1)

    skeleton = torch.zeros_like(p)
    for _ in range(iterations):
        opened = F.max_pool2d(erode(p), 3, 1, 1)
        ridge = F.relu(p - opened)
        skeleton = skeleton + F.relu(ridge - skeleton * ridge)
        p = erode(p)
    return skeleton


def centre_line_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 − soft clDice of the vessels."""
    p = logits.softmax(1)[:, 2:3]
    g = (labels[:, None, ::2, ::2] == 2).to(p.dtype)
    sp, sg = soft_skeleton(p), soft_skeleton(g)
    precision = ((sp * g).sum() + 1) / (sp.sum() + 1)
    recall = ((sg * p).sum() + 1) / (sg.sum() + 1)
    return 1 - 2 * precision * recall / (precision + recall)


def lesion_edge_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Absolute error of the lesion probability in a band of two pixels around the true edge."""
    g = (labels[:, None, ::2, ::2] == 3).to(logits.dtype)
    edge = F.max_pool2d(g, 5, 1, 2) + F.max_pool2d(-g, 5, 1, 2)
    p = logits.softmax(1)[:, 3:4]
    return ((p - g).abs() * edge).sum() / edge.sum().clamp_min(1)


def constraint_loss(model: APHiDiff, bands: torch.Tensor, conditions: Conditions, labels: torch.Tensor, count: int) -> torch.Tensor:
    """The anatomical constraint: the generated slice, encoded again, must show the true anatomy.

    bands: generated, standardised by the statistics of the target series, as are the bands that the encoder expects of such a source.
    Of the first `count` samples; the neighbours of a slice are taken to be like it. Encoder and head are judges here and do not learn:
    they could otherwise agree with the generator on marks that nobody sees in the image.
    """
    anatomy = model.anatomy
    seen = anatomy.fine._seen, anatomy.coarse._seen
    moving = [p for p in anatomy.parameters() if p.requires_grad]
    anatomy.requires_grad_(False)
    features, _, commitment = anatomy(bands[:count].repeat(1, 3, 1, 1))
    logits = anatomy.head(features[0])
    for parameter in moving:
        parameter.requires_grad_(True)
    anatomy.fine._seen, anatomy.coarse._seen = seen
    truth = labels[:count]
    return segmentation_loss(logits, truth) + 0.1 * commitment


def segmentation_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """All that is asked of the head's maps: classes, centre lines of the vessels, edges of the lesions."""
    return anatomy_loss(logits, labels) + 0.5 * centre_line_loss(logits, labels) + lesion_edge_loss(logits, labels)


def deformation_loss(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Error of the displacement in cells (B×3×D×H×W): absolute, and of its gradient across the motion's smooth part."""
    error = estimate - truth
    smooth = sum((estimate.diff(dim=d) - truth.diff(dim=d)).square().mean() for d in (2, 3, 4))
    return error.abs().mean() + error.square().mean() + 0.5 * smooth


def adversarial_loss(scores: torch.Tensor, real: bool) -> torch.Tensor:
    """Least-squares adversary: scores should be 1 for real, 0 for generated."""
    return (scores - (1.0 if real else 0.0)).square().mean()


