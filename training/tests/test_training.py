"""Training and export: every variant runs, a resumed run repeats an uninterrupted one, exported weights come back."""

import io
import json
import struct
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from aphidiff.config import VARIANTS, Config, Stage, load_config
from aphidiff.data import CaseFacts, Crops, expected_magnitude, four_classes, open_cache, read_feed
from aphidiff.export import export, load_exported, parity_input, quantise, state_of, tensors_of
from aphidiff.intensity import decode, encode, mr_reference
from aphidiff.initial import load_initial, totals
from aphidiff.losses import constraint_loss, stored_ssim_loss
from aphidiff.naive import NaiveMap, place_in_body
from aphidiff.quantised import simulate_int8
from aphidiff.readout import fit_readout
from aphidiff.statistics import measure
from aphidiff.train import Run, train
from aphidiff.train import manifest as describe

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of two made-up cases, one for each direction, and two breathing volumes."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "images").mkdir()
    (folder / "breathing").mkdir()
    for index, (source, target) in enumerate(((0, 1), (1, 0))):
        name = f"case-{index}"
        volumes = {s: np.concatenate([parity_input(f"{index}", s)] * 2) for s in (0, 1)}
        facts = CaseFacts(
            name, "training", 1, index, source, target, mr_reference(volumes[1]) if source else 1.0, 0.8, 2.8, 0.0, 0.0, 10.0)
        labels = (np.abs(volumes[0] - 105) < 60).astype(np.uint8)
        for kind, array in (("source", volumes[source]), ("target", volumes[target]), ("labels", labels)):
            np.save(folder / "images" / f"{name}.{kind}.npy", array)
        (folder / "images" / f"{name}.json").write_text(json.dumps(asdict(facts)))
    for index in range(10):
        np.savez(
            folder / "breathing" / f"training-1-{index}-ct-mr.breathing.npz", image=np.random.default_rng(index).normal(size=(8, 8, 8)).astype(np.float16),
            field=np.full((3, 8, 8, 8), 0.3, np.float16), phases=np.array([0, 0.5, 12], np.float32))
    return folder


def small(variant: str) -> Config:
    config = load_config(CONFIGS / f"{variant}.json")
    config.plan = [Stage(1.0, 64, 1, 2)]
    config.constraint_every = 2
    return config


def start(variant: str, cache: Path) -> Run:
    run = Run(small(variant), cache)
    run.use_statistics(measure(open_cache(cache / "images"), 1))
    return run


def advance(run: Run, steps: int) -> dict[str, float]:
    cases = open_cache(run.cache / "images")
    for _ in range(steps):
        losses = run.image_step(Crops(cases, run.naive, run.config.seed + run.step).batch(2, 64), 0.1)
    return losses


def advance_anatomy(run: Run, steps: int) -> dict[str, float]:
    run.anatomy_only = True
    cases = open_cache(run.cache / "images")
    for _ in range(steps):
        found = run.image_step(Crops(cases, None, run.config.seed + run.step, structures=0.5).batch(2, 64), 0.1)
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_trains(variant, cache):
    losses = advance(start(variant, cache), 2)
    assert all(np.isfinite(v) for v in losses.values())


def test_a_resumed_run_repeats_an_uninterrupted_one(cache, tmp_path):
    whole = start("aphidiff", cache)
    advance(whole, 4)
    first = start("aphidiff", cache)
    advance(first, 2)
    first.save(tmp_path / "checkpoint.pt")
    second = Run(small("aphidiff"), cache)
    second.load(tmp_path / "checkpoint.pt")
    advance(second, 2)
    for (name, a), b in zip(whole.model.state_dict().items(), second.model.state_dict().values()):
        assert torch.equal(a, b), name
    assert all(torch.equal(a, second.average[n]) for n, a in whole.average.items())


def test_anatomy_alone_learns_its_labels_and_leaves_the_rest_as_it_is(cache):
    run = start("aphidiff", cache)
    before = {k: v.clone() for k, v in run.model.state_dict().items()}
    first = advance_anatomy(run, 1)
    last = advance_anatomy(run, 40)
    assert last["anatomy_source"] < 0.9 * first["anatomy_source"] and last["anatomy_target"] < 0.9 * first["anatomy_target"]
    for name, value in run.model.state_dict().items():
        assert name.startswith("anatomy.") or torch.equal(value, before[name]), name


def test_the_constraint_judges_but_does_not_teach_the_judge(cache):
    run = start("aphidiff", cache)
    model = run.model.train()
    bands = torch.randn(1, 16, 16, 16, requires_grad=True)
    labels = torch.zeros(1, 64, 64, dtype=torch.long)
    labels[:, 20:40, 20:40] = 3
    constraint_loss(model, bands, None, labels, 1).backward()
    assert bands.grad is not None and bands.grad.abs().sum() > 0
    assert all(p.grad is None and p.requires_grad for p in model.anatomy.parameters())
    assert model.anatomy.fine._seen is None


def test_crops_around_structures_show_them(cache):
    cases = open_cache(cache / "images")
    for case in cases:
        case.labels = np.zeros_like(case.labels)
        case.labels[2, 96:104, 20:28] = 3
        case.labels[4, 60:68, 60:68] = 2
    batch = Crops(cases, None, 5, structures=1.0).batch(12, 64)
    assert all((labels >= 2).any() for labels in batch.labels)
    assert batch.target_near.shape == batch.source.shape and torch.equal(batch.target_near[:, 1:2], batch.target)
    assert not batch.naive.any()


def test_a_run_starts_from_exported_weights_and_counts_their_steps(cache, tmp_path):
    first = start("aphidiff", cache)
    advance(first, 2)
    manifest = {"steps": 2, "seconds": 9, "hardware": "A", "deformation_steps": 3, "ancestors": [{"steps": 5, "seconds": 1, "hardware": "B"}]}
    weights = export(first.model.state_dict(), NaiveMap(torch.rand(NaiveMap().tables.shape)), manifest, tmp_path, None)
    run = Run(small("aphidiff"), cache)
    run.start_from(weights)
    loaded, naive, _ = load_exported(weights)
    for name, value in loaded.state_dict().items():
        if not name.endswith((".hits", ".sums")):
            assert torch.equal(run.model.state_dict()[name], value) and torch.equal(run.average[name], value), name
    assert torch.equal(run.naive.tables, naive.tables) and run.naive.digest() == naive.digest()
    assert [a["steps"] for a in run.ancestors] == [5, 2] and run.deformation_done == 3
    advance(run, 1)
    found = describe(run, 2)
    assert found["steps"] == 1 and found["steps_total"] == 8 and found["seconds_total"] >= 10
    assert [a["hardware"] for a in found["ancestors"]] == ["B", "A"]


def test_initial_weights_with_another_manifest_are_refused(model, tmp_path):
    weights = export(model.state_dict(), NaiveMap(torch.rand(NaiveMap().tables.shape)), {"steps": 0}, tmp_path, None)
    manifest = tmp_path / "aphidiff.json"
    manifest.write_text(manifest.read_text().replace('"weights_sha256": "', '"weights_sha256": "0'))
    with pytest.raises(ValueError, match="SHA-256"):
        load_initial(weights)


def test_the_deformation_head_learns_a_constant_motion(cache):
    run = start("aphidiff", cache)
    run.train_deformation(60, batch=2)
    rows = [r for r in run.history if "held_out_mm" in r]
    assert rows[-1]["held_out_mm"] < 0.7 * rows[0]["held_out_mm"]


def test_exported_weights_come_back_and_outputs_agree(model, cache, tmp_path):
    path = export(model.state_dict(), NaiveMap(torch.rand(NaiveMap().tables.shape)), {"steps": 0}, tmp_path, None)
    assert path.stat().st_size < 45_000_000
    loaded, naive, metadata = load_exported(path)
    again = tensors_of(loaded.state_dict(), naive)
    first, _ = state_of(again)
    for name, value in loaded.state_dict().items():
        if name in first:
            assert torch.allclose(first[name], value, atol=1e-6), name
    assert metadata["parameters_total"] == sum(metadata["parameters"].values())
    convolutions = {n for n, m in model.named_modules() if isinstance(m, torch.nn.Conv2d)}
    assert set(metadata["activation_ranges"]) == convolutions
    manifest = json.loads((tmp_path / "aphidiff.json").read_text())
    assert len(manifest["weights_sha256"]) == 64


def test_a_fitted_readout_leaves_less_error_than_none(cache):
    run = start("aphidiff", cache)
    before, after = fit_readout(run.model, run.naive, cache, batches=3, size=64, count=2, ridge=1.0)
    assert after < before


def test_simulated_int8_stays_near_fp32(model):
    torch.manual_seed(1)
    source, naive = torch.randn(1, 3, 64, 64), torch.randn(1, 1, 64, 64)

    def features() -> torch.Tensor:
        with torch.no_grad():
            return model.condition(source, naive, torch.tensor([0]), torch.tensor([1]), torch.zeros(1, 2)).fused[0]

    exact = features()
    hooks = simulate_int8(model, {n: [-12, 12, -12, 12] for n, m in model.named_modules() if isinstance(m, torch.nn.Conv2d)})
    rounded = features()
    for hook in hooks:
        hook.remove()
    assert not torch.equal(exact, rounded)
    assert (exact - rounded).square().mean() < 0.5 * exact.square().mean()
    assert torch.equal(exact, features())


def test_int8_rounds_within_half_a_step():
    weight = np.random.default_rng(0).normal(size=(8, 3, 3, 5)).astype(np.float32)
    q, scale = quantise(weight)
    assert np.all(np.abs(q * scale[:, None, None, None] - weight) <= scale[:, None, None, None] * 0.5001)


@pytest.mark.parametrize("series", (0, 1, 2))
def test_intensities_are_undone_inside_the_range(series):
    values = torch.linspace(-1000, 3000, 100) if series == 0 else torch.linspace(0, 5000, 100)
    assert torch.allclose(decode(encode(values, series), series), values, atol=0.05)


def test_the_conditional_mean_finds_a_map_of_intensities():
    naive = NaiveMap()
    source = torch.rand(3, 48, 48) * 2 - 1
    naive.learn(source, 0.5 * source[1], 0, 1, 1.0)
    naive.fit(prior=1e-3)
    assert (naive.predict(source, 0, 1, 1.0) - 0.5 * source[1]).abs().mean() < 0.05


def test_the_stages_of_the_conditional_mean_use_place_and_surroundings():
    """Left half and right half of one intensity have different targets: only the place tells them apart."""
    naive = NaiveMap()
    x = torch.full((3, 96, 96), -2.0)
    x[:, 16:80, 16:80] = 0.2 + 0.02 * torch.randn(3, 64, 64)
    y = torch.full((96, 96), -2.0)
    y[16:80, 16:48], y[16:80, 48:80] = 0.5, -0.5
    naive.learn(x, y, 0, 1, 1.0)
    naive.fit(prior=1e-3)
    before = (naive.predict(x, 0, 1, 1.0) - y).abs().mean()
    report = naive.fit_stages({(0, 1): [(x, y, 1.0)]}, prior=1e-2)
    assert [stage for _, stage, _, _ in report] == [0, 1, 2, 3]
    assert (naive.predict(x, 0, 1, 1.0) - y).abs().mean() < 0.5 * before


def test_an_empty_body_still_has_a_place():
    row, column = place_in_body(torch.full((8, 16), -2.0), 0)
    assert row[0, 0] == -3.5 / 2 and column[0, 0] == -7.5 / 4


def test_a_feed_is_read_slice_by_slice():
    head = b"APHFEED1" + struct.pack("<6I", 4, 4, 2, 0, 1, 1)
    record = b"".join(
        struct.pack("<2I6f", 5, k, 0.25, 0.5, 12, 3.2, 8, 3) + np.full(16, k + 1, "<i2").tobytes() * 2 + bytes([6] * 16)
        + np.full(48, 1.5, "<f4").tobytes() + np.full(16, 2.5, "<f4").tobytes()
        for k in range(2))
    cases = list(read_feed(io.BytesIO(head + record + record)))
    assert len(cases) == 2 and len(cases[0]) == 2
    assert cases[0][1].k == 1 and cases[0][1].source[0, 0] == 2 and cases[0][0].displacement.shape == (3, 4, 4)
    assert four_classes(cases[0][0].structures)[0, 0] == 3
    with pytest.raises(ValueError):
        next(read_feed(io.BytesIO(b"APHFEED2" + bytes(24))))


def test_noise_lifts_the_expected_magnitude_of_dark_regions():
    random = np.random.default_rng(0)
    clean = np.zeros((4, 64, 64))
    clean[:, :32] = 300
    truth = np.hypot(clean + random.normal(0, 12, clean.shape), random.normal(0, 12, clean.shape))
    expected = expected_magnitude(clean, truth)
    assert abs(expected[:, 40:].mean() - truth[:, 40:].mean()) < 0.5
    assert abs(expected[:, :20].mean() - truth[:, :20].mean()) < 0.5


def test_a_plan_that_does_not_cover_the_budget_is_refused():
    with pytest.raises(ValueError):
        Config("aphidiff", 1, [Stage(0.5, 128, 1, 2)])
    with pytest.raises(ValueError):
        Config("aphidiff", 1, [Stage(1.0, 100, 1, 2)])


def test_totals_add_up_the_runs_before():
    before = [{"steps": 407, "seconds": 2273, "cpu_seconds": 900}, {"steps": 10, "seconds": 5}]
    assert totals(before, 3, 2.0, 1.4) == {"steps_total": 420, "seconds_total": 2280, "cpu_seconds_total": 901}


def test_whole_steps_leave_blocks_as_they_are_and_a_signal_ends_a_run(cache, tmp_path):
    run = start("aphidiff", cache)
    run.config.still = ["anatomy.", "denoiser.enter.4"]
    before = {k: v.clone() for k, v in run.model.named_parameters()}
    batch = Crops(open_cache(cache / "images"), None, 1).batch(2, 64)
    run.image_step(batch, 0.0)
    moved = {k for k, v in run.model.named_parameters() if not torch.equal(v, before[k])}
    assert "denoiser.out.weight" in moved and not any(k.startswith(("anatomy.", "denoiser.enter.4")) for k in moved)
    run.anatomy_only = True
    run.image_step(batch, 0.0)
    assert not torch.equal(run.model.anatomy.head.a.weight, before["anatomy.head.a.weight"])
    run.stopping = True
    train(run, tmp_path, 1000, 1000, 1)
    assert (tmp_path / "checkpoint.pt").exists() and json.loads((tmp_path / "manifest.json").read_text())["steps"] == 2


def test_stored_ssim_is_that_of_the_intensities():
    image, target = torch.full((2, 1, 16, 16), -1.5), torch.full((2, 1, 16, 16), -1.5)
    assert float(stored_ssim_loss(image, target, torch.tensor([0, 0]))) < 0.02
    other = target.clone()
    other[:, :, ::2] += 1.5
    assert float(stored_ssim_loss(other, target, torch.tensor([0, 0]))) > 0.5
