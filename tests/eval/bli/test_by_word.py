"""Each query with its answer: against a plain search, lazily known hubness included."""

from __future__ import annotations

import numpy as np
import pytest

import eval.bli.score as score_module
from eval.bli.by_word import HEADS, by_word
from eval.bli.config import BliConfig
from eval.bli.score import AlignedPair
from eval.bli.stage import bli
from x2static.core.normalize import unit
from x2static.core.text.lexicon import Lexicon
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


@pytest.fixture
def sides(rng):
    source, target = (rng.standard_normal((size, 8)).astype(np.float32) for size in (300, 400))
    target[:120] = source[:120] + 0.7 * rng.standard_normal((120, 8)).astype(np.float32)
    return (
        WordVectors([f"q{i}" for i in range(300)], source),
        WordVectors([f"q{i}" if i % 9 == 0 else f"w{i}" for i in range(400)], target),
    )


@pytest.fixture
def lexicon(sides):
    pairs = [(f"q{i}", sides[1].words[i]) for i in range(100)]
    return Lexicon.of([*pairs, ("q3", "w7"), ("q5", "w350")])


def plain_answers(source, target, words, method):
    x, z = unit(source.matrix).astype(np.float64), unit(target.matrix).astype(np.float64)
    cosines = x @ z.T
    hubness = np.sort(cosines, axis=0)[-10:].mean(axis=0)
    scores = cosines if method == "nn" else 2 * cosines - hubness
    return scores[[source.index[word] for word in words]].argmax(axis=1)


@pytest.mark.parametrize("method", ["nn", "csls"])
@pytest.mark.parametrize("lazy_from", [4e8, 1.0], ids=["whole", "lazy"])
def test_answers_are_those_of_a_plain_search(sides, lexicon, method, lazy_from, monkeypatch):
    monkeypatch.setattr(score_module, "_LAZY_FROM", lazy_from)
    pair = AlignedPair(*sides)
    score = pair.score(lexicon, method, 5, with_answers=True)
    expected = plain_answers(*sides, score.words, method)
    np.testing.assert_array_equal(score.answers, expected)
    columns = by_word(pair, lexicon, score)
    known = lexicon.translations
    for query, got, rank, gold in zip(
        columns["query"], columns["got"], columns["rank"], columns["gold"], strict=True
    ):
        assert (got in known[query]) == (rank == 1)
        assert gold == " ".join(known[query])


@pytest.fixture
def files(sides, lexicon, tmp_path):
    for name, side in zip(("de.vec", "en.vec"), sides, strict=True):
        write_vectors(side, tmp_path / name, "word2vec")
    (tmp_path / "lexicon.txt").write_text("".join(f"{a} {b}\n" for a, b in lexicon))
    return {
        "source": (tmp_path / "de.vec",),
        "target": (tmp_path / "en.vec",),
        "lexicon": (tmp_path / "lexicon.txt",),
        "index": "exact",
    }


def test_the_table_has_wrong_queries_first_and_agrees_with_the_score(files, tmp_path):
    table = tmp_path / "errors.tsv"
    data = bli(BliConfig(**files, errors=table)).data
    heads, *lines = [line.split("\t") for line in table.read_text().splitlines()]
    assert tuple(heads) == HEADS
    rows = [dict(zip(heads, line, strict=True)) for line in lines]
    right = [int(row["right"]) for row in rows]
    assert right == sorted(right)
    (score,) = data["rows"]
    assert sum(right) / len(rows) == pytest.approx(score["p@1"])
    assert len(score["found"]) == score["queries"] == len(rows)
    assert score["found"].count("1") == sum(right)
    assert "words" not in score
    by_query = {row["query"]: row for row in rows}
    assert by_query["q9"]["identical"] == "1"
    assert by_query["q5"]["gold"] == "w5 w350"
    assert (by_query["q5"]["query_frequency_rank"], by_query["q5"]["gold_frequency_rank"]) == (
        "6",
        "6",
    )


def test_the_same_goes_into_the_json_on_request(files):
    (row,) = bli(BliConfig(**files, by_word=True)).data["rows"]
    assert len({len(column) for column in row["words"].values()}) == 1
    assert row["words"]["query"][0] == "q0"


def test_several_dictionaries_do_not_go_into_one_table(refuses, files):
    flags = [part for name in ("source", "target") for part in (f"--{name}", *files[name])]
    twice = [*files["lexicon"]] * 2
    refuses(
        "--errors writes one table; give one --lexicon",
        "eval",
        "bli",
        *flags,
        "--lexicon",
        *twice,
        "--errors",
        "x.tsv",
    )


def test_device_auto_means_here_what_it_means_elsewhere(files):
    pytest.importorskip("torch")
    rows = [bli(BliConfig(**files, device=device)).data["rows"] for device in ("auto", "cpu")]
    assert rows[0] == rows[1]
