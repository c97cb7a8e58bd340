"""Languages as means of sentence states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.teachers import WORDS, save_teacher
from x2static.languages.represent.means import read_means
from x2static.languages.represent.moments import SentenceMoments
from x2static.teacher.sentence_states import SentenceReader, SentenceState

SENTENCES = ["the cat sat", "a dog ran on the mat", "mouse", "the big house and the old tree"]


@pytest.fixture
def lines(rng: np.random.Generator) -> str:
    return "".join(" ".join(rng.choice(WORDS, size)) + "\n" for size in rng.integers(1, 9, 60))


@pytest.mark.parametrize("kind", ["xlm-roberta", "bert", "modernbert"])
def test_states_are_transformers_own_whatever_the_batch(tmp_path: Path, kind: str) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = save_teacher(tmp_path / kind, kind)
    states = [SentenceState(layer, pool) for layer in (0, 2, 4) for pool in ("cls", "mean")]  # type: ignore[arg-type]
    one = SentenceReader(str(folder), states, max_pieces=40, batch_pieces=1000, device="cpu")
    rows, is_read = one.read([*SENTENCES, ""])
    assert is_read.tolist() == [True] * 4 + [False]
    model, tokenizer = (
        AutoModel.from_pretrained(folder).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    for number, sentence in enumerate(SENTENCES):
        with torch.no_grad():
            found = model(**tokenizer(sentence, return_tensors="pt"), output_hidden_states=True)
        for place, state in enumerate(states):
            hidden = found.hidden_states[state.layer][0].numpy()
            if state.layer == 4:
                hidden = found.last_hidden_state[0].numpy()
            wanted = hidden[0] if state.pool == "cls" else hidden[1:-1].mean(axis=0)
            np.testing.assert_allclose(rows[place, number], wanted, rtol=2e-4, atol=2e-4)


def test_moments_are_those_of_all_rows_at_once(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((2, 37, 5)).astype(np.float32)
    moments = SentenceMoments.empty(2, 5)
    for part in (rows[:, :10], rows[:, 10:11], rows[:, 11:]):
        moments.add(part)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=1), rtol=1e-5, atol=1e-6)
    wanted = rows.astype(np.float64).std(axis=1, ddof=1) / np.sqrt(37)
    np.testing.assert_allclose(moments.errors, wanted, rtol=1e-6)
    even, odd = rows[:, ::2].mean(axis=1), rows[:, 1::2].mean(axis=1)
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(even, odd, strict=True)]
    np.testing.assert_allclose(moments.gaps, 1 - np.array(cosine), rtol=1e-4)


def test_represent_writes_means_that_read_back(tmp_path: Path, run_cli: Any, lines: str) -> None:
    teacher = save_teacher(tmp_path / "teacher")
    for code in ("de", "fr"):
        (tmp_path / f"{code}.txt").write_text(lines if code == "de" else lines[::-1].strip())
    answer = run_cli(
        "languages", "represent", "--model", teacher, "--text", tmp_path / "*.txt", "--layer", 2,
        "-1", "--pool", "cls", "mean", "--output", tmp_path / "means", "--device", "cpu",
        "--precision", "fp32",
    )  # fmt: skip
    assert answer[0] == 0, answer
    means = read_means(tmp_path / "means")
    assert means.languages == ("de", "fr")
    assert means.states == ("2.cls", "2.mean", "4.cls", "4.mean")
    states = [SentenceState(4, "cls")]
    reader = SentenceReader(str(teacher), states, max_pieces=40, batch_pieces=100, device="cpu")
    wanted = reader.read(lines.split("\n")[:-1])[0][0].mean(axis=0)
    np.testing.assert_allclose(means.of(2)[0], wanted, rtol=1e-4, atol=1e-5)
    assert means.counts.sum(axis=1)[0] == 60
    assert run_cli(
        "languages", "distance", "--languages", "de", "fr", "--kind", "representation", "script",
        "--representations", tmp_path / "means", "--output", tmp_path / "d.tsv",
    )[0] == 0  # fmt: skip
    assert "representation.4.cls.centred" in (tmp_path / "d.tsv").read_text()


def test_a_killed_run_goes_on_to_the_same_bytes(
    tmp_path: Path, run_cli: Any, lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from x2static.languages.represent import stage

    teacher = save_teacher(tmp_path / "teacher")
    for code in ("de", "fr"):
        (tmp_path / f"{code}.txt").write_text(lines)
    words = [
        "languages",
        "represent",
        "--model",
        teacher,
        "--text",
        tmp_path / "*.txt",
        "--device",
        "cpu",
    ]
    assert run_cli(*words, "--output", tmp_path / "a")[0] == 0
    real = stage._read_language

    def stop(reader: Any, paths: Any, config: Any, progress: Any, code: str) -> Any:
        if code == "fr":
            raise KeyboardInterrupt
        return real(reader, paths, config, progress, code)

    monkeypatch.setattr(stage, "_read_language", stop)
    assert run_cli(*words, "--output", tmp_path / "b")[0] == 130
    monkeypatch.setattr(stage, "_read_language", real)
    assert "an unfinished run is there" in run_cli(*words, "--output", tmp_path / "b")[2]
    assert run_cli(*words, "--output", tmp_path / "b", "--resume")[0] == 0
    first, second = (tmp_path / name / "means.npz" for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert not (tmp_path / "b.unfinished").exists()


def test_enough_sentences_stop_a_language(
    tmp_path: Path, run_cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from x2static.languages.represent import stage

    monkeypatch.setattr(stage, "_AT_ONCE", 16)
    teacher = save_teacher(tmp_path / "teacher")
    (tmp_path / "de.txt").write_text("the cat sat\n" * 400)
    words = [
        "languages",
        "represent",
        "--model",
        teacher,
        "--text",
        tmp_path / "de.txt",
        "--device",
        "cpu",
    ]
    assert run_cli(*words, "--output", tmp_path / "a", "--enough", "0.001")[0] == 0
    assert read_means(tmp_path / "a").counts.sum() == 48
