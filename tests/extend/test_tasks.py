"""Tasks learned in one language and tested in one that was added: its vocabulary is swapped in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.eval.downstream_pieces import tagged_text
from tests.extend.conftest import Command
from x2static.core.errors import ConfigError
from x2static.core.vector_file import read_vectors
from x2static.teacher import load_teacher
from x2static.teacher.parts import check_part_names, learn_only, weights_of

FINNISH = "kissa\tNOUN\nistui\tVERB\nmatolla\tNOUN\n\nkoira\tNOUN\njuoksi\tVERB\n\n" * 6


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "train.tsv").write_text(tagged_text(40))
    (tmp_path / "test-en.tsv").write_text(tagged_text(8))
    (tmp_path / "test-fi.tsv").write_text(FINNISH)
    return tmp_path


def command(extended: Path, files: Path, *more: object) -> list[object]:
    return [
        "eval", "tagging", "--model", extended, "--train", files / "train.tsv", "--test",
        files / "test-en.tsv", files / "test-fi.tsv", "--seeds", 1, "--epochs", 2, "--batch", 8,
        "--learning-rate", 0.01, "--device", "cpu", "--output", files / "out", "--keep-models",
        *more,
    ]  # fmt: skip


def test_the_vocabulary_of_the_tests_language_is_swapped_in(
    extended: Path, files: Path, run_cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval.downstream.pretrained import Reader

    rows: list[tuple[str, int]] = []
    real = Reader.speak

    def speak(self: Reader, language: str | None, flag: str = "--languages") -> None:
        real(self, language, flag)
        rows.append((self.vocabulary, self.model.get_input_embeddings().num_embeddings))

    monkeypatch.setattr(Reader, "speak", speak)
    code, _, err = run_cli(*command(extended, files))
    assert code == 0, err
    own = json.loads((extended / "config.json").read_text())["vocab_size"]
    english, finnish = ("", own), ("fi", 36)
    assert rows == [english, finnish, english, english, finnish]
    scores = json.loads((files / "out" / "scores.json").read_text())
    assert {row["language"] for row in scores["rows"]} == {"en", "fi"}
    before = load_file(extended / "model.safetensors")
    (kept,) = (files / "out").rglob("model.safetensors")
    after = load_file(kept)
    changed = {name for name in before if name in after and not before[name].equal(after[name])}
    assert changed
    assert not any("embeddings" in name for name in changed)
    # A kept model is read again for a test whose scores are gone, and answers alike.
    seed = files / "out" / "model" / "seed-0"
    wanted = (seed / "tags.fi.predictions.tsv").read_text()
    for path in seed.glob("tags.fi.*"):
        path.unlink()
    code, _, err = run_cli(*command(extended, files), "--resume")
    assert code == 0, err
    assert (seed / "tags.fi.predictions.tsv").read_text() == wanted


def test_what_is_frozen_can_be_said(extended: Path, files: Path, run_cli: Command) -> None:
    code, _, err = run_cli(*command(extended, files, "--freeze", "embeddings+blocks:1"))
    assert code == 0, err
    before = load_file(extended / "model.safetensors")
    (kept,) = (files / "out").rglob("model.safetensors")
    after = load_file(kept)
    changed = {name for name in before if name in after and not before[name].equal(after[name])}
    assert {name.split(".")[3] for name in changed if ".layer." in name} == {"1", "2"}


def test_vectors_are_distilled_in_the_added_language(
    extended: Path, text: Path, tmp_path: Path, run_cli: Command
) -> None:
    code, _, err = run_cli(
        "distill", "--corpus", text, "--teacher", extended, "--language", "fi", "--min-count", 1,
        "--layer", 2, "--device", "cpu", "--output", tmp_path / "fi",
    )  # fmt: skip
    assert code == 0, err
    assert "kissa" in read_vectors(tmp_path / "fi")


def test_sentences_of_both_sides_are_read_in_their_own_vocabulary(
    extended: Path, tmp_path: Path, run_cli: Command
) -> None:
    (tmp_path / "en.txt").write_text("the cat sat\na dog ran\nthe big house\n")
    (tmp_path / "fi.txt").write_text("kissa istui\nkoira juoksi\nsuuri talo\n")
    code, out, err = run_cli(
        "eval", "retrieval", "--model", extended, "--source", tmp_path / "fi.txt", "--target",
        tmp_path / "en.txt", "--layer", 2, "--languages", "fi", "en", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert "accuracy" in out


def test_parts_are_disjoint_and_make_up_the_model(base: Path) -> None:
    import transformers

    model = transformers.AutoModelForMaskedLM.from_pretrained(base)
    parts = {
        part: weights_of(model, [part], "-") for part in ("words", "positions", "blocks", "head")
    }
    assert parts["words"] == {"roberta.embeddings.word_embeddings.weight", "lm_head.bias"}
    names = [name for part in parts.values() for name in part]
    assert len(names) == len(set(names))
    left = {name for name, _ in model.named_parameters()} - set(names) - {"lm_head.decoder.weight"}
    assert all(name.startswith("roberta.embeddings.") for name in left)
    blocks = [weights_of(model, [f"block-{n}"], "-") for n in (1, 2, 3)]
    assert set.union(*blocks) == parts["blocks"]
    learn_only(model, ("words",), ())
    assert {id(p) for p in model.parameters() if p.requires_grad} == {
        id(model.get_input_embeddings().weight),
        id(model.lm_head.bias),
    }
    with pytest.raises(ConfigError, match=r"block-4: this xlm-roberta has no such part"):
        weights_of(model, ["block-4"], "--freeze")
    with pytest.raises(ConfigError, match="no part of a model.*embeddings"):
        check_part_names(["embedings"], "--freeze")


def test_the_teacher_goes_back_and_forth(extended: Path, rng: np.random.Generator) -> None:
    teacher = load_teacher(str(extended), 2, "cpu", "fp32", language="fi")
    ids = torch.from_numpy(rng.integers(4, 30, size=(2, 7)))
    finnish = teacher.hidden_states(ids, None)
    pieces = teacher.pieces.encode(["kissa"]).ids
    teacher.speak("en")
    assert not torch.equal(teacher.hidden_states(ids, None), finnish)
    teacher.speak("fi")
    assert torch.equal(teacher.hidden_states(ids, None), finnish)
    np.testing.assert_array_equal(teacher.pieces.encode(["kissa"]).ids, pieces)
