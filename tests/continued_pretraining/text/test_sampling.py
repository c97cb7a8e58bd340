"""The stream of items: every one once per epoch, shares by temperature, held-out ones never."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from continued_pretraining.text.sampling import Sampler, apportion
from continued_pretraining.text.shuffle import shuffled


@given(size=st.integers(1, 3000), key=st.lists(st.integers(0, 9), min_size=1, max_size=3))
def test_shuffle_is_a_permutation(size, key):
    found = shuffled(np.arange(size), size, key)
    assert sorted(found.tolist()) == list(range(size))


def test_shuffle_gives_single_places_and_depends_on_its_key():
    whole = shuffled(np.arange(1000), 1000, (1, 2))
    assert shuffled(np.array([7, 999]), 1000, (1, 2)).tolist() == whole[[7, 999]].tolist()
    assert (shuffled(np.arange(1000), 1000, (1, 3)) != whole).mean() > 0.9


def test_shuffle_looks_random():
    found = shuffled(np.arange(10_000), 10_000, (0,))
    assert abs(np.corrcoef(np.arange(10_000), found)[0, 1]) < 0.03
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.03


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    batch=st.integers(1, 17),
    held_back=st.integers(0, 8),
)
def test_one_epoch_visits_each_item_once(sizes, batch, held_back):
    sampler = Sampler(sizes, 1.0, 3, held_back)
    held = sampler.held_back()
    seen: list[tuple[int, int]] = [*zip(held.languages.tolist(), held.items.tolist(), strict=True)]
    steps = -(-sampler.epoch_size // batch)
    for step in range(steps):
        draw = sampler.draw(step * batch, batch)
        seen += zip(draw.languages.tolist(), draw.items.tolist(), strict=True)
    seen = seen[: len(held) + sampler.epoch_size]
    every = [(language, item) for language, size in enumerate(sizes) for item in range(size)]
    assert sorted(seen) == every


@pytest.mark.parametrize("temperature", [1.0, 2.0, 1e9])
def test_shares_follow_the_temperature(temperature):
    sampler = Sampler([1000, 10], temperature, 0)
    draw = sampler.draw(0, sampler.epoch_size)
    expected = 10 ** (1 / temperature) / (1000 ** (1 / temperature) + 10 ** (1 / temperature))
    assert (draw.languages == 1).mean() == pytest.approx(expected, abs=2e-3)
    small = draw.items[draw.languages == 1]
    counts = np.bincount(small, minlength=10)
    assert counts.max() - counts.min() <= 1 + (len(small) % 10 > 0)  # passes, not chance


def test_epochs_differ_in_order_not_in_content():
    sampler = Sampler([40, 20], 1.0, 0)
    first, second = sampler.draw(0, 60), sampler.draw(60, 60)
    assert (first.items != second.items).any()
    for language in (0, 1):
        left = sorted(first.items[first.languages == language])
        assert left == sorted(second.items[second.languages == language])


def test_quotas_add_up():
    sizes = np.array([7, 11, 400, 3])
    assert apportion(sizes, 1.0).tolist() == sizes.tolist()
    assert apportion(sizes, 3.3).sum() == sizes.sum()
