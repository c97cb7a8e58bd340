"""``x2static neighbors``: by hand on a small circle of words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests import oracles
from x2static.core.normalize import unit
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

RunCli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    """Words at 0, 30, 90 and 180 degrees, of different lengths, and a zero row."""
    northeast = [5 * np.cos(np.pi / 6), 5 * np.sin(np.pi / 6)]
    rows = np.array([[1, 0], northeast, [0, 0.1], [-2, 0], [0, 0]], dtype=np.float32)
    write_vectors(
        WordVectors(["Ost", "Nordost", "Nord", "West", "Mitte"], rows), tmp_path / "de", "word2vec"
    )
    return tmp_path / "de"


def test_neighbours_are_ranked_by_cosine_without_the_word_itself(
    circle: Path, run_cli: RunCli
) -> None:
    code, out, err = run_cli("neighbors", circle, "Ost", "--top", 2, "West")
    assert (code, err) == (0, "")
    # Equal scores in the order of the file.
    assert out == (
        "Ost\n   0.8660  Nordost\n   0.0000  Nord\nWest\n   0.0000  Nord\n   0.0000  Mitte\n"
    )
    code, out, _ = run_cli("neighbors", circle, "Ost", "--json")
    answer = json.loads(out)
    assert [entry["word"] for entry in answer["words"][0]["neighbors"]] == [
        "Nordost",
        "Nord",
        "Mitte",
        "West",
    ]


def test_neighbours_in_another_language(circle: Path, tmp_path: Path, run_cli: RunCli) -> None:
    rows = np.array([[0, 1], [1, 0]], np.float32)
    write_vectors(WordVectors(["north", "Ost"], rows), tmp_path / "en", "safetensors")
    code, out, _ = run_cli("neighbors", circle, "Ost", "--vectors-in", tmp_path / "en")
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()] == ["Ost", "Ost", "north"]


def test_csls_matches_the_oracle(tmp_path: Path, run_cli: RunCli, rng: np.random.Generator) -> None:
    matrices = [rng.standard_normal((30, 4)).astype(np.float32) for _ in range(2)]
    for name, matrix in zip(("de", "en"), matrices, strict=True):
        words = [f"{name}{row}" for row in range(30)]
        write_vectors(WordVectors(words, matrix), tmp_path / name, "safetensors")
    code, out, _ = run_cli(
        "neighbors", tmp_path / "de", "de7", "--vectors-in", tmp_path / "en",
        "--method", "csls", "--top", 5, "--json",
    )  # fmt: skip
    assert code == 0
    scores = oracles.csls(unit(matrices[0]), unit(matrices[1]))[7]
    found = json.loads(out)["words"][0]["neighbors"]
    best = oracles.top_k(scores[None], 5)[0]
    assert [entry["word"] for entry in found] == [f"en{row}" for row in best]
    np.testing.assert_allclose([entry["score"] for entry in found], scores[best], atol=1e-5)


def test_csls_in_one_language_leaves_each_word_out_of_its_own_neighbourhood(
    tmp_path: Path, run_cli: RunCli, rng: np.random.Generator
) -> None:
    matrix = rng.standard_normal((30, 4)).astype(np.float32)
    write_vectors(WordVectors([f"w{row}" for row in range(30)], matrix), tmp_path / "x", "word2vec")
    code, out, _ = run_cli("neighbors", tmp_path / "x", "w3", "--method", "csls", "--json")
    assert code == 0
    cosines = oracles.inner_products(unit(matrix), unit(matrix))
    np.fill_diagonal(cosines, -np.inf)
    means = oracles.mean_similarity(cosines, 10)
    scores = 2 * cosines[3] - means[3] - means
    found = json.loads(out)["words"][0]["neighbors"]
    best = oracles.top_k(scores[None], 10)[0]
    assert [entry["word"] for entry in found] == [f"w{row}" for row in best]
    np.testing.assert_allclose([entry["score"] for entry in found], scores[best], atol=1e-5)


def test_mistakes_are_one_line(circle: Path, tmp_path: Path, refuses: Callable[..., None]) -> None:
    refuses(
        "'ost' is not among the 5 words; closest spellings: Ost$",
        "neighbors",
        circle,
        "Nord",
        "ost",
    )
    refuses("'qqqqqq' is not among the 5 words; nothing is like it", "neighbors", circle, "qqqqqq")
    refuses("the vector of 'Mitte' is zero", "neighbors", circle, "Mitte")
    refuses("--top must be at least 1", "neighbors", circle, "Ost", "--top", 0)
    write_vectors(WordVectors(["one"], np.ones((1, 3), np.float32)), tmp_path / "en", "safetensors")
    refuses(
        "is 2 wide and .*en is 3 wide", "neighbors", circle, "Ost", "--vectors-in", tmp_path / "en"
    )
    refuses("has 1 words: no other word to find", "neighbors", tmp_path / "en", "one")
    refuses("missing WORDS", "neighbors", circle)
    for name, content in (("text", b"a sentence of words\n"), ("picture", b"\x89PNG\r\n\x1a\n\0")):
        (tmp_path / name).write_bytes(content)
        refuses(
            f"{name}: line 1 is neither a header 'N D' nor a word with numbers, so this holds no",
            "neighbors",
            tmp_path / name,
            "Ost",
        )
