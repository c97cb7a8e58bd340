"""Faults of the published code, repeated on request, against a slow transcription."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from continued_pretraining.objectives.word_alignment.statistic import Statistic, Targets
from continued_pretraining.processes import Processes
from tests.continued_pretraining.objectives.test_correlations import normal, related
from tests.continued_pretraining.training.test_update import aligner_of, build

FAULTS = ("batches", "centring")


def published(states: np.ndarray, targets: np.ndarray, k: int = 10) -> float:
    """The mean over every 64 rows; each entry less the mean of row (i m + j) mod N."""
    losses = []
    for first in range(0, len(states), 64):
        spans = []
        for view in (states[first : first + 64], targets[first : first + 64]):
            size, width = view.shape
            moved = view.copy()
            for i in range(size):
                for j in range(width):
                    moved[i, j] -= view[(i * width + j) % size].mean()
            spans.append(np.linalg.svd(moved, full_matrices=False)[0][:, :k])
        losses.append(-np.linalg.svd(np.hstack(spans), compute_uv=False)[:k].sum())
    return float(np.mean(losses))


def test_dgcca_with_its_faults_is_what_was_published():
    states, targets = normal(150, 24, 1) + 0.3, related(150, 24, 1, 0.6)
    statistic = Statistic("dgcca", Processes("cpu"), None, None, 0.0, 0.05, 0.0, FAULTS)
    loss, gradient = statistic.gradient(states.clone(), [150], targets, 1.0)
    assert float(loss) == pytest.approx(published(states.numpy(), targets.vectors.numpy()), 1e-6)
    moved = states.clone()
    moved[70, 3] += 1e-6
    after = published(moved.numpy(), targets.vectors.numpy())
    before = published(states.numpy(), targets.vectors.numpy())
    assert float(gradient[70, 3]) == pytest.approx((after - before) / 1e-6, rel=1e-3)
    assert statistic.chance().loss == pytest.approx(float(loss), rel=1e-6)


def test_a_third_of_the_published_range_is_chance():
    """64 rows of 768 numbers: unrelated views score about -11.45 of -10 to -14.14."""
    vectors = normal(64, 768, 2)
    targets = Targets(vectors, vectors, torch.arange(64))
    statistic = Statistic("dgcca", Processes("cpu"), None, None, 0.0, 0.05, 0.0, ("batches",))
    loss, _ = statistic.gradient(normal(64, 768, 1), [64], targets, 1.0)
    assert float(loss) == pytest.approx(-11.45, abs=0.15)
    assert statistic.chance().share == pytest.approx(0.35, abs=0.04)


def test_padding_that_is_attended_to(tmp_path, data, model_folder):
    materials, _ = build(
        data,
        model_folder,
        tmp_path,
        loss="mse",
        pool="all",
        repeat_faults=("padding",),
        projection="none",
    )
    aligner, model = aligner_of(materials), materials.model.hugging_face.eval()
    draw = aligner.draw(0)
    found = aligner.encode(draw)
    ids = [ids.tolist() for ids in aligner.ids_of(draw)]
    longest = max(map(len, ids))
    assert len({len(word) for word in ids}) > 1
    for word, state in zip(ids, found, strict=True):
        row = [0, *word, 2, *[1] * (longest - len(word))]
        with torch.no_grad():
            states = model.base_model(
                input_ids=torch.tensor([row]), attention_mask=torch.ones(1, len(row))
            ).last_hidden_state[0]
        torch.testing.assert_close(state, states.mean(dim=0), atol=1e-4, rtol=1e-4)


def test_settings_that_do_not_go_together(refuses, data, model_folder, tmp_path):
    arguments = (
        "pretrain", "--text", data / "*.txt", "--vectors", data / "*.vec", "--model", model_folder,
        "--output", tmp_path / "out", "--repeat-faults",
    )  # fmt: skip
    refuses("--repeat-faults speed: known are padding, centring, batches", *arguments, "speed")
    refuses("--repeat-faults padding needs --pool all", *arguments, "padding")
    refuses("need --loss dgcca or dcca", *arguments, "batches", "--loss", "mse")
    refuses("drop --memory", *arguments, "batches", "--memory", 100)
