from __future__ import annotations

import numpy as np
import pytest

from align.compiled import plain, top


@pytest.fixture
def matrix(rng):
    values = rng.normal(size=(40, 130)).astype(np.float32)
    return np.round(values, 1)  # with ties


@pytest.mark.parametrize("count", [1, 3, 10, 130])
def test_plain_and_compiled_tops_are_the_same_to_the_bit(matrix, count):
    found = [np.empty((2, len(matrix)), np.float32) for _ in range(2)]
    for module, (best, means) in zip((plain, top), found, strict=True):
        module.top_of_rows(matrix, count, best, means)
    np.testing.assert_array_equal(*found)


def test_plain_and_compiled_ranks_are_the_same(matrix, rng):
    penalty = np.round(rng.normal(size=130).astype(np.float32), 1)
    ranks = rng.integers(1, 9, len(matrix))
    found = [np.empty(len(matrix), np.int64) for _ in range(2)]
    for module, chosen in zip((plain, top), found, strict=True):
        module.ranked_of_rows(matrix, penalty, ranks, chosen)
    np.testing.assert_array_equal(*found)
    order = np.argsort(-(matrix - penalty), axis=1, kind="stable")
    np.testing.assert_array_equal(found[0], order[np.arange(len(matrix)), ranks - 1])


def test_plain_and_compiled_scores_of_ranks_are_the_same(matrix, rng):
    penalty = np.round(rng.normal(size=130).astype(np.float32), 1)
    ranks = np.array([1, 2, 30], np.int64)
    found = [np.empty((3, len(matrix)), np.float32) for _ in range(2)]
    for module, scores in zip((plain, top), found, strict=True):
        module.score_of_ranks(matrix, penalty, ranks, scores)
    np.testing.assert_array_equal(*found)
