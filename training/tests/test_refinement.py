"""The refinement: details add up to the plane, nothing happens at the start, weights from before it load, a fit lowers the error."""

import torch

from aphidiff.model import PARAMETER_RANGE, APHiDiff, parameter_table
from aphidiff.naive import PAIRS
from aphidiff.refine import Slice, fit_pair
from aphidiff.refinement import DETAIL_GAIN, FEATURES, LEVELS, REACH, Conditions, Refinement, decomposed


def disc(size: int = 96) -> torch.Tensor:
    """Three slices of a bright disc in air."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    plane = torch.where(x * x + y * y < 0.3, torch.tensor(0.4), torch.tensor(-2.0))
    return plane.expand(3, size, size).clone()


def test_details_and_rest_add_up_to_the_plane():
    x = torch.randn(64, 80, generator=torch.Generator().manual_seed(1))
    parts = decomposed(x)
    assert len(parts) == LEVELS + 1
    torch.testing.assert_close(sum(parts[:-1]) / DETAIL_GAIN + parts[-1], x)
    constant = decomposed(torch.full((64, 80), 0.3))
    assert all(p.abs().max() < 1e-6 for p in constant[:-1])


def test_features_know_the_place_in_the_body():
    c = Conditions(disc(), 0, 0.8)
    features = c.features(torch.zeros(96, 96))
    assert features.shape == (FEATURES, 96, 96)
    assert features[-2].min() < -REACH and not c.inside[0, 0] and c.inside[48, 48]


def test_nothing_changes_before_a_fit():
    image = torch.randn(96, 96)
    assert torch.equal(Refinement()(image, disc(), 0, 1, 0.8), image)


def test_weights_from_before_it_load_and_parameters_stay_in_range():
    model = APHiDiff()
    state = {k: v for k, v in model.state_dict().items() if not k.startswith("refinement.")}
    model.refinement.out.data.fill_(1)
    model.load_state_dict(state)
    assert not model.refinement.out.any()
    assert PARAMETER_RANGE[0] <= sum(n for _, n in parameter_table(model)) <= PARAMETER_RANGE[1]


def test_a_fit_lowers_the_error_of_its_pair_only():
    model = APHiDiff()
    source = disc()
    target = torch.where(source[1] > 0, torch.tensor(0.6), torch.tensor(-1.0))
    image = target + 0.2 * (target > 0)
    whole = (slice(0, 96), slice(0, 96))
    slices = [Slice(source.half(), image.clone(), target, whole, 0.8)]
    pair = PAIRS.index((0, 1))
    fit_pair(model, slices, pair, 30, size=96, batch=1)
    refined = model.refinement(image, source, 0, 1, 0.8).detach()
    inside = source[1] > 0
    assert (refined - target).abs()[inside].mean() < 0.7 * (image - target).abs()[inside].mean()
    assert not model.refinement.out[PAIRS.index((1, 0))].any()
