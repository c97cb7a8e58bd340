"""The compiled step against a plain loop in float64 and against the torch path."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from x2static.distill.learning import table as tables
from x2static.distill.learning.table import StaticTable, initial_table

pytest.importorskip("numba")


def plain_step(table, first, second, step, context, words, negatives, rate):
    """One step of the loss and of lazy Adam, number by number, as the paper and Adam state them."""
    gradient, loss = {}, 0.0
    for i, word in enumerate(words):
        for row, sign in [(word, 1.0), *((other, -1.0) for other in negatives[i])]:
            score = sign * sum(c * u for c, u in zip(context[i], table[row], strict=True))
            held = max(-20.0, min(20.0, score))
            loss += math.log(1 + math.exp(-held)) / len(words)
            slope = -sign / (1 + math.exp(held)) / len(words) if held == score else 0.0
            pulls = gradient.setdefault(row, [0.0] * table.shape[1])
            for d, c in enumerate(context[i]):
                pulls[d] += slope * c
    for row, pulls in gradient.items():
        for d, pull in enumerate(pulls):
            first[row, d] = 0.9 * first[row, d] + 0.1 * pull
            second[row, d] = 0.999 * second[row, d] + 0.001 * pull * pull
            mean = first[row, d] / (1 - 0.9**step)
            spread = math.sqrt(second[row, d] / (1 - 0.999**step))
            # Sparse Adam adds epsilon to the root before its correction.
            table[row, d] -= rate * mean / (spread + 1e-8 / math.sqrt(1 - 0.999**step))
    return loss


def batches(rng, size, width, targets, number, scale):
    for _ in range(number):
        context = (rng.normal(size=(targets, width)) * scale).astype(np.float32)
        words = rng.integers(0, size // 2, targets)  # repeats, and negatives that hit targets
        yield context, words, rng.integers(0, size - 5, (targets, 3))


@pytest.mark.parametrize("scale", [0.1, 3.0, 300.0])  # the last one runs into the clamp
def test_steps_equal_a_plain_loop_in_float64(rng, scale):
    size, width = 30, 7
    start = initial_table(size, width, seed=3) * 50
    ours = StaticTable(start.clone(), learning_rate=1e-2)
    plain = start.double().numpy().copy()
    first, second = np.zeros_like(plain), np.zeros_like(plain)
    for step, batch in enumerate(batches(rng, size, width, 12, 6, scale), start=1):
        expected = plain_step(plain, first, second, step, *batch, 1e-2)
        found = ours.update(*map(torch.from_numpy, batch))
        assert float(found) == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(ours.table, plain, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(ours.first_moment, first, rtol=1e-3, atol=1e-6)
    assert torch.equal(ours.table[-5:], start[-5:])  # rows never drawn never move


def test_compiled_and_torch_steps_agree_over_many_steps(rng, monkeypatch):
    start = initial_table(200, 16, seed=1)
    fast = StaticTable(start.clone(), learning_rate=1e-3)
    monkeypatch.setattr(tables, "has_compiler", lambda: False)
    slow = StaticTable(start.clone(), learning_rate=1e-3)
    assert fast._compiled is not None
    assert slow._compiled is None
    for batch in batches(rng, 200, 16, 50, 40, 1.0):
        tensors = [torch.from_numpy(each) for each in batch]
        torch.testing.assert_close(fast.update(*tensors), slow.update(*tensors))
    torch.testing.assert_close(fast.table, slow.table, rtol=1e-3, atol=1e-5)


def test_batches_of_all_sizes_share_one_scratch(rng):
    """A larger batch after a small one needs more room; a smaller one must not see its leavings."""
    start = initial_table(40, 5, seed=0)
    one = StaticTable(start.clone(), 1e-2)
    for targets in (3, 30, 2):
        batch = next(batches(rng, 40, 5, targets, 1, 1.0))
        fresh = StaticTable(
            one.table.clone(), 1e-2, one.first_moment.clone(), one.second_moment.clone(), one.step
        )
        tensors = [torch.from_numpy(each) for each in batch]
        assert torch.equal(one.update(*tensors), fresh.update(*tensors))
        assert torch.equal(one.table, fresh.table)


def test_without_the_compiler_a_run_goes_the_torch_way(monkeypatch):
    monkeypatch.setattr(tables, "has_compiler", lambda: False)
    assert tables.step_name("cpu") == "torch"
    assert StaticTable(initial_table(4, 3, 0), 1e-3)._compiled is None
