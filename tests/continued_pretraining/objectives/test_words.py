"""Which words are aligned, how often, and what they are compared with to know chance."""

from __future__ import annotations

import numpy as np
import pytest

from continued_pretraining.objectives.word_alignment.junk import is_junk
from continued_pretraining.objectives.word_alignment.partners import partners
from continued_pretraining.objectives.word_alignment.word_sampler import FrequencySampler


@pytest.mark.parametrize(
    "word",
    [",", "...", "1984", "3.5", "20%", "a", "É", "</s>", "<unk>", "[MASK]", "-", "€", "&amp;"],
)
def test_rows_that_are_no_words(word):
    assert is_junk(word, {"[MASK]"})


@pytest.mark.parametrize(
    "word", ["an", "straße", "水", "в", "x-ray", "covid-19", "don't", "हाँ", "ok."]
)
def test_words(word):
    assert not is_junk(word, {"[MASK]"})


def test_frequent_words_come_more_often_by_the_root_of_their_frequency():
    sampler = FrequencySampler([1000], 1.0, 5)
    counts = np.bincount(sampler.draw(0, 400_000).items, minlength=1000)
    assert counts.min() > 0
    for first, end in ((0, 10), (10, 100), (100, 1000)):
        expected = 400_000 * (np.sqrt(end / 1000) - np.sqrt(first / 1000))
        assert counts[first:end].sum() == pytest.approx(expected, rel=0.03)


def test_words_held_back_are_never_drawn_and_all_others_are():
    sampler = FrequencySampler([300, 120], 1.0, 5, held_back=40)
    held = sampler.held_back()
    drawn = sampler.draw(0, 20_000)
    seen = set(zip(drawn.languages.tolist(), drawn.items.tolist(), strict=True))
    kept = set(zip(held.languages.tolist(), held.items.tolist(), strict=True))
    every = {(0, n) for n in range(300)} | {(1, n) for n in range(120)}
    assert len(kept) == 32
    assert seen == every - kept


def test_the_stream_is_a_function_of_the_place():
    sampler = FrequencySampler([300, 120], 2.0, 5, held_back=40)
    whole, part = sampler.draw(0, 1000), FrequencySampler([300, 120], 2.0, 5, 40).draw(600, 50)
    assert whole.items[600:650].tolist() == part.items.tolist()
    assert whole.languages[600:650].tolist() == part.languages.tolist()


@pytest.mark.parametrize("size", [2, 3, 16, 17, 18, 49, 1000])
def test_partners_are_other_words_about_as_frequent(size):
    ranks = np.arange(size)
    found = partners(ranks, size, 3)
    assert sorted(found.tolist()) == ranks.tolist()
    assert (found != ranks).all()
    assert (np.abs(np.log2((found + 32) / (ranks + 32))) <= 1.6).all()
    assert partners(ranks[5:9], size, 3).tolist() == found[5:9].tolist()


def test_an_only_word_is_its_own_partner():
    assert partners(np.array([0]), 1, 3).tolist() == [0]
