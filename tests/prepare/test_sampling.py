"""Seen sentences and the uniform sample."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from x2static.prepare import seen as seen_module
from x2static.prepare.reservoir import Reservoir
from x2static.prepare.seen import SeenHashes, hash_sentence


@given(st.lists(st.lists(st.integers(0, 40), max_size=20), max_size=20))
def test_each_hash_is_new_once(batches: list[list[int]]) -> None:
    seen, known = SeenHashes(), set[int]()
    for batch in batches:
        is_new = seen.add(np.array(batch, dtype=np.uint64))
        for value, new in zip(batch, is_new.tolist(), strict=True):
            assert new == (value not in known)
            known.add(value)
    assert len(seen) == len(known)


def test_the_set_costs_eight_bytes_a_sentence_and_few_runs(rng: np.random.Generator) -> None:
    seen = SeenHashes()
    for _ in range(200):
        seen.add(rng.integers(0, 2**63, size=500).astype(np.uint64))
    assert seen.nbytes == 8 * len(seen)
    assert len(seen) > 99_900
    assert len(seen._runs) < 20


def test_large_runs_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(seen_module, "_LARGEST_MERGE", 1000)
    seen, values = SeenHashes(), rng.permutation(5000).astype(np.uint64)
    for start in range(0, 5000, 100):
        assert seen.add(values[start : start + 100]).all()
    assert not seen.add(values).any()
    assert max(map(len, seen._runs)) <= 1000


def test_hashes_are_the_same_everywhere() -> None:
    """The number is that of ``printf größer | b2sum -l 64``."""
    assert hash_sentence("größer".encode()).hex() == "1605d72e4ce63bae"


def sample(size: int, stream: int, seed: int, batch: int = 7) -> list[tuple[int, int]]:
    reservoir = Reservoir(size, seed, io.BytesIO())
    texts = [str(number).encode() for number in range(stream)]
    for start in range(0, stream, batch):
        part = texts[start : start + batch]
        reservoir.add(part, np.arange(start, start + len(part)) // 3)
    return [(int(text), group) for text, group in reservoir.items()]


@given(st.integers(1, 50), st.integers(0, 80), st.integers(0, 5), st.integers(1, 90))
def test_sample_has_its_size_and_order_whatever_the_batches(
    size: int, stream: int, seed: int, batch: int
) -> None:
    numbers = [number for number, _ in sample(size, stream, seed, batch)]
    assert len(numbers) == min(size, stream)
    assert numbers == sorted(set(numbers))
    assert sample(size, stream, seed, batch) == sample(size, stream, seed, 7)
    assert all(group == number // 3 for number, group in sample(size, stream, seed, batch))


def test_pruning_on_the_way_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample(20, 3000, seed=4)
    monkeypatch.setattr("x2static.prepare.reservoir._SLACK", 5)
    assert sample(20, 3000, seed=4) == whole


def test_every_item_is_as_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("x2static.prepare.reservoir._SLACK", 4)
    counts = np.zeros(60)
    for seed in range(1500):
        for number, _ in sample(12, 60, seed):
            counts[number] += 1
    # the counts of one draw are tied by their sum: their variance is (1 - 12/60) of a Poisson's
    statistic = ((counts - 300) ** 2 / (300 * (1 - 12 / 60))).sum()
    assert stats.chi2.sf(statistic, df=59) > 0.001
    assert stats.chi2.sf(statistic, df=59) < 0.999
