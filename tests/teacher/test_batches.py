"""Batches by length, framed rows and pooled states against slow and obvious loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from x2static.teacher.batches import by_length, framed, mask_of, spread
from x2static.teacher.pooling import sentence_sums, span_means, span_sums


class Pieces:
    """Control tokens and padding of a made-up tokenizer."""

    prefix, suffix, pad_id = [7, 8], [9], 1


@pytest.mark.parametrize("budget", [1, 12, 40, 1000])
def test_batches_hold_every_row_once_within_budget(rng, budget):
    lengths = rng.integers(1, 20, 50)
    batches = list(by_length(lengths, budget))
    assert sorted(np.concatenate(batches).tolist()) == list(range(50))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[batch]) <= budget
    firsts = [lengths[batch[0]] for batch in batches]
    assert firsts == sorted(firsts, reverse=True)


def test_rows_of_one_length_keep_their_order():
    assert [batch.tolist() for batch in by_length([3, 5, 3, 3, 5], 10)] == [[1, 4], [0, 2, 3]]
    assert list(by_length([], 10)) == []


def test_framed_rows_by_hand():
    ids = np.array([10, 11, 12, 13, 14])
    rows, lengths = framed(ids, np.array([3, 0]), np.array([2, 3]), Pieces())
    assert rows.tolist() == [[7, 8, 13, 14, 9, 1], [7, 8, 10, 11, 12, 9]]
    assert lengths.tolist() == [5, 6]
    assert mask_of(lengths, 6).tolist() == [[1] * 5 + [0], [1] * 6]
    assert mask_of(np.array([6, 6]), 6) is None


def test_places_of_spans():
    assert spread(np.array([4, 0]), np.array([2, 3])).tolist() == [4, 5, 0, 1, 2]


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_spans_equal_a_loop_and_so_do_their_gradients(rng, kind):
    states = torch.randn(40, 5, dtype=kind, requires_grad=True)
    starts, lengths = rng.integers(0, 30, 20), rng.integers(1, 9, 20)  # they overlap
    loop = [
        states[start : start + length].float().sum(0)
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
    ]
    expected = torch.stack(loop)
    found = span_sums(states, starts, lengths)
    torch.testing.assert_close(found, expected)
    means = span_means(states, starts, lengths)
    torch.testing.assert_close(means, expected / torch.from_numpy(lengths)[:, None])
    (gradient,) = torch.autograd.grad(found.square().sum(), states)
    (wanted,) = torch.autograd.grad(expected.square().sum(), states)
    rough = 0.05 if kind is torch.bfloat16 else 1e-5  # spans that overlap are added in bf16
    torch.testing.assert_close(gradient, wanted, rtol=rough, atol=rough)


def test_no_span_gives_no_row():
    none = np.zeros(0, dtype=np.int64)
    states = torch.zeros(4, 3, requires_grad=True)
    found = span_sums(states, none, none)
    assert found.shape == (0, 3)
    (gradient,) = torch.autograd.grad(found.sum(), states)  # a part without a word still has one
    assert not gradient.any()


def test_sentences_equal_a_loop():
    states, lengths = torch.randn(3, 7, 4), np.array([7, 3, 5])
    text, control = sentence_sums(states, lengths, 2, 1)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(text[row], states[row, 2 : length - 1].sum(0))
        expected = states[row, :2].sum(0) + states[row, length - 1]
        torch.testing.assert_close(control[row], expected)
