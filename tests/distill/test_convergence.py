"""Held-out text and when to stop: planted losses, planted data, whole runs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.distill.conftest import write_corpus
from tests.teachers import WORDS
from x2static.distill.learning import materials
from x2static.distill.learning.convergence import PATIENCE, Convergence
from x2static.distill.learning.held_out import choose_held_out
from x2static.distill.readings.corpus_index import CorpusIndex


def judged(losses, saved=None):
    """A convergence that meets the given losses, table n holding n."""
    ahead = iter(losses)
    convergence = Convergence(lambda _table: next(ahead), saved)
    stopped = None
    for epoch in range(1, len(losses) + 1):
        convergence.judge(torch.full((2, 2), float(epoch)))
        if convergence.is_reached:
            stopped = epoch
            break
    return convergence, stopped


@pytest.mark.parametrize(
    ("losses", "stopped", "best"),
    [
        ([5, 4, 3, 3.5, 3.6, 3.1, 1], 6, 3),  # three epochs without a gain end it
        ([5, 4, 4.5, 4.6, 2, 1], None, 6),  # two do not
        ([5, 4.999, 4.998, 4.9979, 4], 4, 4),  # gains of a trifle count as none, the lowest is kept
        ([5, 5, 5, 5], 4, 1),
        ([5], None, 1),
    ],
)
def test_training_stops_where_the_loss_does(losses, stopped, best):
    convergence, found = judged(losses)
    assert found == stopped
    assert convergence.best_epoch == best
    assert convergence.best is not None
    assert float(convergence.best[0, 0]) == best


def test_a_loss_that_is_no_number_ends_it():
    convergence, stopped = judged([5.0, float("nan"), float("nan"), float("nan")])
    assert stopped == 1 + PATIENCE
    assert convergence.best_epoch == 1


def test_a_restored_judge_decides_like_the_one_saved():
    losses = [5.0, 4.0, 4.5, 3.9999, 4.2]  # ends at the last
    whole, stopped = judged(losses)
    half, _ = judged(losses[:2])
    ahead = iter(losses[2:])
    restored = Convergence(lambda _table: next(ahead), half.state())
    for epoch in range(3, stopped + 1):
        assert not restored.is_reached
        restored.judge(torch.full((2, 2), float(epoch)))
    assert restored.is_reached
    assert restored.losses == whole.losses
    assert torch.equal(restored.best, whole.best)


def index_of(sentences):
    words = sorted({word for sentence in sentences for word in sentence})
    numbers = np.array(
        [words.index(word) for sentence in sentences for word in sentence], dtype=np.int32
    )
    return CorpusIndex(
        words,
        np.bincount(numbers, minlength=len(words)),
        numbers,
        np.cumsum([len(sentence) for sentence in sentences]),
    )


def test_no_word_is_held_out_altogether(rng):
    sentences = [[f"w{n % 50}", f"rare{n}" if n % 2 else "common"] for n in range(1000)]
    index = index_of(sentences)
    held = choose_held_out(index, 0.2, seed=0)
    assert 50 < held.sum() <= 200
    assert not any("rare" in word for n in np.flatnonzero(held) for word in sentences[n])
    again = choose_held_out(index, 0.2, seed=0)
    np.testing.assert_array_equal(held, again)
    assert (held != choose_held_out(index, 0.2, seed=1)).any()


@pytest.fixture
def converge(run_cli, tmp_path, teacher_folder, monkeypatch):
    """A run on planted text: each sentence keeps to one of three topics, so contexts tell words."""
    monkeypatch.setattr(materials, "_POOL_SENTENCES", 64)
    rng = np.random.default_rng(0)
    topics = rng.integers(0, 3, 400)
    corpus = tmp_path / "c.txt"
    corpus.write_text("".join(" ".join(rng.choice(WORDS[t::3], 6)) + "\n" for t in topics))

    def run(output, *extra):
        return run_cli(
            "distill", "--corpus", corpus, "--teacher", teacher_folder, "--output", output,
            "--device", "cpu", "--min-count", 2, "--preset", "paper", "--threshold", 1,
            "--learning-rate", 0.2, "--held-out", 0.2, "--checkpoint-minutes", 0, *extra,
        )  # fmt: skip

    return run


def passes(folder):
    return json.loads((folder / "run.json").read_text())["counts"]["passes"]["learning"]


def test_a_run_stops_by_itself_and_says_what_it_saw(converge, tmp_path):
    code, _, err = converge(tmp_path / "v")
    assert code == 0, err
    losses = passes(tmp_path / "v")["held_out_losses"]
    assert PATIENCE < len(losses) < 100
    assert min(losses) < losses[0]
    assert passes(tmp_path / "v")["best_epoch"] == losses.index(min(losses)) + 1
    assert f"epoch {len(losses)}: held-out loss {losses[-1]:.4f}" in err


def test_held_out_sentences_are_not_learned_from(converge, tmp_path, monkeypatch):
    from x2static.distill.learning.learners import SampledLearner

    learn, seen = SampledLearner.learn, set()

    def watching(self, pool, readings, rng):
        seen.update(pool.sentences.tolist())
        return learn(self, pool, readings, rng)

    monkeypatch.setattr(SampledLearner, "learn", watching)
    assert converge(tmp_path / "v")[0] == 0
    assert 300 < len(seen) < 400


@pytest.mark.parametrize("stop_at", [2, 6, 7, 8, 13])
def test_a_run_killed_anywhere_goes_on_to_the_same_bytes(converge, tmp_path, monkeypatch, stop_at):
    from x2static.distill.learning.learners import SampledLearner

    class Killed(BaseException):
        pass

    assert converge(tmp_path / "whole")[0] == 0
    learn, calls = SampledLearner.learn, []

    def stopping(self, *arguments):
        calls.append(1)
        if len(calls) > stop_at:
            raise Killed
        return learn(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(SampledLearner, "learn", stopping)
        with pytest.raises(Killed):
            converge(tmp_path / "torn")
    code, _, err = converge(tmp_path / "torn", "--resume")
    assert code == 0, err
    for name in ("vectors.safetensors",):
        assert (tmp_path / "torn" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert passes(tmp_path / "torn") == passes(tmp_path / "whole")


def test_sentences_cut_in_parts_are_held_out_as_parts(run_cli, tmp_path, teacher_folder):
    """The teacher reads 40 pieces; of a longer sentence each part is a sentence of its own."""
    rng = np.random.default_rng(0)
    corpus = tmp_path / "c.txt"
    corpus.write_text("".join(" ".join(rng.choice(WORDS, 60)) + "\n" for _ in range(100)))
    code, _, err = run_cli(
        "distill", "--corpus", corpus, "--teacher", teacher_folder, "--output", tmp_path / "v",
        "--device", "cpu", "--min-count", 1, "--preset", "paper", "--threshold", 1,
        "--held-out", 0.3, "--learning-rate", 0.2,
    )  # fmt: skip
    assert code == 0, err
    assert passes(tmp_path / "v")["held_out_losses"]


def test_too_little_text_to_hold_out_says_so(run_cli, tmp_path, teacher_folder):
    code, _, err = run_cli(
        "distill", "--corpus", write_corpus(tmp_path / "c.txt", 30), "--teacher", teacher_folder,
        "--output", tmp_path / "v", "--device", "cpu", "--min-count", 1, "--preset", "paper",
        "--threshold", 1,
    )  # fmt: skip
    assert code == 0, err
    assert "too few to judge when to stop: 10 epochs" in err
    assert "held_out_losses" not in passes(tmp_path / "v")
