"""The loop against a float64 transcription, its schedule, and going on after a kill."""

from __future__ import annotations

import numpy as np
import pytest

from align.checkpoint import CheckpointFile
from align.vecmap import self_learning
from align.vecmap.alignment import align_matrices
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.induce.induction import PlainInducer, draw_ranks
from align.vecmap.induce.tiled import TiledInducer
from align.vecmap.linear import cross_products, rotation_from
from align.vecmap.pairs import PairRows
from align.vecmap.presets import preset_settings
from align.vecmap.self_learning import Iteration, LearningState, learn
from align.vecmap.unsupervised import profile_pairs, similarity_profiles
from tests.align import oracles
from tests.align.planted import plant, precision
from x2static.core.errors import OutputError


def short(preset, **changes):
    return preset_settings(preset, **{"patience": 4, "keep_initial": 0.25, **changes})


@pytest.mark.parametrize(
    ("preset", "changes"),
    [("semi-supervised", {}), ("acl2017-seed", {"keep_initial": 1.0, "patience": 1})],
)
def test_whole_run_equals_the_transcription(rng, preset, changes):
    world = plant(rng, size=120, width=8)
    settings = short(preset, **changes)
    x, z = (oracles.normalized(m, settings.normalize) for m in (world.source, world.target))
    seeds = PairRows(np.arange(30), world.translation[:30])

    def ranks_of(iteration, keep):
        ranks = draw_ranks(np.random.default_rng([5, 0, iteration]), keep, 120, 120)
        return ranks.forward, ranks.backward

    _, history = oracles.self_learning(
        x, z, seeds, ranks_of=ranks_of, keep=settings.keep_initial,
        multiplier=settings.keep_multiplier, patience=settings.patience,
        threshold=settings.threshold, csls=settings.csls, union=settings.direction == "union",
    )  # fmt: skip
    found = align_matrices(world.source, world.target, settings, seeds, seed=5)
    # The runs agree until float32 turns a near tie; from there they differ by noise only.
    same = min(6, len(history))
    objectives = [turn.objective for turn in found.history]
    np.testing.assert_allclose(objectives[:same], [o for _, o in history[:same]], atol=2e-6)
    assert found.history[-1].keep == history[-1][0] == 1.0
    assert objectives[-1] == pytest.approx(history[-1][1], abs=2e-3)


def test_profiles_equal_the_transcription(rng):
    rows = oracles.normalized(rng.standard_normal((60, 8)))
    settings = preset_settings("unsupervised")
    found = similarity_profiles(rows.astype(np.float32), settings)
    np.testing.assert_allclose(found, oracles.profiles(rows), atol=2e-5)


def test_unsupervised_start_matches_profiles(rng):
    x, z = (oracles.normalized(rng.standard_normal((60, 8))) for _ in range(2))
    settings = preset_settings("unsupervised")
    found = profile_pairs(x.astype(np.float32), z.astype(np.float32), settings)
    ones = [1] * 60
    forward, backward, *_ = oracles.induce(oracles.profiles(x), oracles.profiles(z), 10, ones, ones)
    assert (found.target[:60] == forward).mean() > 0.95
    assert (found.source[60:] == backward).mean() > 0.95
    assert len(found.source) == 120


def test_schedule_by_hand():
    settings = preset_settings("unsupervised", patience=2, keep_initial=0.5)
    state = LearningState(PairRows(np.zeros(0, int), np.zeros(0, int)), 0.5)
    trace = []
    for objective in [0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3]:
        state.advance(settings)
        trace.append(state.keep if not state.is_done else None)
        state.judge(objective, settings)
    # Improved last at 2; iteration 5 is the third without gain; 6 improves again; 9 ends all.
    assert trace == [0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, None]


def test_smoothing_judges_the_running_mean():
    settings = preset_settings("unsupervised", smoothing=0.5, threshold=0.01)
    state = LearningState(PairRows(np.zeros(0, int), np.zeros(0, int)), 0.5)
    for objective in (0.4, 0.6, 0.5):
        state.judge(objective, settings)
    assert state.level == pytest.approx(0.5)
    assert state.improved_at == 2


class StopError(Exception):
    pass


@pytest.mark.parametrize("engine", [PlainInducer, lambda k: TiledInducer(k, 2, "float32")])
@pytest.mark.parametrize("stop_at", [1, 3, 9])
def test_resumed_run_ends_in_the_same_bytes(rng, tmp_path, engine, stop_at):
    world = plant(rng, size=200, width=8)
    settings = short("semi-supervised")
    x, z = (oracles.normalized(m).astype(np.float32) for m in (world.source, world.target))
    first = rotation_from(cross_products(x[:30], z[world.translation[:30]]))

    def run(keeper=None, report=None):
        return learn(x, z, first, settings, engine(10), (3, 0), keeper, report)

    def die(turn: Iteration) -> None:
        if turn.number == stop_at:
            raise StopError

    unbroken = run()
    path = tmp_path / "state"
    with pytest.raises(StopError):
        run(CheckpointFile(path, "key", resume=True, seconds=0), die)
    resumed = run(CheckpointFile(path, "key", resume=True, seconds=0))
    np.testing.assert_array_equal(resumed.pairs.source, unbroken.pairs.source)
    np.testing.assert_array_equal(resumed.pairs.target, unbroken.pairs.target)
    assert [t.objective for t in resumed.history] == [t.objective for t in unbroken.history]


def test_a_checkpoint_stops_whoever_says_nothing_or_has_other_settings(tmp_path):
    path = tmp_path / "state"
    CheckpointFile(path, "one", resume=False).check(overwrite=False)
    CheckpointFile(path, "one", resume=False).save({"a": np.zeros(2)})
    with pytest.raises(OutputError, match="unfinished run is there; resume it with --resume"):
        CheckpointFile(path, "one", resume=False).check(overwrite=False)
    with pytest.raises(OutputError, match="the run there is another one"):
        CheckpointFile(path, "two", resume=True).check(overwrite=False)
    CheckpointFile(path, "two", resume=False).check(overwrite=True)
    CheckpointFile(path, "one", resume=True).check(overwrite=False)


def test_a_checkpoint_of_another_run_is_not_used(tmp_path):
    path = tmp_path / "state"
    CheckpointFile(path, "one", resume=False).save({"a": np.zeros(2)})
    assert CheckpointFile(path, "two", resume=True).load() is None
    assert CheckpointFile(path, "one", resume=False).load() is None
    assert set(CheckpointFile(path, "one", resume=True).load()) == {"a"}
    path.write_bytes(b"broken")
    assert CheckpointFile(path, "one", resume=True).load() is None


@pytest.mark.parametrize("preset", ["supervised", "aaai2018", "emnlp2016", "semi-supervised"])
def test_planted_rotation_is_found_with_pairs(rng, preset):
    world = plant(rng)
    pairs = PairRows(np.arange(200), world.translation[:200])
    settings = short(preset) if preset == "semi-supervised" else preset_settings(preset)
    found = align_matrices(world.source, world.target, settings, pairs)
    mapped = found.source.apply(world.source), found.target.apply(world.target)
    assert precision(*mapped, world.translation) >= 0.99
    assert not found.diagnosis.has_failed


def test_planted_rotation_is_found_without_pairs(rng):
    world = plant(rng, size=1000, width=30, noise=0.15)
    found = align_matrices(
        world.source, world.target, short("unsupervised", patience=6, keep_initial=0.2)
    )
    mapped = found.source.apply(world.source), found.target.apply(world.target)
    assert precision(*mapped, world.translation) >= 0.99


def test_unrelated_languages_are_reported_not_written(rng, monkeypatch):
    x, z = (rng.standard_normal((800, 30)).astype(np.float32) for _ in range(2))
    attempts = []
    monkeypatch.setattr(
        "align.vecmap.alignment.learn",
        lambda *a, **k: attempts.append(a[5]) or self_learning.learn(*a, **k),
    )
    settings = short("unsupervised", patience=2, keep_initial=0.5)
    with pytest.raises(AlignmentError, match="did not converge in 2 attempts"):
        align_matrices(x, z, settings, restarts=1)
    assert attempts == [(0, 0), (0, 1)]
    kept = align_matrices(x, z, settings, restarts=1, accept_failure=True)
    assert kept.diagnosis.has_failed


def test_seed_decides_the_run(rng):
    world = plant(rng, size=150, width=8)
    pairs = PairRows(np.arange(30), world.translation[:30])
    settings = short("semi-supervised")
    one, two, other = (
        align_matrices(world.source, world.target, settings, pairs, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.source.matrix, two.source.matrix)
    assert [t.objective for t in one.history] != [t.objective for t in other.history]


def test_widths_must_agree(rng):
    x, z = rng.standard_normal((30, 4)), rng.standard_normal((30, 5))
    with pytest.raises(AlignmentError, match="width 4, target vectors 5"):
        align_matrices(
            x.astype(np.float32),
            z.astype(np.float32),
            preset_settings("supervised"),
            PairRows(np.arange(9), np.arange(9)),
        )


def test_pairs_must_exist(rng):
    x = rng.standard_normal((30, 4)).astype(np.float32)
    settings = preset_settings("supervised")
    with pytest.raises(AlignmentError, match="no pairs"):
        align_matrices(x, x, settings, PairRows(np.zeros(0, int), np.zeros(0, int)))
    with pytest.raises(AlignmentError, match="target row 30"):
        align_matrices(x, x, settings, PairRows(np.arange(5), np.arange(26, 31)))
