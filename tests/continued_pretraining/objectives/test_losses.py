"""Alignment losses against closed forms, other formulas, finite differences and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from continued_pretraining.objectives.word_alignment.correlations.dcca import Dcca
from continued_pretraining.objectives.word_alignment.correlations.decompositions import (
    newton_schulz,
    polar_factor,
)
from continued_pretraining.objectives.word_alignment.correlations.dgcca import Dgcca
from continued_pretraining.objectives.word_alignment.losses import (
    cosine_loss,
    infonce_loss,
    mse_loss,
)
from continued_pretraining.objectives.word_alignment.state_map import StateMap
from continued_pretraining.objectives.word_alignment.statistic import Statistic, Targets
from continued_pretraining.processes import Processes
from x2static.core.errors import ConfigError


def pair(rows: int, width: int, other: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Two related views in float64."""
    generator = torch.Generator().manual_seed(seed)
    common = torch.randn(rows, 4, generator=generator, dtype=torch.float64)

    def view(size: int) -> torch.Tensor:
        mix = torch.randn(4, size, generator=generator, dtype=torch.float64)
        return common @ mix + torch.randn(rows, size, generator=generator, dtype=torch.float64)

    return view(width), view(other)


LOSSES = {
    "mse": mse_loss,
    "cosine": cosine_loss,
    "infonce": lambda x, y: infonce_loss(x, y, 0.1, torch.arange(len(x))),
    "dcca": lambda x, y: Dcca(1e-2, None).loss(x, y),
    "dcca top 2": lambda x, y: Dcca(1e-2, 2).loss(x, y),
    "dgcca": lambda x, y: Dgcca(3).loss(x, y),
}
CORRELATIONS = ("dcca", "dcca top 2", "dgcca")


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("rows", [5, 20], ids=["fewer rows than columns", "more"])
def test_gradient_agrees_with_finite_differences(name, rows):
    states, targets = pair(rows, 7, 7)
    states.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: LOSSES[name](x, targets), states, atol=1e-5)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_gradient_agrees_for_different_widths(name):
    states, targets = pair(20, 7, 4)
    states.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: LOSSES[name](x, targets), states, atol=1e-5)


def inverse_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**-0.5) @ vectors.T


@pytest.mark.parametrize("components", [None, 2])
def test_dcca_is_the_trace_norm_of_the_whitened_covariance(components):
    states, targets = (x.numpy() for x in pair(30, 6, 5))
    x, y = states - states.mean(0), targets - targets.mean(0)
    first, second = x.T @ x / 29, y.T @ y / 29
    first += 0.05 * np.trace(first) / 6 * np.eye(6)
    second += 0.05 * np.trace(second) / 5 * np.eye(5)
    whitened = inverse_root(first) @ (x.T @ y / 29) @ inverse_root(second)
    expected = -np.linalg.svd(whitened, compute_uv=False)[:components].sum()
    loss = Dcca(0.05, components).loss(torch.from_numpy(states), torch.from_numpy(targets))
    assert float(loss) == pytest.approx(expected, rel=1e-10)


def test_dgcca_is_the_sum_of_roots_of_one_plus_cosines_of_principal_angles():
    from scipy.linalg import subspace_angles

    states, targets = (x.numpy() for x in pair(30, 8, 6))
    spans = []
    for view in (states, targets):
        u, _, _ = np.linalg.svd(view - view.mean(0), full_matrices=False)
        spans.append(u[:, :3])
    expected = -sum(math.sqrt(1 + math.cos(angle)) for angle in subspace_angles(*spans))
    loss = float(Dgcca(3).loss(torch.from_numpy(states), torch.from_numpy(targets)))
    assert loss == pytest.approx(expected, rel=1e-10)
    stacked = np.linalg.svd(np.hstack(spans), compute_uv=False)
    assert loss == pytest.approx(-stacked[:3].sum(), rel=1e-10)


def test_equal_views_score_best():
    states, _ = pair(40, 6, 6)
    assert float(Dcca(0.0, None).loss(states, states)) == pytest.approx(-6)
    assert float(Dgcca(3).loss(states, states)) == pytest.approx(-3 * math.sqrt(2))
    assert float(cosine_loss(states, states)) == pytest.approx(0)
    assert float(mse_loss(states, states)) == 0


@pytest.mark.parametrize("name", CORRELATIONS)
def test_shift_scale_and_rotation_change_nothing(name):
    states, targets = pair(30, 7, 7)
    generator = torch.Generator().manual_seed(3)
    square = torch.randn(7, 7, generator=generator, dtype=torch.float64)
    rotation, _ = torch.linalg.qr(square)
    shift = torch.randn(7, generator=generator, dtype=torch.float64)
    before = float(LOSSES[name](states, targets))
    moved = 3 * states @ rotation + 100 * shift
    assert float(LOSSES[name](moved, targets)) == pytest.approx(before, rel=1e-8)
    assert float(LOSSES[name](states, 0.1 * targets @ rotation - shift)) == pytest.approx(
        before, rel=1e-8
    )


@pytest.mark.parametrize("name", ["cosine", "infonce"])
def test_shift_scale_and_common_rotation_change_nothing(name):
    states, targets = pair(30, 7, 7)
    square = torch.randn(7, 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    rotation, _ = torch.linalg.qr(square)
    before = float(LOSSES[name](states, targets))
    moved = float(LOSSES[name](5 * states @ rotation + 9, targets @ rotation))
    assert moved == pytest.approx(before, rel=1e-8)


def degenerate(kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    states, targets = pair(12, 7, 7)
    if kind == "repeated rows":
        states, targets = states[:3].repeat(4, 1), targets[:3].repeat(4, 1)
    if kind == "constant columns":
        states, targets = states.clone(), targets.clone()
        states[:, 2:5] = 4.0
        targets[:, 0] = -1.0
    if kind == "all rows equal":
        states = states[:1].repeat(12, 1)
    if kind == "nothing but zeros":
        states = torch.zeros_like(states)
    if kind == "two rows":
        states, targets = states[:2], targets[:2]
    return states, targets


@pytest.mark.parametrize(
    "kind",
    ["repeated rows", "constant columns", "all rows equal", "nothing but zeros", "two rows"],
)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_degenerate_batches_give_finite_losses_and_gradients(name, kind, dtype):
    states, targets = (x.to(dtype) for x in degenerate(kind))
    states.requires_grad_()
    loss = LOSSES[name](states, targets)
    loss.backward()
    assert math.isfinite(float(loss.detach()))
    assert torch.isfinite(states.grad).all()


def test_no_ridge_on_too_few_words_is_one_clear_line():
    states, targets = pair(5, 7, 7)
    with pytest.raises(ConfigError, match="--ridge is too small"):
        Dcca(0.0, None).loss(states, targets)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e200])
@pytest.mark.parametrize("loss", ["dcca", "dgcca"])
def test_states_that_blew_up_are_blamed_on_the_step_size(loss, bad):
    states, targets = pair(12, 7, 7)
    states[3, 2] = bad
    statistic = Statistic(loss, Processes("cpu"), None, None, 1e-2, 0.05)
    with pytest.raises(ConfigError, match="states of words .* lower --learning-rate"):
        statistic.gradient(states, [12], Targets(targets, targets, torch.arange(12)), 1.0)


def test_equal_singular_values_do_not_blow_up_the_gradient():
    rows = torch.eye(8, dtype=torch.float64).requires_grad_()  # all squares but one are equal
    _, targets = pair(8, 8, 8)
    Dgcca(3).loss(rows, targets).backward()
    assert torch.isfinite(rows.grad).all()


def test_twins_are_no_wrong_answers():
    _, targets = pair(6, 5, 5)
    twice, words = targets.repeat(2, 1), torch.arange(6).repeat(2)
    assert float(infonce_loss(twice, twice, 0.01, words)) < 0.01
    assert float(infonce_loss(twice, twice, 0.01, torch.arange(12))) > 0.6  # ln 2 at least


def test_newton_schulz_finds_the_polar_factor():
    generator = torch.Generator().manual_seed(0)
    u, _ = torch.linalg.qr(torch.randn(9, 5, generator=generator, dtype=torch.float64))
    v, _ = torch.linalg.qr(torch.randn(5, 5, generator=generator, dtype=torch.float64))
    matrix = u @ torch.diag(torch.tensor([1.0, 0.9, 0.3, 0.05, 0.01], dtype=torch.float64)) @ v.T
    torch.testing.assert_close(newton_schulz(matrix), polar_factor(matrix, None))
    torch.testing.assert_close(newton_schulz(matrix.T), polar_factor(matrix.T, None))


def test_rotation_recovers_a_planted_similarity():
    generator = torch.Generator().manual_seed(0)
    targets = torch.nn.functional.normalize(torch.randn(50, 4, generator=generator), dim=1)
    basis, _ = torch.linalg.qr(torch.randn(6, 4, generator=generator))
    states = 7 * targets @ basis.T + torch.randn(6, generator=generator)
    state_map = StateMap("rotate", 6, 4)
    state_map.fit(states, targets, match=True)
    torch.testing.assert_close(state_map.targets(targets), states, atol=1e-4, rtol=1e-4)


def test_learned_map_begins_as_least_squares():
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(200, 4, generator=generator)
    targets = states @ torch.randn(4, 3, generator=generator) + 2
    state_map = StateMap("learn", 4, 3)
    state_map.fit(states, targets, match=False)
    assert float((state_map.states(states) - targets).detach().abs().max()) < 0.2
