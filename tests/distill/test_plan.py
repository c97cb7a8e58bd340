"""The vectorised plan of a pool against a plain walk through its sentences."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.teachers import unigram_tokenizer
from x2static.distill.readings.corpus_index import CorpusIndex
from x2static.distill.readings.plan import PoolPlanner
from x2static.teacher import WordPieces

TOKENIZER = WordPieces(unigram_tokenizer(), "test")
WORDS = ["the", "cat", "treexyz", "old", "houses", "a", "under", "slept"]
TABLE = TOKENIZER.encode(WORDS)
sentences = st.lists(
    st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=9), min_size=1, max_size=12
)


def planner_for(lines, rows=None, max_pieces=30, pool=100, seed=0):
    tokens = np.array([word for line in lines for word in line], dtype=np.int32)
    ends = np.cumsum([len(line) for line in lines])
    index = CorpusIndex(WORDS, np.bincount(tokens, minlength=len(WORDS)), tokens, ends)
    rows = np.arange(len(WORDS), dtype=np.int32) if rows is None else np.array(rows, dtype=np.int32)
    return PoolPlanner(index, rows, TABLE, max_pieces, pool, seed)


def pieces_of(word):
    return TABLE.ids[TABLE.offsets[word] : TABLE.offsets[word + 1]].tolist()


@given(lines=sentences, max_pieces=st.integers(1, 20), budget=st.integers(1, 60))
@settings(max_examples=100)
def test_batches_and_targets_equal_a_plain_walk(lines, max_pieces, budget):
    rows = [0, 1, -1, 2, 3, -1, 4, 5]
    planner = planner_for(lines, rows, max_pieces)
    pool = planner.plan(np.arange(len(lines)), keep=None)
    expected, cut = [], 0
    kept_lines = []
    for number, line in enumerate(lines):
        pieces, full, rank = [], False, 0
        for word in line:
            full = full or len(pieces) + len(pieces_of(word)) > max_pieces
            if full:
                cut += 1
                continue
            if rows[word] >= 0:
                expected.append((rows[word], number, rank, len(pieces), len(pieces_of(word))))
                rank += 1
            pieces += pieces_of(word)
        kept_lines.append(pieces)
    found = zip(pool.words, pool.sentence_of, pool.ranks, pool.begins, pool.sizes, strict=True)
    assert [tuple(map(int, target)) for target in found] == expected
    assert pool.num_cut == cut
    assert pool.lengths.tolist() == [len(pieces) for pieces in kept_lines]

    seen_slots = []
    seen_rows = []
    for batch in pool.batches(TOKENIZER, budget):
        assert batch.input_ids.size <= budget or len(batch.input_ids) == 1
        for row, number in enumerate(batch.rows):
            full_ids = [*TOKENIZER.prefix, *kept_lines[number], *TOKENIZER.suffix]
            padding = [TOKENIZER.pad_id] * (batch.input_ids.shape[1] - len(full_ids))
            assert batch.input_ids[row].tolist() == full_ids + padding
            assert batch.lengths[row] == len(full_ids)
            seen_rows.append(int(number))
        for slot, row, begin, size in zip(
            batch.slots, batch.sentence, batch.begins, batch.sizes, strict=True
        ):
            _, number, _, offset, pieces = expected[slot]
            assert (int(batch.rows[row]), begin, size) == (number, offset + 1, pieces)
            seen_slots.append(int(slot))
    assert sorted(seen_slots) == list(range(len(expected)))
    assert sorted(seen_rows) == [n for n, pieces in enumerate(kept_lines) if pieces]


@given(total=st.integers(1, 1500), pool=st.integers(1, 400), epoch=st.integers(0, 3))
@settings(max_examples=30)
def test_one_epoch_visits_every_sentence_once(total, pool, epoch):
    planner = planner_for([[0]] * total, pool=pool)
    visited = [row for p in range(planner.num_pools) for row in planner.shuffled(epoch, p)]
    assert sorted(visited) == list(range(total))
    in_order = [row for p in range(planner.num_pools) for row in planner.in_order(p)]
    assert in_order == list(range(total))


def test_epochs_differ_and_seeds_differ():
    one = planner_for([[0]] * 1000, pool=1000)
    other = planner_for([[0]] * 1000, pool=1000, seed=5)
    assert one.shuffled(0, 0).tolist() == one.shuffled(0, 0).tolist()
    assert one.shuffled(0, 0).tolist() != one.shuffled(1, 0).tolist()
    assert one.shuffled(0, 0).tolist() != other.shuffled(0, 0).tolist()


def test_occurrences_are_kept_with_their_word_s_chance(rng):
    lines = [rng.integers(0, 3, 10).tolist() for _ in range(4000)]
    keep = np.array([0.1, 0.5, 1.0, 0, 0, 0, 0, 0])
    pool = planner_for(lines, max_pieces=99).plan(np.arange(4000), keep, (0, 0))
    seen = Counter(word for line in lines for word in line)
    kept = Counter(pool.words.tolist())
    assert kept[2] == seen[2]
    assert kept[0] / seen[0] == pytest.approx(0.1, abs=0.01)
    assert kept[1] / seen[1] == pytest.approx(0.5, abs=0.015)
    again = planner_for(lines, max_pieces=99).plan(np.arange(4000), keep, (0, 0))
    other = planner_for(lines, max_pieces=99).plan(np.arange(4000), keep, (1, 0))
    assert pool.words.tolist() == again.words.tolist()
    assert pool.words.tolist() != other.words.tolist()


def test_groups_end_where_their_sentences_end():
    pool = planner_for([[0, 1], [2], [0], [1, 1, 1], [0]]).plan(np.arange(5), keep=None)
    assert pool.group_ends(2).tolist() == [3, 7, 8]
    assert pool.group_ends(10).tolist() == [8]
