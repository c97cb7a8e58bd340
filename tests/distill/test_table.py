"""The table's closed-form step against autograd and the library's sparse Adam."""

from __future__ import annotations

import pytest
import torch

from x2static.distill.learning.table import StaticTable, initial_table, loss_and_weights


def reference_loss(embedding, context, words, negatives):
    def one(score):
        return torch.log(1 + torch.exp(-score.clamp(-20, 20))).mean()

    loss = one((context * embedding(words)).sum(1))
    for k in range(negatives.shape[1]):
        loss = loss + one(-(context * embedding(negatives[:, k])).sum(1))
    return loss


@pytest.mark.parametrize("scale", [0.1, 3.0, 300.0])  # the last one runs into the clamp
def test_steps_equal_autograd_with_sparse_adam(scale):
    torch.manual_seed(0)
    size, width, targets = 30, 8, 12
    start = initial_table(size, width, seed=3) * 50
    ours = StaticTable(start.clone(), learning_rate=1e-2)
    embedding = torch.nn.Embedding.from_pretrained(start.clone(), freeze=False, sparse=True)
    optimizer = torch.optim.SparseAdam(embedding.parameters(), lr=1e-2)
    for _ in range(6):
        context = torch.randn(targets, width) * scale
        words = torch.randint(0, size // 2, (targets,))  # repeats, and negatives that hit targets
        negatives = torch.randint(0, size - 5, (targets, 3))
        loss = ours.update(context, words, negatives)
        optimizer.zero_grad()
        expected = reference_loss(embedding, context, words, negatives)
        expected.backward()
        optimizer.step()
        torch.testing.assert_close(loss, expected.detach(), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(ours.table, embedding.weight.detach(), rtol=1e-4, atol=1e-5)
    assert torch.equal(ours.table[-5:], start[-5:])  # rows never drawn never move


def test_derivative_by_each_score_is_checked_in_float64():
    torch.manual_seed(1)
    scores = (torch.randn(7, 4, dtype=torch.float64) * 12).requires_grad_()
    sign = torch.tensor([1.0, -1, -1, -1], dtype=torch.float64)
    clamped = (scores * sign).clamp(-20, 20)
    torch.log(1 + torch.exp(-clamped)).sum().div(7).backward()
    loss, weights = loss_and_weights(scores.detach())
    torch.testing.assert_close(weights, scores.grad)
    torch.testing.assert_close(loss, torch.log(1 + torch.exp(-clamped)).sum().div(7).detach())


def test_start_is_uniform_within_one_over_the_width():
    table = initial_table(4000, 16, seed=0)
    assert table.dtype == torch.float32
    assert table.abs().max() <= 1 / 16
    assert abs(table.mean()) < 1e-3
    assert table.std().item() == pytest.approx(1 / 16 / 3**0.5, rel=0.02)
    assert torch.equal(table, initial_table(4000, 16, seed=0))
    assert not torch.equal(table, initial_table(4000, 16, seed=1))


def test_a_restored_table_goes_on_like_the_one_saved():
    torch.manual_seed(2)
    words, negatives = torch.randint(0, 9, (5,)), torch.randint(0, 9, (5, 2))
    first = StaticTable(initial_table(9, 4, 0), 1e-3)
    first.update(torch.randn(5, 4), words, negatives)
    saved = {name: tensor.clone() for name, tensor in first.state().items()}
    second = StaticTable.restored(saved, 1e-3, torch.device("cpu"))
    context = torch.randn(5, 4)
    assert torch.equal(
        first.update(context, words, negatives), second.update(context, words, negatives)
    )
    assert torch.equal(first.table, second.table)
