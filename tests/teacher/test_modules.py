"""A language reaches the model: X-MOD reads each text through its own module."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.teachers import WORDS, save_teacher
from x2static.core.errors import TeacherError
from x2static.core.languages.language import same_language
from x2static.core.vector_file import read_vectors
from x2static.teacher import load_teacher


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An X-MOD whose two modules differ and that names none as its own."""
    path = save_teacher(tmp_path_factory.mktemp("xmod") / "m", "xmod")
    config = json.loads((path / "config.json").read_text())
    config["default_language"] = None
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.fixture
def corpus(tmp_path: Path, rng: np.random.Generator) -> Path:
    path = tmp_path / "text.txt"
    lines = [" ".join(rng.choice(WORDS, size=8)) for _ in range(30)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("code", "module"),
    [("de", "de_DE"), ("deu", "de_DE"), ("de-AT", "de_DE"), ("zh_CN", "zh_CN"), ("zho", "zh_CN"),
     ("iw", "he_IL"), ("fr", None)],
)  # fmt: skip
def test_a_code_finds_its_module(code: str, module: str | None) -> None:
    assert same_language(["en_XX", "de_DE", "zh_CN", "he_IL"], code) == module


def test_each_language_has_its_own_states(folder: Path) -> None:
    ids = torch.tensor([[0, 5, 6, 7, 2]])
    states = {}
    for language in ("en", "de"):
        teacher = load_teacher(str(folder), 2, "cpu", "fp32", language=language)
        states[language] = teacher.hidden_states(ids, None)
    assert not torch.allclose(states["en"], states["de"])
    teacher.speak("en")
    torch.testing.assert_close(teacher.hidden_states(ids, None), states["en"], rtol=0, atol=0)


def test_a_model_with_modules_needs_a_language_that_it_has(folder: Path) -> None:
    with pytest.raises(TeacherError, match=r"a module for each .* \(en_XX, de_DE\).*--language"):
        load_teacher(str(folder), 2, "cpu")
    with pytest.raises(TeacherError, match="no module for language 'fr'.* en_XX, de_DE"):
        load_teacher(str(folder), 2, "cpu", language="fr")


def test_a_model_without_modules_takes_any_language(tmp_path: Path) -> None:
    plain = save_teacher(tmp_path / "m")
    assert load_teacher(str(plain), 2, "cpu", language="fr").module is None


def test_distil_reads_through_the_module_of_the_language(
    folder: Path, corpus: Path, tmp_path: Path, run_cli, refuses
) -> None:
    command = ["distill", "--teacher", folder, "--corpus", corpus, "--min-count", 1]
    for language in ("en", "de"):
        code, _, err = run_cli(*command, "--language", language, "--output", tmp_path / language)
        assert code == 0, err
    english, german = (read_vectors(tmp_path / language).matrix for language in ("en", "de"))
    assert not np.allclose(english, german)
    assert json.loads((tmp_path / "de" / "run.json").read_text())["resolved"]["module"] == "de_DE"
    refuses("--language", *command, "--output", tmp_path / "none")


def test_distil_takes_the_language_that_prepare_was_told(
    folder: Path, tmp_path: Path, run_cli
) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("the cat sat on the mat and the dog ran under the house\n" * 20)
    prepared = tmp_path / "de.txt"
    prepare = ["prepare", "--language", "de", "--tokenizer", "icu", "--min-sentences", 1]
    code, _, err = run_cli(*prepare, "--no-deduplicate", "--input", raw, "--output", prepared)
    assert code == 0, err
    code, _, err = run_cli(
        "distill", "--teacher", folder, "--corpus", prepared, "--min-count", 1, "--output",
        tmp_path / "v",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads((tmp_path / "v" / "run.json").read_text())["resolved"]["module"] == "de_DE"


def test_retrieval_encodes_each_side_in_its_language(
    folder: Path, corpus: Path, run_cli, refuses
) -> None:
    command = ["eval", "retrieval", "--model", folder, "--layer", 2, "--json", "-"]
    sides = ["--source", corpus, "--target", corpus]
    found = {}
    for pair in (("en", "en"), ("de", "de"), ("en", "de")):
        code, out, err = run_cli(*command, *sides, "--languages", *pair)
        assert code == 0, err
        found[pair] = json.loads(out)["rows"][0]["accuracy"]
    assert found["en", "en"] == found["de", "de"] == 1.0
    assert found["en", "de"] < 1.0  # the same sentences look different through two modules
    refuses("--languages", *command[:-2], *sides)
    refuses("--languages takes two codes", *command[:-2], *sides, "--languages", "de")


def test_pre_training_sends_each_language_through_its_module(
    tmp_path: Path, corpus: Path, run_cli, refuses, capsys
) -> None:
    from safetensors.torch import load_file

    from tests.continued_pretraining.model.test_modular import build
    from tests.teachers import unigram_tokenizer

    folder = tmp_path / "masked"
    build(("de", "en", "fr")).hugging_face.save_pretrained(folder)
    unigram_tokenizer().save_pretrained(folder)
    command = (
        "pretrain", "--model", folder, "--loss", "none", "--steps", 2, "--block", 16,
        "--mlm-batch", 8, "--device", "cpu", "--output", tmp_path / "m", "--text", f"de={corpus}",
    )  # fmt: skip
    capsys.readouterr()  # what the library said
    refuses("no module for language 'sv'.*de, en, fr", *command, f"sv={corpus}")
    refuses("--modules: .* has modules already", *command, "--modules", "shared")
    code, _, err = run_cli(*command, f"en={corpus}", "--weight-decay", 0.5)
    assert code == 0, err
    before, after = (load_file(p / "model.safetensors") for p in (folder, tmp_path / "m"))
    for name in before:
        if ".adapter_modules." in name:
            assert before[name].equal(after[name]) == (".fr." in name), name
