"""Sentence pairs joined on their keys: as a plain join has them, each as often as it should."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from continued_pretraining.text.pairs.cells import Cells, capped
from continued_pretraining.text.pairs.collection import PairCollection, PairDrawing, collect_pairs
from continued_pretraining.text.pairs.key_sets import KeySets
from continued_pretraining.text.pairs.planner import PairPlanner, fitted
from continued_pretraining.text.pairs.sampler import PairSampler
from continued_pretraining.text.shuffle import mixed_key, shuffled_each
from continued_pretraining.text.tokenizer import LineTokenizer
from tests.teachers import WORDS, unigram_tokenizer
from x2static.core.text.pair_sources import find_pair_sources

keys = st.sets(st.integers(0, 200), min_size=1)


@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=5), seed=st.integers(0, 9))
def test_each_shuffle_is_a_permutation_of_its_own(sizes, seed):
    rows = np.repeat(np.arange(len(sizes)), sizes)
    places = np.concatenate([np.arange(size) for size in sizes])
    found = shuffled_each(places, np.array(sizes)[rows], mixed_key(seed, rows))
    for row, size in enumerate(sizes):
        assert sorted(found[rows == row].tolist()) == list(range(size))


def test_shuffles_of_other_keys_are_other_shuffles():
    places, sizes = np.arange(1000), np.full(1000, 1000)
    one, other = (shuffled_each(places, sizes, mixed_key(n, places * 0)) for n in (1, 2))
    assert (one != other).mean() > 0.9
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 0.1


@given(first=keys, second=keys, third=keys, share=st.sampled_from([0.0, 0.3]))
def test_common_keys_are_those_of_a_plain_join(first, second, third, share):
    own = [np.array(sorted(one), dtype=np.uint64) for one in (first, second, third)]
    sets = KeySets(dict(enumerate(own)), 5)
    sets.hold_back(share)
    parts = []
    for held in (False, True):
        counts = sets.counts(3, held=held)
        number = int(counts[0, 2])
        common = sets.choose(0, 2, np.arange(number), held=held)
        one, between, other = (sets.places(language, common) for language in range(3))
        assert own[0][one].tolist() == own[2][other].tolist()
        assert [-1 if n < 0 else int(own[1][n]) for n in between] == [
            key if key in second else -1 for key in own[0][one].tolist()
        ]
        parts += own[0][one].tolist()
    assert sorted(parts) == sorted(first & third)
    total = sets.counts(3, held=False) + sets.counts(3, held=True)
    assert total.tolist() == [
        [0 if i == j else len({*own[i].tolist()} & {*own[j].tolist()}) for j in range(3)]
        for i in range(3)
    ]


def test_a_held_back_key_is_held_back_in_every_language():
    own = np.arange(1000, dtype=np.uint64)
    sets = KeySets({0: own, 1: own[::2], 4: own[::3]}, 1)
    sets.hold_back(0.2)
    held: set[int] = set()
    kept: set[int] = set()
    for one, other in ((0, 1), (0, 4), (1, 4)):
        for place, which in ((held, True), (kept, False)):
            number = int(sets.counts(5, held=which)[one, other])
            place.update(sets.choose(one, other, np.arange(number), held=which).tolist())
            assert number > 0
    assert not held & kept
    assert 0.15 < len(held) / len(held | kept) < 0.25


@pytest.mark.parametrize(
    ("shares", "limit", "expected"),
    [
        ([0.9, 0.06, 0.04], 0.5, [0.5, 0.3, 0.2]),
        ([0.6, 0.4], 0.5, [0.5, 0.5]),
        ([0.5, 0.4, 0.1], 0.4, [0.4, 0.4, 0.2]),
        ([0.8, 0.1, 0.1], 1.0, [0.8, 0.1, 0.1]),
        ([0.7, 0.3], 0.2, [0.5, 0.5]),
        ([1.0], 0.5, [1.0]),
    ],
)
def test_no_source_gives_more_than_its_limit(shares, limit, expected):
    assert capped(np.array(shares), limit).tolist() == pytest.approx(expected)


def test_an_epoch_has_each_pair_by_its_share_and_passes_visit_each_once():
    own = {0: np.arange(40), 1: np.arange(10, 40), 2: np.arange(0, 40, 4)}
    sets = KeySets({n: one.astype(np.uint64) for n, one in own.items()}, 0)
    cells = Cells.of(sets.counts(3, held=False)[None])
    assert cells.sizes.tolist() == [30, 10, 7]
    weights = np.array([0.2, 0.3, 0.5])
    sampler = PairSampler(cells, weights, [sets], 3)
    epoch = sampler.draw(0, 47)
    assert np.bincount(epoch.cells).tolist() == [9, 14, 24]
    many = sampler.draw(0, 47 * 20)
    for cell in range(3):
        drawn = np.unique(many.keys[many.cells == cell], return_counts=True)[1]
        assert len(drawn) == cells.sizes[cell]
        assert drawn.max() - drawn.min() <= 1
    parts = [sampler.draw(first, 7) for first in range(0, 47 * 20, 7)]
    for name in ("cells", "keys"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined[: 47 * 20].tolist() == getattr(many, name).tolist()


def sentence(language: str, key: int) -> str:
    """Words that tell language and key again."""
    number = 3 * key + ("de", "en", "fr").index(language)
    digits = [number % len(WORDS), number // len(WORDS) % len(WORDS), number // len(WORDS) ** 2]
    return " ".join(WORDS[digit] for digit in [*digits, *[0] * (key % 5)])


SOURCES = {
    "bible": {"en": range(60), "de": range(10, 60), "fr": range(0, 40, 2)},
    "manual": {"en": range(100, 130), "de": range(108, 130)},
}


def write_keyed(folder: Path) -> Path:
    for source, languages in SOURCES.items():
        (folder / source).mkdir()
        for language, numbers in languages.items():
            text = "".join(f"{key:04d}\t{sentence(language, key)}\n" for key in numbers)
            (folder / source / f"{language}.tsv").write_text(text)
    return folder


def collected(
    entries: list[str], work: Path, tokenizer: LineTokenizer, **settings: object
) -> PairCollection:
    drawing = PairDrawing(
        **{"method": "sinkhorn", "temperature": 1.5, "hub": "en", "source_limit": 1.0,
           "held_back": 0, "seed": 1, **settings}  # type: ignore[arg-type]
    )  # fmt: skip
    sources = find_pair_sources(entries, "--bitext")
    return collect_pairs(sources, tokenizer, work, lambda paths: str(paths), drawing)


@pytest.fixture
def tokenizer() -> LineTokenizer:
    return LineTokenizer(unigram_tokenizer(), "test")


def test_drawn_sentences_translate_each_other(tmp_path: Path, tokenizer) -> None:
    pairs = collected([f"{write_keyed(tmp_path)}/*/*.tsv"], tmp_path / "cache", tokenizer)
    assert pairs.languages == ["de", "en", "fr"]
    assert pairs.names == ["de-en", "de-fr", "en-fr"]
    ids = {
        tuple(tokenizer.encode([sentence(language, key)])[0]): (language, key)
        for languages in SOURCES.values()
        for language, numbers in languages.items()
        for key in numbers
    }
    seen = set()
    draw = pairs.sampler().draw(0, 400)
    for one, other in zip(*pairs.sentences(pairs.cells, draw), strict=True):
        (first, key), (second, same) = ids[tuple(one.tolist())], ids[tuple(other.tolist())]
        assert key == same
        seen.add((first, second, key))
    expected = {
        (first, second, key)
        for languages in SOURCES.values()
        for first, second in itertools.combinations(sorted(languages), 2)
        for key in {*languages[first]} & {*languages[second]}
    }
    assert seen == expected


def test_shares_are_those_of_the_sampling_and_the_limit(tmp_path: Path, tokenizer) -> None:
    pattern = f"{write_keyed(tmp_path)}/*/*.tsv"
    pairs = collected([pattern], tmp_path / "cache", tokenizer, source_limit=0.5)
    weights = pairs.cells.weights(pairs.numbers(pairs.cells), pairs.pair_shares(), 0.5)
    assert weights.sum() == pytest.approx(1)
    drawn = pairs.cells.firsts * 3 + pairs.cells.seconds
    for first, second in ((0, 1), (0, 2), (1, 2)):
        own = weights[drawn == first * 3 + second]
        assert own.sum() == pytest.approx(2 * pairs.shares.shares[first, second])
        if len(own) > 1:
            assert own[0] == pytest.approx(own[1])
    only_english = collected([pattern], tmp_path / "cache", tokenizer, method="english")
    draw = only_english.sampler().draw(0, 200)
    used = {only_english.names[n] for n in only_english.numbers(only_english.cells)[draw.cells]}
    assert used == {"de-en", "en-fr"}


def test_what_is_held_back_is_of_pairs_that_are_trained_on(tmp_path: Path, tokenizer) -> None:
    write_keyed(tmp_path)
    for code in ("en", "sw"):
        (tmp_path / "tiny").mkdir(exist_ok=True)
        (tmp_path / "tiny" / f"{code}.tsv").write_text("k\tthe cat\n")
    gone = 0
    for seed in range(30):
        pairs = collected(
            [f"{tmp_path}/*/*.tsv"], tmp_path / "cache", tokenizer, held_back=1000, seed=seed
        )
        cells, draw = pairs.held_back
        numbers = pairs.numbers(cells)[draw.cells]
        assert (numbers >= 0).all()
        for one, other in zip(*pairs.sentences(cells, draw), strict=True):
            assert len(one) > 0
            assert len(other) > 0
        gone += "en-sw" not in pairs.names
    assert gone > 0


def test_aligned_files_tabs_and_keys_give_the_same_pairs(tmp_path: Path, tokenizer) -> None:
    german, english = ([sentence(code, key) for key in range(30)] for code in ("de", "en"))
    (tmp_path / "a.de").write_text("\n".join(german) + "\n\n")
    (tmp_path / "a.en").write_text("\n".join(english))
    both = zip(german, english, strict=True)
    (tmp_path / "a.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in both))
    entries = (f"de-en={tmp_path}/a.de,{tmp_path}/a.en", f"de-en={tmp_path}/a.tsv")
    found = []
    for number, entry in enumerate(entries):
        pairs = collected([entry], tmp_path / str(number), tokenizer)
        draw = pairs.sampler().draw(0, 30)
        rows = zip(*pairs.sentences(pairs.cells, draw), strict=True)
        found.append(sorted((one.tolist(), other.tolist()) for one, other in rows))
    assert found[0] == found[1]
    plain = zip(tokenizer.encode(german), tokenizer.encode(english), strict=True)
    assert found[0] == sorted(plain)


def test_two_sentences_stand_as_the_tokenizer_would_put_them(tmp_path: Path, tokenizer) -> None:
    pairs = collected([f"{write_keyed(tmp_path)}/*/*.tsv"], tmp_path / "cache", tokenizer)
    words = tokenizer.words
    planner = PairPlanner(pairs, tokenizer.between, 60, 16, 0)
    share = planner.plan(3)
    texts = {
        language: [
            sentence(language, key)
            for source in SOURCES.values()
            for key in source.get(language, ())
        ]
        for language in pairs.languages
    }
    expected = {
        tuple(tokenizer.hugging_face(one, other)["input_ids"])
        for name in pairs.names
        for a, b in (name.split("-"), name.split("-")[::-1])
        for one in texts[a]
        for other in texts[b]
    }
    orders = set()
    for row, ids in enumerate(share.original):
        assert (*words.prefix, *ids.tolist(), *words.suffix) in expected
        first = ids[: share.firsts[row]].tolist()
        code, _ = pairs.names[share.languages[row]].split("-")
        orders.add(first in tokenizer.encode(texts[code]))
        assert not share.guessed[row].any()
        assert share.is_text(row).sum() == len(ids) - share.gap
    assert orders == {True, False}
    lengths = list(map(len, share.original))
    assert lengths == sorted(lengths, reverse=True)
    again = planner.plan(3)
    assert [ids.tolist() for ids in again.original] == [ids.tolist() for ids in share.original]


def test_what_is_too_long_loses_of_both_ends() -> None:
    assert [len(side) for side in fitted(np.arange(30), np.arange(10), 20)] == [15, 5]
    assert [len(side) for side in fitted(np.arange(5), np.arange(10), 15)] == [5, 10]
    assert [len(side) for side in fitted(np.arange(99), np.arange(1), 4)] == [3, 1]
