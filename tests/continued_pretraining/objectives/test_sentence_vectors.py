"""Sentence vectors: the losses against plain loops, targets found by key, and they are learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from continued_pretraining.objectives.sentence_vectors import targets as targets_module
from continued_pretraining.objectives.sentence_vectors.losses import (
    Compared,
    sentence_loss,
    share_found,
)
from continued_pretraining.objectives.sentence_vectors.targets import TargetMap, sentence_vectors
from continued_pretraining.text.pairs.keyed_text import key_number
from tests.continued_pretraining.test_pairs import flags, write_bitext
from tests.continued_pretraining.test_runs import curve
from tests.teachers import save_teacher
from x2static.core.text.pair_sources import PairText


@pytest.fixture(scope="module")
def bitext(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bitext(tmp_path_factory.mktemp("bitext"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_teacher(tmp_path_factory.mktemp("encoder") / "encoder")


def plain_loss(states, meanings, targets, has_target, losses, temperature) -> float:
    """The definition, one sentence at a time."""
    unit = states / np.linalg.norm(states, axis=1, keepdims=True)
    number = len(meanings)
    sides = unit[:number], unit[number:]

    def find(row, columns, right, own):
        wrong = [
            c
            for c in range(len(columns))
            if c != right and meanings[own[c]] != meanings[own[right]]
        ]
        scores = np.array([row @ columns[c] for c in [right, *wrong]]) / temperature
        return float(np.log(np.exp(scores).sum()) - scores[0])

    total = 0.0
    everyone = list(range(number))
    if "translations" in losses:
        one = np.mean([find(sides[0][i], sides[1], i, everyone) for i in everyone])
        other = np.mean([find(sides[1][i], sides[0], i, everyone) for i in everyone])
        total += (one + other) / 2
    rows = [i for i in everyone if has_target[i]]
    goal = [targets[i] / np.linalg.norm(targets[i]) for i in rows]
    if "targets" in losses:
        total += np.mean(
            [find(side[i], goal, n, rows) for side in sides for n, i in enumerate(rows)]
        )
    if "cosine" in losses:
        total += np.mean([1 - side[i] @ goal[n] for side in sides for n, i in enumerate(rows)])
    return total


@pytest.mark.parametrize(
    "losses", [("translations",), ("targets",), ("cosine",), ("translations", "targets", "cosine")]
)
def test_losses_are_those_of_a_plain_loop(rng, losses):
    states, targets = rng.normal(size=(12, 5)), rng.normal(size=(6, 5))
    meanings = np.array([0, 1, 2, 1, 3, 4])
    has_target = np.array([True, True, False, True, True, False])
    compared = Compared(*(torch.from_numpy(one) for one in (meanings, targets, has_target)))
    found = sentence_loss(torch.from_numpy(states), compared, losses, 0.3)
    assert float(found) == pytest.approx(
        plain_loss(states, meanings, targets, has_target, losses, 0.3), rel=1e-5
    )


def test_the_share_found_counts_whoever_says_the_same():
    states = torch.eye(3).repeat(2, 1)
    states[1], states[4] = states[0].clone(), states[0].clone()
    assert float(share_found(states, torch.tensor([0, 0, 1]))) == 1.0
    assert float(share_found(states, torch.tensor([0, 2, 1]))) == pytest.approx(4 / 6)


def test_the_map_keeps_cosines(rng):
    rows = rng.normal(size=(300, 6)).astype(np.float16)
    vectors = targets_module.SentenceVectors(np.arange(300, dtype=np.uint64), np.arange(300), rows)
    mapped = TargetMap.fitted([vectors], 9, 0)(rows[:20].astype(np.float32))
    centred = rows[:20].astype(np.float64) - rows.astype(np.float64).mean(axis=0)
    assert np.allclose(mapped @ mapped.T, centred @ centred.T, atol=1e-3)
    narrow = TargetMap.fitted([vectors], 2, 0)
    assert np.allclose(narrow.directions.T @ narrow.directions, np.eye(2), atol=1e-6)


def test_vectors_are_made_once_in_parts_that_stay(tmp_path, bitext, encoder, monkeypatch):
    text = PairText(bitext / "en.tsv", "keyed")
    (whole,) = sentence_vectors(str(encoder), [text], ["x"], tmp_path / "whole", "cpu")
    keys = [key_number(key) for key, _ in text.read()]
    assert whole.rows(np.array(keys[::-1], dtype=np.uint64)).shape == (len(keys), 16)
    norms = np.linalg.norm(whole.rows(np.array(keys, dtype=np.uint64)), axis=1)
    assert np.allclose(norms, 1, atol=2e-3)

    monkeypatch.setattr(targets_module, "_AT_ONCE", 20)
    read, calls = targets_module.SentenceReader.read, []

    def read_thrice(self, sentences):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(len(sentences))
        return read(self, sentences)

    with monkeypatch.context() as patched:
        patched.setattr(targets_module.SentenceReader, "read", read_thrice)
        with pytest.raises(KeyboardInterrupt):
            sentence_vectors(str(encoder), [text], ["x"], tmp_path / "torn", "cpu")
    assert len([*(tmp_path / "torn").glob("*.parts/*.npz")]) == 2
    (torn,) = sentence_vectors(str(encoder), [text], ["x"], tmp_path / "torn", "cpu")
    numbers = np.array(keys, dtype=np.uint64)
    assert np.allclose(torn.rows(numbers), whole.rows(numbers), atol=1e-3)
    assert not [*(tmp_path / "torn").glob("*.parts")]


@pytest.mark.parametrize("losses", [("translations",), ("targets", "cosine")], ids=" ".join)
def test_sentences_find_each_other(tmp_path, bitext, encoder, model_folder, run_cli, losses):
    more = ("--sentence-encoder", encoder) if "targets" in losses else ()
    code, _, err = run_cli(
        *flags(
            bitext, model_folder, tmp_path / "out", "--mlm-weight", 0, "--tlm-weight", 0,
            "--sentence-weight", 1, "--sentence-batch", 16, "--sentence-loss", *losses, "--steps",
            60, "--learning-rate", "1e-2", "--validate-every", 60, "--log-every", 30, *more,
        )
    )  # fmt: skip
    assert code == 0, err
    held = [row["validation"] for row in curve(tmp_path / "out") if "validation" in row]
    assert held[0]["sentences"] > 1.5
    assert held[-1]["sentences"] < 0.75 * held[0]["sentences"], held
    assert held[-1]["sentences_found"] > held[0]["sentences_found"]


def test_micro_batches_change_no_gradient(tmp_path, bitext, data, model_folder):
    from tests.continued_pretraining.training.test_update import build

    found = []
    for budget in (12, 2000):
        materials, updater = build(
            data, model_folder, tmp_path / str(budget), text=(), vectors=(), loss="none",
            mlm_weight=0.0, tlm_weight=0.0, sentence_weight=1.0, sentence_batch=8,
            bitext=(f"{bitext}/*.tsv",), micro_tokens=budget,
        )  # fmt: skip
        updater.run(1)
        named = materials.model.hugging_face.named_parameters()
        found.append({name: p.grad.clone() for name, p in named if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    assert found[0]
    for name, gradient in found[0].items():
        assert torch.allclose(gradient, found[1][name], atol=1e-5, rtol=1e-3), name
