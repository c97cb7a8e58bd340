"""dcca and dgcca over many updates: chance, memory, and words apart from training."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from continued_pretraining.objectives.word_alignment.correlations.dcca import Dcca
from continued_pretraining.objectives.word_alignment.correlations.dgcca import Dgcca
from continued_pretraining.objectives.word_alignment.correlations.moments import Moments
from continued_pretraining.objectives.word_alignment.statistic import Statistic, Targets, fading_for
from continued_pretraining.processes import Processes
from tests.continued_pretraining.objectives.test_losses import pair

RULES = {"dcca": Dcca(1e-2), "dcca top 2": Dcca(1e-2, 2), "dgcca": Dgcca(3)}


def normal(rows: int, width: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, width, generator=generator, dtype=torch.float64)


def related(rows: int, width: int, seed: int, correlation: float) -> Targets:
    """Targets of which each number correlates with that of ``normal(rows, width, seed)``."""
    noise = normal(rows, width, seed + 1000)
    vectors = correlation * normal(rows, width, seed) + math.sqrt(1 - correlation**2) * noise
    return Targets(vectors, vectors.roll(1, dims=0), torch.arange(rows))


def statistic(loss: str, fading: float, **settings: float) -> Statistic:
    return Statistic(loss, Processes("cpu"), None, None, settings.get("ridge", 1e-2), 0.05, fading)


@pytest.mark.parametrize("name", RULES)
def test_moments_of_parts_are_those_of_the_whole(name):
    states, targets = pair(40, 7, 5)
    parts = [Moments.of(states[part], targets[part]) for part in (slice(0, 13), slice(13, 40))]
    joined, whole = parts[0].joined(parts[1]), Moments.of(states, targets)
    for field in ("weight", "state_mean", "target_mean", "states", "targets", "mixed"):
        torch.testing.assert_close(getattr(joined, field), getattr(whole, field))
    assert float(RULES[name].score(joined).loss) == pytest.approx(
        float(RULES[name].loss(states, targets))
    )


def by_autograd(name: str, states: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor):
    """The losses by their definitions, weighted rows, through torch's own decompositions."""
    weights = weights[:, None] / weights.sum()
    left = states - (weights * states).sum(dim=0)
    right = targets - (weights * targets).sum(dim=0)
    first, second = left.T @ (weights * left), right.T @ (weights * right)
    mixed = left.T @ (weights * right)
    if name == "dgcca":
        spans = []
        for rows in (left, right):
            u, _, _ = torch.linalg.svd(weights.sqrt() * rows, full_matrices=False)
            spans.append(u[:, :3])
        return -torch.linalg.svdvals(torch.cat(spans, dim=1))[:3].sum()
    roots = []
    for matrix in (first, second):
        matrix = matrix + 1e-2 * matrix.diagonal().mean() * torch.eye(len(matrix)).double()
        values, vectors = torch.linalg.eigh(matrix)
        roots.append(vectors @ torch.diag(values**-0.5) @ vectors.T)
    found = torch.linalg.svdvals(roots[0] @ mixed @ roots[1])
    return -found[: 2 if name == "dcca top 2" else None].sum()


@pytest.mark.parametrize("name", RULES)
def test_earlier_rows_count_as_constants_and_fade(name):
    states, targets = pair(50, 7, 5)
    earlier = (
        Moments.of(states[:20], targets[:20])
        .faded(0.5)
        .joined(Moments.of(states[20:30], targets[20:30]))
        .faded(0.5)
    )
    own = states[30:].clone().requires_grad_()
    loss = RULES[name].loss(own, targets[30:], earlier)
    loss.backward()
    own_again = states[30:].clone().requires_grad_()
    weights = torch.cat([torch.full((20,), 0.25), torch.full((10,), 0.5), torch.ones(20)]).double()
    expected = by_autograd(name, torch.cat([states[:30], own_again]), targets, weights)
    expected.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-9)
    torch.testing.assert_close(own.grad, own_again.grad, rtol=1e-6, atol=1e-9)


def test_the_statistic_remembers_what_it_has_seen():
    fading, parts = 0.6, [normal(12, 5, seed) for seed in (1, 2)]
    targets = [related(12, 5, seed, 0.8) for seed in (1, 2)]
    kept = statistic("dcca", fading)
    kept.remember(parts[0], targets[0])
    earlier = Moments.of(parts[0], targets[0].vectors).faded(fading)
    expected = Dcca(1e-2).loss(parts[1], targets[1].vectors, earlier)
    loss, _ = kept.gradient(parts[1], [12], targets[1], 1.0)
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)
    assert float(kept.seen.weight) == pytest.approx(12 + 12 * fading)
    assert kept.chance().loss == pytest.approx(float(expected), rel=1e-9)


def test_a_memory_is_as_steady_as_the_rows_it_is_named_after():
    fading = fading_for(6144, 1024)
    weights = (
        1024 * sum(fading**n for n in range(500)),
        1024 * sum(fading ** (2 * n) for n in range(500)),
    )
    assert weights[0] ** 2 / weights[1] == pytest.approx(6144, rel=1e-6)
    assert fading_for(0, 1024) == fading_for(1000, 1024) == 0


@pytest.mark.parametrize("loss", ["dcca", "dgcca"])
def test_chance_is_what_unrelated_views_score(loss):
    """Against views drawn anew, many times, with the same memory."""
    fading, width, batch = fading_for(600, 100), 20, 100
    found, drawn = [], []
    for seed in range(8):
        kept, fresh = statistic(loss, fading), statistic(loss, fading)
        for step in range(20):
            rows = normal(batch, width, 50 * seed + step)
            kept.remember(rows, related(batch, width, 50 * seed + step, 0.7))
            unrelated = normal(batch, width, 5000 + 50 * seed + step)
            fresh.remember(rows, Targets(unrelated, unrelated, torch.arange(batch)))
        found.append(kept.chance())
        drawn.append(fresh.chance().loss)
    assert np.mean([c.unrelated for c in found]) == pytest.approx(np.mean(drawn), rel=0.03)
    assert all(c.best < c.loss < c.unrelated < c.worst for c in found)
    assert all(0.3 < c.above < 0.8 for c in found)


@pytest.mark.parametrize("width", [256, 768, 1024])
def test_chance_is_below_a_fifth_of_the_range_by_default(width):
    """The range from the default memory: nothing but Gaussian noise, drawn as moments."""
    small, rows = width // 16, 24 * width // 16  # the same ratio of rows to dimensions
    kept = statistic("dcca", fading_for(rows, rows // 6))
    for step in range(30):
        vectors = normal(rows // 6, small, 900 + step)
        kept.remember(normal(rows // 6, small, step), Targets(vectors, vectors, torch.arange(1)))
    assert 0.1 < kept.chance().share < 0.2


def test_the_best_is_reached_where_one_side_determines_the_other():
    states = normal(60, 6, 1) * torch.tensor([3.0, 2, 1, 1, 0.1, 0.1], dtype=torch.float64)
    for rule in RULES.values():
        moments = Moments.of(states, states)
        assert float(rule.score(moments).loss) == pytest.approx(rule.limits(moments)[0], rel=1e-9)


@pytest.mark.parametrize("loss", ["dcca", "dgcca"])
def test_few_words_apart_from_training_are_not_flattered(loss):
    kept = statistic(loss, fading_for(4000, 500))
    for step in range(10):
        kept.remember(normal(500, 30, step), related(500, 30, step, 0.7))
    states, targets = normal(40, 30, 77), related(40, 30, 77, 0.7)
    _, held = kept.held_back(states, targets)
    _, alone = statistic(loss, 0.0).held_back(states, targets)
    assert abs(held.unrelated - held.worst) < 0.12 * abs(held.best - held.worst)
    assert abs(alone.unrelated - alone.worst) > 0.3 * abs(alone.best - alone.worst)
    if loss == "dcca":
        assert held.loss / held.best == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize("ridge", [1e-2, 1.0])
def test_rounding_in_a_direction_without_variance_moves_no_gradient(ridge):
    """Normalised states sum to nothing but noise, whose direction must not count."""
    states, targets = normal(60, 8, 1), related(60, 8, 1, 0.5).vectors
    states = states - states.mean(dim=1, keepdim=True)
    gradients = []
    for seed in range(2, 10):
        noisy = (states + 1e-7 * normal(60, 8, seed)).requires_grad_()
        Dcca(ridge).loss(noisy, targets).backward()
        gradients.append(noisy.grad)
    size = float(gradients[0].norm())
    assert max(float((gradient - gradients[0]).norm()) for gradient in gradients) < 1e-4 * size


def test_what_is_remembered_comes_back_from_a_checkpoint():
    kept, other = statistic("dcca", 0.5), statistic("dcca", 0.5)
    kept.remember(normal(12, 5, 1), related(12, 5, 1, 0.8))
    kept.scale = 1 / 3
    other.restore(kept.saved())
    assert other.scale == kept.scale
    assert other.chance() == kept.chance()
