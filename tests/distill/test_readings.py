"""Contexts by hand arithmetic: a fake teacher whose states are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.distill.test_plan import TOKENIZER, planner_for
from x2static.distill.readings.readings import read_pool
from x2static.distill.readings.store import ReadingStore


class CountingTeacher:
    """The state at column c of any sentence is (c, 10 ** c); <s> stands in column 0."""

    pieces = TOKENIZER
    device = torch.device("cpu")
    width = 2

    num_layers = 1

    def layer_states(self, input_ids, _mask):
        column = torch.arange(input_ids.shape[1], dtype=torch.float32)
        states = torch.stack([column, 10**column], dim=1)
        return [states.expand(len(input_ids), -1, -1)]


def read(lines, **options):
    planner = planner_for(lines)
    pool = planner.plan(np.arange(len(lines)), keep=None)
    return pool, read_pool(CountingTeacher(), pool, 50, with_own=True, **options)


# Word 2 ("treexyz") has several pieces, words 0 ("the") and 1 ("cat") have one.
MANY = int(planner_for([[2]]).pieces.lengths[2])


def test_own_mean_and_context_without_the_target_by_hand():
    # columns: 0 <s>, 1 the, 2 .. MANY+1 treexyz, MANY+2 cat, MANY+3 </s>
    pool, readings = read([[0, 2, 1]])
    columns = list(range(2, 2 + MANY))
    own = readings.own_means(pool)
    assert own[:, 0].tolist() == pytest.approx([1, sum(columns) / MANY, MANY + 2])
    around, found = readings.contexts(pool, "exclude", specials=False)
    words = list(range(1, MANY + 3))
    without_the = [c for c in words if c != 1]
    without_tree = [1, MANY + 2]
    assert around[0, 0].item() == pytest.approx(np.mean(without_the))
    assert around[1, 0].item() == pytest.approx(np.mean(without_tree))
    assert around[1, 1].item() == pytest.approx(np.mean([10.0**c for c in without_tree]))
    assert found.tolist() == [True, True, True]


def test_all_takes_every_piece_and_specials_count_when_asked():
    pool, readings = read([[0, 1]])  # columns 0 <s>, 1, 2, 3 </s>
    plain, _ = readings.contexts(pool, "all", specials=False)
    with_specials, _ = readings.contexts(pool, "all", specials=True)
    assert plain[:, 0].tolist() == [1.5, 1.5]
    assert with_specials[:, 0].tolist() == [1.5, 1.5]
    assert plain[0, 1].item() == pytest.approx((10 + 100) / 2)
    assert with_specials[0, 1].item() == pytest.approx((1 + 10 + 100 + 1000) / 4)
    excluded, _ = readings.contexts(pool, "exclude", specials=True)
    assert excluded[0, 1].item() == pytest.approx((1 + 100 + 1000) / 3)


def test_a_word_alone_in_its_sentence_has_no_context():
    pool, readings = read([[0], [0, 1], [2]])
    _, found = readings.contexts(pool, "exclude", specials=False)
    assert found.tolist() == [False, True, True, False]
    around, found = readings.contexts(pool, "exclude", specials=True)
    assert found.all()
    assert around[0, 1].item() == pytest.approx((1 + 100) / 2)


def test_batches_of_any_size_give_the_same_readings():
    lines = [[0, 2, 1], [1], [2, 2], [0, 1, 0, 1, 0], [1, 2]]
    pool = planner_for(lines).plan(np.arange(5), keep=None)
    one = read_pool(CountingTeacher(), pool, 1, with_own=True)
    many = read_pool(CountingTeacher(), pool, 1000, with_own=True)
    torch.testing.assert_close(one.own[0], many.own[0])
    torch.testing.assert_close(one.total, many.total)
    torch.testing.assert_close(one.special, many.special)


def test_the_store_gives_back_what_the_teacher_said(tmp_path, rng):
    lines = [rng.integers(0, 8, rng.integers(1, 6)).tolist() for _ in range(50)]
    planner = planner_for(lines, rows=[0, 1, -1, 2, 3, 4, 5, -1], pool=7)
    store = ReadingStore(tmp_path / "s", 2, 2, layers=1)
    teacher = CountingTeacher()
    for number in range(planner.num_pools):
        pool = planner.plan(planner.in_order(number), keep=None)
        store.append(pool, read_pool(teacher, pool, 50, with_own=True))
    reopened = ReadingStore(tmp_path / "s", 2, 2, layers=1)
    assert reopened.done == planner.num_pools
    keep = np.full(6, 0.5)
    for number in range(planner.num_pools):
        pool = planner.plan(planner.shuffled(1, number), keep, (1, number))
        live, kept = (
            read_pool(teacher, pool, 50, with_own=True),
            reopened.read(pool, teacher.device),
        )
        torch.testing.assert_close(kept.own[0], live.own[0].clamp(-65504, 65504).half().float())
        torch.testing.assert_close(kept.total, live.total)
        torch.testing.assert_close(kept.special, live.special)


def test_a_store_drops_what_a_killed_run_left_behind_its_last_pool(tmp_path):
    lines = [[0, 1], [2], [1, 1, 0]]
    planner, teacher = planner_for(lines, pool=1), CountingTeacher()
    pools = [planner.plan(planner.in_order(n), keep=None) for n in range(3)]
    said = [read_pool(teacher, pool, 50, with_own=True) for pool in pools]
    whole = ReadingStore(tmp_path / "whole", 2, 2, layers=1)
    torn = ReadingStore(tmp_path / "torn", 2, 2, layers=1)
    for store in (whole, torn):
        store.append(pools[0], said[0])
    for name in ("own0.f16", "total.f32", "special.f32", "learnable.i64"):
        with (tmp_path / "torn" / name).open("ab") as stream:
            stream.write(b"half a row")
    torn = ReadingStore(tmp_path / "torn", 2, 2, layers=1)
    for store in (whole, torn):
        store.append(pools[1], said[1])
        store.append(pools[2], said[2])
    for name in ("own0.f16", "total.f32", "special.f32", "learnable.i64"):
        assert (tmp_path / "torn" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
