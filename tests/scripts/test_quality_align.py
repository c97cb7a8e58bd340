"""What the tables of alignment state, and that nothing that is taught is tested."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.quality import default, seeds, sentences, vector_pairs
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

SOURCE = ("eins", "zwei", "drei", "Radio", "vier", "ofen")
TARGET = ("one", "two", "three", "Radio", "four", "stove")


@pytest.fixture
def pair(tmp_path, rng):
    for name, words in (("de", SOURCE), ("en", TARGET)):
        rows = rng.standard_normal((len(words), 3)).astype(np.float32)
        write_vectors(WordVectors(words, rows), tmp_path / name, "safetensors")
    for part, text in (
        ("train/de-en.0-5000.txt", "eins one\nzwei two\n"),
        (
            "test/de-en.5000-6500.txt",
            "zwei two\ndrei three\nRadio Radio\nofen stove\nvier four\nfehlt missing\n",
        ),
    ):
        path = tmp_path / "muse" / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return vector_pairs.Pair("toy", tmp_path / "de", tmp_path / "en", "de-en")


def test_words_that_anything_teaches_are_no_test(pair, tmp_path):
    world = vector_pairs.World(pair, tmp_path, {"ofen"})
    assert [SOURCE[row] for row in world.tested.source] == ["drei", "Radio", "vier"]
    assert world.asked == 4
    assert [SOURCE[row] for row in world.unlike().source] == ["drei", "vier"]
    assert [SOURCE[row] for row in world.alike().source] == ["Radio"]
    assert [SOURCE[row] for row in vector_pairs.World(pair, tmp_path).tested.source] == [
        "drei", "Radio", "ofen", "vier",
    ]  # fmt: skip


def test_a_draw_serves_all_methods(pair, tmp_path):
    world = vector_pairs.World(pair, tmp_path)
    first, again = (world.drawn(1, 0).source.tolist() for _ in range(2))
    assert first == again
    assert len(first) == 1
    assert world.drawn(5_000, 1).source.tolist() == [0, 1]


def row(method: str, draw: int, csls: float, **more: object) -> dict[str, object]:
    seconds = {} if csls is None else {"seconds": 2.0, "way": None}
    return {"pair": "toy", "pairs": 25, "draw": draw, "method": method, "csls": csls,
            **seconds, **more}  # fmt: skip


def test_the_table_of_the_default_says_where_it_is_behind():
    level = [row("tuned", 0, 0.5), row("supervised", 0, 0.504)]
    text = default.table(level)
    assert "Nowhere is the default more than 1 point behind." in text
    assert "| toy | 25 | 50.0 | 50.4 |" in text
    behind = default.table([*level, row("tuned", 1, 0.4), row("supervised", 1, 0.45)])
    assert "| 1 of 2 |" in behind
    (line,) = [line for line in behind.splitlines() if line.startswith("- ")]
    assert line == (
        "- toy, 25 words: by up to 5.0 points in a draw; mean of the draws: `supervised` ahead by "
        "2.7"
    )
    assert "`supervised` -2.7 (2)" in behind
    assert "Not measured: released/zh-en" in behind


def test_a_refusal_is_no_word_found():
    refused = default.table([row("tuned", 0, 0.5), row("bootstrap", 0, None)])
    assert "| refused |" in refused
    assert "`bootstrap` +50.0 (1)" in refused


def test_the_table_of_seeds_has_means_and_spans():
    rows = [
        {"pair": "toy", "seeds": seeds.MUSE, "draw": draw, "method": "tuned", "words": 500,
         "csls": csls, "strict": csls / 2, "unlike": csls, "seconds": 1.0, "tested": 10,
         "asked": 20}
        for draw, csls in ((0, 0.2), (1, 0.4))
    ]  # fmt: skip
    rows.append({"pair": "toy", "seeds": seeds.MUSE, "draw": 0, "method": "supervised",
                 "words": 500, "refused": "why"})  # fmt: skip
    assert (
        "| toy | 500 of MUSE's | 500 | 30.0 [20.0, 40.0] | 15.0 [10.0, 20.0] | 30.0 [20.0, 40.0] "
        "| refused | refused | refused | 10 of 20 | 1 |"
    ) in seeds.table(rows)


def test_the_table_of_sentences_takes_means_of_sets_and_languages():
    rows = [
        {"vectors": "plain", "set": kind, "language": language,
         **{search: {"accuracy": accuracy, "coverage": 100.0} for search in ("nn", "csls")}}
        for kind, accuracy in zip(sentences.SETS, (10.0, 20.0, 30.0), strict=True)
        for language in sentences.LONG_CODES
    ]  # fmt: skip
    text = sentences.table(rows, {"plain": 1234.0})
    assert "| plain | 10.0 | 10.0 | 20.0 | 20.0 | 30.0 | 30.0 | 20.0 | 20.0 |" in text
    assert "| plain | 20.0 | 20.0 | 20.0 | 20.0 | 20.0 |" in text
    assert "| plain | 1,234 |" in text
