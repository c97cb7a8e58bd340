"""The optimizer's rules, each against the arithmetic of AdamW."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from continued_pretraining.training.optimizer import clip_gradients, make_optimizer, rate_at
from tests.continued_pretraining.training.test_update import build


def test_only_matrices_decay():
    block = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    make_optimizer(block.named_parameters(), 0.1, (0.9, 0.999), 0.5).step()
    left = {name: float(p.detach().flatten()[0]) for name, p in block.named_parameters()}
    assert left.pop("0.weight") == pytest.approx(1 - 0.1 * 0.5)
    assert set(left) == {"0.bias", "1.weight", "1.bias"}
    assert all(value == 1 for value in left.values())


def test_gradients_are_scaled_down_to_the_largest_norm_allowed():
    for largest, expected in ((1.0, 1.0), (10.0, 5.0), (0.0, 5.0)):
        weights = nn.Parameter(torch.zeros(2))
        weights.grad = torch.tensor([3.0, 4.0])
        assert float(clip_gradients([weights], largest)) == pytest.approx(5)
        assert float(weights.grad.norm()) == pytest.approx(expected, rel=1e-5)


def test_an_update_clips_all_gradients_together(tmp_path, data, model_folder):
    materials, updater = build(data, model_folder, tmp_path, loss="dcca")
    most = updater.clip = float(updater.run(0).norm) / 4
    assert float(updater.run(0).norm) > most  # as it was before; there is something to clip
    left = [p.grad for p in materials.model.hugging_face.parameters() if p.grad is not None]
    total = math.sqrt(sum(float(g.square().sum()) for g in left))
    assert total == pytest.approx(most, rel=1e-4)


@pytest.mark.parametrize(
    ("decay", "shares"),
    [("linear", (1, 0.5, 0.1)), ("cosine", (1, 0.5, 0.0245)), ("none", (1, 1, 1))],
)
def test_the_step_size_falls_as_asked(decay, shares):
    found = [rate_at(step, 12, 2, decay) for step in (2, 7, 11)]
    assert found == pytest.approx(shares, abs=1e-3)
    assert [rate_at(step, 12, 2, decay) for step in (0, 1)] == pytest.approx([1 / 3, 2 / 3])
