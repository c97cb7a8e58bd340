"""What each preset of the command brings: its formulas, or more than a rotation from its pairs."""

from __future__ import annotations

import numpy as np
import pytest

from align.methods.rcsls import rcsls_maps
from tests.align import oracles
from tests.align.planted import precision
from x2static.core.vector_file import read_vectors

QUICK = {"patience": 4, "keep_initial": 0.4}
STEPS = {"emnlp2016": ("unit", "center"), "aaai2018": ("unit", "center")}


@pytest.fixture
def noisy_world(make_world):
    """A rotation from 16 pairs, or from 20 words spelled alike, finds about four words of five."""
    return make_world(noise=0.6, same_every=20)


def written(tmp_path):
    return [read_vectors(tmp_path / name).matrix for name in ("out.de", "out.en")]


@pytest.mark.parametrize("preset", ["emnlp2016", "aaai2018", "supervised"])
def test_maps_without_learning_on_are_those_of_the_formulas(
    noisy_world, run_cli, flags, tmp_path, preset
):
    code, out, err = run_cli("align", *flags(preset=preset, lexicon=tmp_path / "train.txt"))
    assert code == 0, err
    assert "mutual-neighbour rate" in out
    steps = STEPS.get(preset, ("unit", "center", "unit"))
    x, z = (oracles.normalized(m, steps) for m in (noisy_world.source, noisy_world.target))
    pairs = x[:200], z[noisy_world.translation[:200]]
    if preset == "emnlp2016":
        expected = x @ oracles.rotation(*pairs), z
    else:
        expected = oracles.multistep(
            *pairs, x, z, *((0, 1) if preset == "aaai2018" else (0.5, 0.5))
        )
    source, target = written(tmp_path)
    np.testing.assert_allclose(source @ target.T, expected[0] @ expected[1].T, atol=1e-4)


def test_rcsls_takes_the_published_steps_from_the_rotation(noisy_world, run_cli, flags, tmp_path):
    given = flags(preset="rcsls", lexicon=tmp_path / "train.txt")
    assert run_cli("align", *given)[0] == 0
    x, z = (
        oracles.normalized(m).astype(np.float32) for m in (noisy_world.source, noisy_world.target)
    )
    pairs = x[:200], z[noisy_world.translation[:200]]
    maps = rcsls_maps(*pairs, x, z, neighbors=10, step=1.0, iterations=10)
    source, target = written(tmp_path)
    np.testing.assert_allclose(source @ target.T, x @ maps.source @ z.T, atol=1e-3)
    assert not np.allclose(maps.source, oracles.rotation(*map(np.float64, pairs)), atol=0.01)


@pytest.mark.parametrize(
    ("preset", "more"),
    [
        ("bootstrap", {}),
        ("tuned", {}),
        ("semi-supervised", QUICK),
        ("semi-bootstrap", QUICK),
        ("acl2017-seed", {}),
        ("identical", QUICK),
        ("acl2017", {}),
    ],
)
def test_presets_that_learn_on_beat_the_rotation_from_their_pairs(
    noisy_world, run_cli, flags, tmp_path, preset, more
):
    is_alike = preset in ("identical", "acl2017")
    given = {} if is_alike else {"lexicon": tmp_path / "few.txt"}
    code, _, err = run_cli("align", *flags(preset=preset, **given, **more))
    assert (code, err.count("error")) == (0, 0), err
    assert not list(tmp_path.glob("*checkpoint*"))
    rows = np.arange(0, 400, 20) if is_alike else np.arange(16)
    x, z = (oracles.normalized(m) for m in (noisy_world.source, noisy_world.target))
    rotation = oracles.rotation(x[rows], z[noisy_world.translation[rows]])
    plain = precision(x @ rotation, z, noisy_world.translation)
    assert precision(*written(tmp_path), noisy_world.translation) >= plain + 0.03
