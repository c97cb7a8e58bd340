"""``x2static vocabulary`` from texts to a tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Cli = Callable[..., tuple[int, str, str]]
FLAGS = ("--size", "300", "--no-compare", "--max-length", "64")


def write_language(folder: Path, name: str, letters: str, stems: int, lines: int = 200) -> None:
    """Lines of words with few or many stems."""
    rng = np.random.default_rng(len(name) + stems)
    words = ["".join(rng.choice(list(letters), 6)) for _ in range(stems)]
    text = "".join(" ".join(rng.choice(words, 8)) + "\n" for _ in range(lines))
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    write_language(tmp_path, "de", "abcdefgh", 300)
    write_language(tmp_path, "ru", "абвгдежз", 60)
    return tmp_path


def load(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_the_tokenizer_has_the_size_asked_for_and_reads_both_languages(
    texts: Path, run_cli: Cli
) -> None:
    out = texts / "out"
    code, _, err = run_cli("vocabulary", "--text", texts / "*.txt", "--output", out, *FLAGS)
    assert code == 0, err
    tokenizer = load(out)
    assert len(tokenizer) == 300
    assert tokenizer.mask_token_id == 299
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<s>", "<pad>", "</s>", "<unk>"]
    line = (texts / "ru.txt").read_text(encoding="utf-8").splitlines()[0]
    ids = tokenizer(line)["input_ids"]
    assert (ids[0], ids[-1]) == (0, 2)
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == line


def test_many_kinds_of_words_get_more_pieces_than_few(texts: Path, run_cli: Cli) -> None:
    out = texts / "out"
    flags = ("--text", texts / "*.txt", "--output", out, "--json", *FLAGS)
    _, printed, _ = run_cli("vocabulary", *flags)
    rows = {row["language"]: row for row in json.loads(printed)["rows"]}
    assert rows["de"]["size"] > rows["ru"]["size"]
    assert rows["ru"]["pieces_a_word"] < 2  # all its words fit in


def test_a_plain_model_is_compared_at_the_same_size(texts: Path, run_cli: Cli) -> None:
    out = texts / "out"
    code, printed, err = run_cli(
        "vocabulary", "--text", texts / "*.txt", "--output", out, "--size", "300"
    )
    assert code == 0, err
    assert "plain: pieces/word" in printed


def test_the_same_texts_give_the_same_bytes(texts: Path, run_cli: Cli) -> None:
    for name in ("one", "two"):
        run_cli("vocabulary", "--text", texts / "*.txt", "--output", texts / name, *FLAGS)
    first, second = ((texts / name / "tokenizer.json").read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_model_from_scratch_takes_it(texts: Path, run_cli: Cli) -> None:
    out, model = texts / "out", texts / "model"
    run_cli("vocabulary", "--text", texts / "*.txt", "--output", out, *FLAGS)
    code, _, err = run_cli(
        "pretrain", "--from-scratch", "layers=1,width=64,positions=64", "--tokenizer", out,
        "--text", texts / "*.txt", "--loss", "none", "--steps", "2", "--mlm-batch", "4",
        "--block", "16", "--output", model, "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert len(load(model)) == 300
