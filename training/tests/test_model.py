"""The model: shapes, counts, and what must hold exactly."""

import torch

from aphidiff.bands import pack, unpack
from aphidiff.deformation import DeformationHead, cells_of, sample_volume, warp_cells
from aphidiff.layers import Quantiser
from aphidiff.model import PARAMETER_RANGE, by_band, clocks, parameter_table
from aphidiff.noise import noise_bands


def conditions(model, size=64):
    source = torch.randn(2, 3, size, size)
    naive = torch.randn(2, 1, size, size)
    return model.condition(source, naive, torch.tensor([0, 1]), torch.tensor([1, 0]), torch.zeros(2, 2))


def test_parameters_are_counted_by_block_and_lie_in_the_agreed_range(model):
    total = sum(n for _, n in parameter_table(model))
    parameters = sum(p.numel() for p in model.parameters())
    codebooks = sum(q.codebook.numel() for q in model.modules() if isinstance(q, Quantiser))
    assert total == parameters + codebooks
    assert PARAMETER_RANGE[0] <= total <= PARAMETER_RANGE[1]


def test_haar_pyramid_is_orthonormal_and_undone(model):
    image = torch.randn(2, 1, 64, 96)
    bands = pack(image)
    assert bands.shape == (2, 16, 16, 24)
    assert torch.allclose(unpack(bands), image, atol=1e-6)
    assert torch.allclose(bands.square().sum(), image.square().sum(), rtol=1e-5)


def test_an_untrained_network_returns_the_conditional_mean_image(model):
    with torch.no_grad():
        c = conditions(model)
        for steps in (1, 2, 4):
            assert torch.allclose(model.sample(c, steps), c.naive, atol=1e-5)


def test_shapes_of_every_level(model):
    with torch.no_grad():
        c = conditions(model)
        head = model.anatomy.head(c.features[0])
    assert [tuple(f.shape[1:]) for f in c.fused] == [(32, 16, 16), (96, 8, 8), (192, 4, 4), (320, 2, 2), (640, 1, 1)]
    assert head.shape == (2, 4, 32, 32)
    assert c.codes[0].shape == (2, 16, 16) and c.codes[1].shape == (2, 4, 4)


def test_coarse_scales_clear_first():
    tau = clocks(torch.tensor([0.5]))[0]
    assert tau[0] < tau[1] < tau[2]
    level = by_band(clocks(torch.tensor([0.5])))[0, :, 0, 0]
    assert level[0] == tau[0] and level[3] == tau[1] and level[4] == tau[2] and level.shape == (16,)


def breathing():
    torch.manual_seed(3)
    head = DeformationHead()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(2)
        head.bases.weight.normal_(std=0.1)
    return head, torch.randn(1, 1, 10, 12, 9), torch.tensor([20.0])


def test_same_phase_is_exactly_the_identity():
    head, image, amplitude = breathing()
    phase = torch.tensor([0.37])
    assert torch.equal(head(image, phase, phase, amplitude), torch.zeros(1, 3, 10, 12, 9))


def test_exchanged_phases_change_the_sign_and_undo_the_motion():
    head, image, amplitude = breathing()
    a, b = torch.tensor([0.1]), torch.tensor([0.5])
    with torch.no_grad():
        assert torch.equal(head.velocity(image, a, b, amplitude), -head.velocity(image, b, a, amplitude))
        smooth = torch.zeros(1, 3, 10, 12, 9)
        smooth[:, 0] = torch.sin(torch.arange(12) / 4)[None, None, :, None] * 0.5
        from aphidiff.deformation import exponential

        there, back = exponential(smooth), exponential(-smooth)
        residual = (there + warp_cells(back, there))[:, :, 2:-2, 2:-2, 2:-2]
    assert there.abs().max() > 0.3
    assert residual.abs().max() < 0.02


def test_a_known_shift_moves_a_volume_by_whole_voxels():
    volume = torch.randn(8, 16, 16)
    spacing = (4.0, 2.0, 2.0)
    displacement = torch.zeros(3, *cells_of(volume, spacing).shape)
    displacement[0] = 0.5  # cells of 8 mm: one slice of 4 mm
    moved = sample_volume(volume, displacement, spacing)
    assert torch.allclose(moved[:-1], volume[1:], atol=1e-5)


def test_cells_hold_means_and_thick_slices_fill_gaps():
    volume = torch.arange(16.0).view(4, 2, 2)
    cells = cells_of(volume, (10.0, 4.0, 4.0))
    assert cells.shape == (5, 1, 1)
    assert torch.allclose(cells[:, 0, 0], volume.mean((1, 2))[[0, 1, 2, 2, 3]])


def test_quantiser_passes_gradients_straight_through_and_restarts_dead_codes():
    torch.manual_seed(0)
    quantiser = Quantiser(32, 4).train()
    z = (torch.randn(2, 4, 8, 8) * 0.01 + torch.tensor([1.0, 0, 0, 0]).view(1, 4, 1, 1)).requires_grad_()
    out, codes, loss = quantiser(z)
    assert torch.allclose(out.square().sum(1), torch.full((2, 8, 8), 4.0), atol=0.05)
    (out.sum() + loss).backward()
    assert z.grad is not None and z.grad.abs().sum() > 0
    before = len(codes.unique())
    for _ in range(300):
        quantiser(z)
        quantiser.update()
    assert len(quantiser(z)[1].unique()) > before


def test_noise_is_normal_and_depends_on_the_seed_alone():
    a, b, c = noise_bands(5, 32, 32), noise_bands(5, 32, 32), noise_bands(6, 32, 32)
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert abs(float(a.mean())) < 0.02 and abs(float(a.std()) - 1) < 0.02
    assert torch.allclose(noise_bands(5, 16, 16).flatten()[:256], a.flatten()[:256])
