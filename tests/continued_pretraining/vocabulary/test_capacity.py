"""Room for each language in one vocabulary."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from continued_pretraining.vocabulary.capacity import allocate
from continued_pretraining.vocabulary.curve import LikelihoodCurve
from x2static.core.errors import ConfigError


def curve(name: str, alp: list[float], sizes: list[int] | None = None) -> LikelihoodCurve:
    """A curve whose pieces no other language has."""
    sizes = sizes or list(range(1, len(alp) + 1))
    return LikelihoodCurve([f"{name}{number}" for number in range(sizes[-1])], sizes, alp)


@pytest.mark.parametrize("seed", range(8))
def test_no_other_division_of_the_room_gains_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curves = {
        name: curve(name, np.cumsum(-np.sort(-rng.random(6))).tolist()) for name in ("x", "y", "z")
    }
    weights = {name: float(rng.random()) for name in curves}
    for room in (3, 7, 12, 18):
        taken = allocate(curves, weights, room)

        def worth(sizes: tuple[int, ...]) -> float:
            return sum(
                weights[name] * curves[name].alp[size - 1]
                for name, size in zip(curves, sizes, strict=True)
            )

        every = itertools.product(range(1, 7), repeat=3)
        best = max(worth(sizes) for sizes in every if sum(sizes) == room)
        assert worth(tuple(taken.sizes.values())) == pytest.approx(best)
        assert len(taken.pieces) == room


def test_a_piece_that_two_languages_share_takes_room_once() -> None:
    one = LikelihoodCurve(["a", "the", "dog"], [1, 3], [-5.0, -1.0])
    other = LikelihoodCurve(["a", "the", "hund"], [1, 3], [-5.0, -1.0])
    taken = allocate({"en": one, "de": other}, {"en": 1.0, "de": 1.0}, 4)
    assert sorted(taken.pieces) == ["a", "dog", "hund", "the"]
    assert taken.saturated == ["en", "de"]


def test_a_language_without_more_pieces_leaves_its_room_to_others() -> None:
    curves = {"small": curve("s", [-9.0, -1.0]), "large": curve("l", [-9.0, -8.9, -8.8, -8.7])}
    taken = allocate(curves, {"small": 1.0, "large": 1.0}, 5)
    assert taken.sizes == {"small": 2, "large": 3}
    assert taken.saturated == ["small"]


def test_a_heavier_language_gets_more() -> None:
    curves = {name: curve(name, [-9.0, -5.0, -3.0, -2.0, -1.5]) for name in ("x", "y")}
    taken = allocate(curves, {"x": 10.0, "y": 1.0}, 6)
    assert taken.sizes == {"x": 5, "y": 1}


def test_too_little_and_too_much_room_are_said() -> None:
    curves = {"x": curve("x", [-9.0, -5.0], [4, 6]), "y": curve("y", [-9.0, -5.0], [4, 6])}
    with pytest.raises(ConfigError, match="letters of 2 languages alone are 8 pieces"):
        allocate(curves, {"x": 1.0, "y": 1.0}, 7)
    with pytest.raises(ConfigError, match="no more than 12 pieces"):
        allocate(curves, {"x": 1.0, "y": 1.0}, 13)
