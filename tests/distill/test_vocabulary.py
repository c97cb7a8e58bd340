"""Vocabulary, sub-sampling and negatives against counting and chi-square."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from x2static.core.errors import CorpusError
from x2static.distill.readings.vocabulary import (
    NegativeSampler,
    choose_min_count,
    keep_probability,
    select_vocabulary,
)


def test_words_stand_by_falling_count_and_first_appearance():
    words, counts = ["b", "a", "c", "d"], np.array([2, 5, 2, 1])
    vocabulary = select_vocabulary(words, counts, min_count=2, max_size=10)
    assert vocabulary.words == ["a", "b", "c"]
    assert vocabulary.counts.tolist() == [5, 2, 2]
    assert vocabulary.rows.tolist() == [1, 0, 2, -1]


def test_the_most_frequent_words_fill_the_limit():
    vocabulary = select_vocabulary(["x", "y", "z"], np.array([1, 3, 2]), 1, 2)
    assert vocabulary.words == ["y", "z"]
    assert vocabulary.rows.tolist() == [-1, 0, 1]


def test_folding_adds_up_the_spellings_of_a_word():
    words, counts = ["The", "cat", "the", "Cat", "dog"], np.array([2, 3, 9, 1, 1])
    vocabulary = select_vocabulary(words, counts, 2, 10, fold=str.lower)
    assert vocabulary.words == ["the", "cat"]
    assert vocabulary.counts.tolist() == [11, 4]
    assert vocabulary.rows.tolist() == [0, 1, 0, 1, -1]


def test_no_word_above_the_least_count_says_what_to_do():
    with pytest.raises(CorpusError, match="no word occurs 4 times in 3 tokens; lower --min-count"):
        select_vocabulary(["a", "b"], np.array([2, 1]), 4, 10)


@pytest.mark.parametrize(
    ("tokens", "least"), [(2_000_000, 10), (1_000_000, 10), (300_000, 5), (50_000, 3), (10, 2)]
)
def test_small_corpora_keep_rarer_words(tokens, least):
    assert choose_min_count(tokens) == least


def test_keep_probability_follows_the_formula_by_hand():
    # f = 0.9 and 0.1, t = 0.01: sqrt(1/90) + 1/90 = 0.11652, sqrt(0.1) + 0.1 = 0.41623
    kept = keep_probability(np.array([90, 10]), 0.01)
    assert kept == pytest.approx([0.116520, 0.416228], abs=1e-6)
    assert keep_probability(np.array([1, 1]), 0.9).tolist() == [1, 1]
    assert keep_probability(np.array([90, 10]), 0).tolist() == [1, 1]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_negatives_follow_count_to_the_power(power, rng):
    counts = np.array([1000, 300, 300, 50, 7, 1])
    drawn = NegativeSampler(counts, power).draw((200_000,), rng)
    share = counts**power / (counts**power).sum()
    observed = np.bincount(drawn, minlength=len(counts))
    assert stats.chisquare(observed, share * 200_000).pvalue > 0.001


def test_a_wrong_power_would_be_noticed(rng):
    counts = np.array([1000, 300, 300, 50, 7, 1])
    observed = np.bincount(NegativeSampler(counts, 0.75).draw((200_000,), rng), minlength=6)
    share = counts**0.5 / (counts**0.5).sum()
    assert stats.chisquare(observed, share * 200_000).pvalue < 1e-6
