"""How well more and more pieces describe a text."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from continued_pretraining.vocabulary.curve import (
    LikelihoodCurve,
    best_cut,
    concave_hull,
    learn_curve,
    prune,
    seeds,
)
from continued_pretraining.vocabulary.sample import Words, without
from continued_pretraining.vocabulary.unigram_counts import (
    average_log_probability,
    count_pieces,
    log_shares,
)

WORDS = ["sing", "singing", "ring", "bringing"]
LINES = [" ".join(words) for words in itertools.permutations(WORDS)]


def cuts(text: str) -> list[list[str]]:
    """Every way to cut a text into parts."""
    if not text:
        return [[]]
    return [[text[:n], *rest] for n in range(1, len(text) + 1) for rest in cuts(text[n:])]


def some_scores(rng: np.random.Generator, letters: str) -> dict[str, float]:
    parts = ["".join(p) for n in (1, 2, 3) for p in itertools.product(letters, repeat=n)]
    kept = [part for part in parts if len(part) == 1 or rng.random() < 0.4]
    return {part: -float(rng.exponential(3)) - 0.1 for part in kept}


@pytest.mark.parametrize("seed", range(5))
def test_the_best_cut_of_a_piece_is_the_best_of_all_cuts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = some_scores(rng, "ab")
    for piece in (part for part in scores if len(part) > 1):
        wanted = max(
            sum(scores[part] for part in cut)
            for cut in cuts(piece)
            if len(cut) > 1 and all(part in scores for part in cut)
        )
        assert best_cut(piece, scores) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_pieces_are_counted_in_the_likeliest_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = some_scores(rng, "ab")
    texts = ["".join(rng.choice(list("ab"), 7)) for _ in range(6)]
    texts = sorted(set(texts))
    words = Words(texts, list(range(1, len(texts) + 1)), 3)
    wanted: Counter[str] = Counter()
    for text, count in zip(words.texts, words.counts, strict=True):
        possible = [cut for cut in cuts(text) if all(part in scores for part in cut)]
        best = max(possible, key=lambda cut: sum(scores[part] for part in cut))
        for part in best:
            wanted[part] += count
    assert {piece: n for piece, n in count_pieces(scores, words).items() if n} == dict(wanted)


def test_average_log_probability_by_hand() -> None:
    counts = {"a": 3, "b": 1, "c": 0}
    wanted = (3 * math.log(3 / 4) + math.log(1 / 4)) / 2
    assert average_log_probability(counts, 2) == pytest.approx(wanted)


def test_log_shares_are_shares_where_every_piece_is_used() -> None:
    shares = log_shares({"a": 3, "b": 1})
    assert {piece: math.exp(score) for piece, score in shares.items()} == pytest.approx(
        {"a": 0.75, "b": 0.25}
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_hull_lies_above_all_points_and_flattens(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = np.cumsum(rng.integers(1, 9, 12)).tolist()
    values = np.cumsum(rng.normal(size=12)).tolist()
    hull = concave_hull(sizes, values)
    at = np.interp(sizes, [sizes[i] for i in hull], [values[i] for i in hull])
    assert (at >= np.asarray(values) - 1e-9).all()
    slopes = np.diff([values[i] for i in hull]) / np.diff([sizes[i] for i in hull])
    assert (np.diff(slopes) < 1e-9).all()
    assert (hull[0], hull[-1]) == (0, 11)


def test_gains_add_up_to_what_the_whole_curve_gains() -> None:
    curve = LikelihoodCurve(list("abcdefgh"), [2, 4, 8], [-10.0, -6.0, -4.0])
    assert curve.gains().tolist() == [2.0, 2.0, 0.5, 0.5, 0.5, 0.5]


def test_a_larger_vocabulary_begins_with_the_smaller_and_describes_better() -> None:
    curve = learn_curve("en", LINES, 1000, 1.0, lowercase=False)
    assert len(set(curve.pieces)) == len(curve.pieces) == curve.sizes[-1]
    letters = set("▁singbr")
    assert letters <= set(curve.pieces[: len(letters)])
    words = Words(["singing", "ringing", "bringing"], [9, 9, 9], 9)
    pruned = prune([*"singbr", "ing", "sing", "br"], list("singbr"), words, 99)
    assert pruned.pieces[:6] == list("singbr")
    assert pruned.pieces.index("ing") < pruned.pieces.index("br")


def test_pruning_takes_the_least_needed_pieces_first() -> None:
    rng = np.random.default_rng(1)
    stems = ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(120)]
    words = Words(list(dict.fromkeys(stems)), list(range(1, len(set(stems)) + 1)), 10)
    letters = list("abcdefgh")
    curve = prune([*letters, *words.texts], letters, words, 999)
    use = dict(zip(words.texts, words.counts, strict=True))
    last = [use[piece] for piece in curve.pieces[-20:]]
    first = [use[piece] for piece in curve.pieces[8:28]]
    assert np.mean(last) < np.mean(first)
    assert curve.sizes == sorted(curve.sizes)
    assert curve.alp == sorted(curve.alp)


def test_rare_letters_go_and_words_are_cut_there() -> None:
    words = Words(["abxab", "ab", "x"], [1, 8, 1], 4)
    assert words.letters(0.8) == ["a", "b"]
    assert dict(zip(*(lambda w: (w.texts, w.counts))(without(words, {"a", "b"})), strict=True)) == {
        "ab": 10
    }


def test_a_word_that_begins_no_longer_word_becomes_a_piece() -> None:
    rng = np.random.default_rng(2)
    words = ["".join(rng.choice(list("abcdefgh"), 6)) for _ in range(30)]
    lines = [" ".join(rng.choice(words, 8)) for _ in range(100)]
    curve = learn_curve("en", lines, 1000, 1.0, lowercase=False)
    assert {f"▁{word}" for word in words} <= set(curve.pieces)


def test_frequent_words_are_among_the_first_pieces() -> None:
    rng = np.random.default_rng(3)
    rare = ["".join(rng.choice(list("abcdefgh"), 7)) for _ in range(150)]
    often = ["fach", "hab", "ged"]
    lines = [" ".join([*rng.choice(often, 6), *rng.choice(rare, 2)]) for _ in range(150)]
    curve = learn_curve("en", lines, 1000, 1.0, lowercase=False)
    assert {f"▁{word}" for word in often} <= set(curve.pieces[: 9 + 10])


def test_the_seeds_are_the_parts_that_cover_most() -> None:
    words = Words(["abc", "bc"], [2, 1], 1)
    assert seeds(words, ["a", "b", "c"], 2) == ["a", "b", "c", "abc", "bc"]  # both cover 6
    assert seeds(words, [], 99) == ["abc", "bc", "ab"]
    assert seeds(Words(["abc"], [1], 1), ["a"], 99) == ["a"]  # nothing comes twice


def test_pieces_beyond_the_largest_vocabulary_are_gone() -> None:
    curve = learn_curve("en", LINES * 3, 62, 1.0, lowercase=False)
    assert len(curve.pieces) == curve.sizes[-1] <= 62
