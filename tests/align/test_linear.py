"""Maps against the oracle and their invariants."""

from __future__ import annotations

import numpy as np
import pytest

from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.linear import multistep_maps, orthogonal_maps, unconstrained_maps
from align.vecmap.presets import preset_settings
from tests.align import oracles


@pytest.fixture
def pairs(rng):
    x = oracles.normalized(rng.standard_normal((80, 6))).astype(np.float32)
    z = oracles.normalized(x @ rng.standard_normal((6, 6)) + 0.1 * rng.standard_normal((80, 6)))
    return x, z.astype(np.float32)


def test_rotation_is_orthogonal_and_equals_the_oracle(pairs):
    maps = orthogonal_maps(*pairs)
    np.testing.assert_allclose(maps.source.T @ maps.source, np.eye(6), atol=1e-10)
    np.testing.assert_allclose(maps.source, oracles.rotation(*map(np.float64, pairs)), atol=1e-5)
    np.testing.assert_array_equal(maps.target, np.eye(6))


def test_order_of_pairs_does_not_matter(pairs, rng):
    order = rng.permutation(80)
    here, there = orthogonal_maps(*pairs), orthogonal_maps(*(m[order] for m in pairs))
    np.testing.assert_allclose(here.source, there.source, atol=1e-5)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0)])
def test_one_matrix_does_what_the_steps_do(pairs, a, b):
    x, z = pairs
    settings = preset_settings("supervised", source_reweight=a, target_reweight=b)
    maps = multistep_maps(x, z, settings)
    expected = oracles.multistep(*map(np.float64, (x, z, x, z)), a, b)
    # The singular vectors' signs are free: inner products across the languages are not.
    np.testing.assert_allclose(
        (x @ maps.source) @ (z @ maps.target).T, expected[0] @ expected[1].T, atol=1e-6
    )


def test_dewhitening_can_be_left_out(pairs):
    x, z = pairs
    settings = preset_settings("supervised", source_dewhiten="none", target_dewhiten="none")
    maps = multistep_maps(x, z, settings)
    expected = oracles.multistep(*map(np.float64, (x, z, x, z)), 0.5, 0.5, dewhiten=False)
    np.testing.assert_allclose(
        (x @ maps.source) @ (z @ maps.target).T, expected[0] @ expected[1].T, atol=1e-6
    )


def test_fewer_dimensions_are_the_first_ones(pairs):
    whole = multistep_maps(*pairs, preset_settings("supervised"))
    cut = multistep_maps(*pairs, preset_settings("supervised", dimensions=4))
    np.testing.assert_array_equal(cut.source, whole.source[:, :4])
    np.testing.assert_array_equal(cut.target, whole.target[:, :4])


def test_least_squares_equals_numpy(pairs):
    found = unconstrained_maps(*pairs)
    expected = np.linalg.lstsq(*map(np.float64, pairs), rcond=None)[0]
    np.testing.assert_allclose(found.source, expected, atol=1e-6)


def test_too_few_pairs_are_refused(pairs):
    with pytest.raises(AlignmentError, match="5 pairs cannot fix a map of 6 dimensions"):
        multistep_maps(*(m[:5] for m in pairs), preset_settings("supervised"))


def test_a_steep_spectrum_is_taken_and_rounding_is_no_dimension(rng):
    # Real vectors' pairs: the least direction 6e-3 of the mean, the largest far above it.
    spread = np.geomspace(30, 6e-3, 12)
    x, z = (rng.standard_normal((80, 12)) * spread for _ in range(2))
    steep = [rows.astype(np.float32) for rows in (x, z)]
    multistep_maps(*steep, preset_settings("supervised"))
    flat = rng.standard_normal((80, 3)) @ rng.standard_normal((3, 12))
    for digits in (5, 6, 8):
        rounded = np.array([[float(f"{v:.{digits}g}") for v in row] for row in flat], np.float32)
        for learn in (
            lambda rows: multistep_maps(rows, steep[1], preset_settings("supervised")),
            lambda rows: unconstrained_maps(rows, steep[1]),
        ):
            with pytest.raises(AlignmentError, match="source words .* span only 3 of 12"):
                learn(rounded)


def test_words_without_all_dimensions_are_refused(pairs):
    x, z = pairs
    flat = x.copy()
    flat[:, 0] = 0
    with pytest.raises(AlignmentError, match="source words of the pairs span only 5 of 6"):
        multistep_maps(flat, z, preset_settings("supervised"))
