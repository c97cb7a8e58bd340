"""Whole runs on sentence pairs: they learn, resume to the same bytes, and several are as one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.continued_pretraining.conftest import save_masked_model
from tests.continued_pretraining.test_runs import NEVER, curve, finish, together, weights
from tests.teachers import WORDS


def write_bitext(folder: Path, sentences: int = 120) -> Path:
    """Keyed texts of three languages that say one sentence in other words of the same list."""
    rng = np.random.default_rng(7)
    drawn = [rng.integers(12, size=rng.integers(3, 9)) for _ in range(sentences)]
    for shift, language in enumerate(("de", "en", "fr")):
        rows = [" ".join(WORDS[(number + 4 * shift) % 12] for number in one) for one in drawn]
        text = "".join(f"{key:04d}\t{row}\n" for key, row in enumerate(rows) if key % (shift + 4))
        (folder / f"{language}.tsv").write_text(text)
    return folder


def flags(bitext: Path, model: Path, output: Path, *extra: object) -> list[str]:
    given = [
        "pretrain", "--bitext", bitext / "*.tsv", "--output", output, "--model", model, "--loss",
        "none", "--steps", 10, "--block", 40, "--tlm-batch", 6, "--validation-sequences", 20,
        "--validate-every", 5, "--precision", "fp32", "--device", "cpu", "--log-every", 1,
        "--learning-rate", "1e-3", "--warmup", 2, *extra,
    ]  # fmt: skip
    return [str(value) for value in given]


@pytest.fixture(scope="module")
def bitext(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bitext(tmp_path_factory.mktemp("bitext"))


def test_ten_updates_are_five_a_stop_and_five(tmp_path, data, bitext, run_cli, stopped_at):
    model = save_masked_model(tmp_path / "model", dropout=0.2)
    extra = (
        "--text", data / "*.txt", "--mlm-batch", 5, "--unit", "lines", "--temperature", 2,
        "--sentence-weight", 1, "--sentence-batch", 5, "--robust", "chi-square",
        "--robust-rounds", 3,
    )  # fmt: skip
    code, _, err = run_cli(*flags(bitext, model, tmp_path / "whole", *extra))
    assert code == 0, err
    assert "sentence pairs: " in err
    assert "TLM loss" in err
    with stopped_at(4):
        out = run_cli(*flags(bitext, model, tmp_path / "torn", *extra))[1]
    assert "stopped after 5 of 10" in out
    code, _, err = run_cli(*flags(bitext, model, tmp_path / "torn", *extra, "--resume"))
    assert code == 0, err
    assert weights(tmp_path / "torn") == weights(tmp_path / "whole")
    assert curve(tmp_path / "torn") == curve(tmp_path / "whole")
    reports = [(tmp_path / name / "robust.json").read_text() for name in ("torn", "whole")]
    assert reports[0] == reports[1]


def test_two_processes_do_what_one_does(tmp_path, bitext, model_folder):
    arguments = flags(
        bitext, model_folder, tmp_path / "one", "--mlm-weight", 0, "--tlm-batch", 7, "--steps", 4,
        "--trtd-weight", 1, "--trtd-batch", 5, "--sentence-weight", 1, "--sentence-batch", 5,
        "--robust", "chi-square", "--robust-rounds", 2,
    )  # fmt: skip
    assert finish(NEVER, arguments)[0] == 0
    arguments[arguments.index(str(tmp_path / "one"))] = str(tmp_path / "two")
    ends = [child.finish() for child in together(arguments)]
    assert [code for code, _, _ in ends] == [0, 0], ends
    for one, two in zip(curve(tmp_path / "one"), curve(tmp_path / "two"), strict=True):
        for name in ("tlm", "trtd_generator", "trtd", "sentences", "gradient_norm"):
            if name in one:
                assert two[name] == pytest.approx(one[name], rel=1e-4), (one["step"], name)
    first, second = (json.loads((tmp_path / n / "robust.json").read_text()) for n in ("one", "two"))
    for row, other in zip(first["pairs"], second["pairs"], strict=True):
        assert row["pair"] == other["pair"]
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-4)
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for name, tensor in one.items():
        assert np.allclose(tensor, two[name], atol=1e-4), name


def test_a_hidden_word_is_found_in_the_other_language(tmp_path, model_folder, run_cli):
    """Sentences of one word: what is hidden can be known from the translation alone."""
    for language, words in (("de", WORDS[:6]), ("en", WORDS[6:12])):
        text = "".join(f"{key:04d}\t{words[key * 7 % 6]}\n" for key in range(300))
        (tmp_path / f"{language}.tsv").write_text(text)
    arguments = flags(
        tmp_path, model_folder, tmp_path / "out", "--mlm-weight", 0, "--steps", 120, "--tlm-batch",
        24, "--learning-rate", "1e-2", "--validate-every", 120,
    )  # fmt: skip
    code, _, err = run_cli(*arguments)
    assert code == 0, err
    held = [row["validation"]["tlm"] for row in curve(tmp_path / "out") if "validation" in row]
    assert held[0] > np.log(6)
    assert held[-1] < 0.5 * np.log(6)
