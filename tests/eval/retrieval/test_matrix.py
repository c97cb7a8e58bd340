"""All pairs of languages of a text, and the ratio margin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eval.retrieval.margin import mean_nearest, nearest_by_margin
from eval.retrieval.matrix import matrix_table, short_names
from eval.retrieval.score import score_retrieval
from tests.teachers import WORDS, save_teacher

Cli = Callable[..., tuple[int, str, str]]


def unit_rows(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    rows = rng.normal(size=shape) + 0.7
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("num", [1, 4, 100])
def test_the_margin_by_a_slow_loop(num: int) -> None:
    rng = np.random.default_rng(num)
    x, z = unit_rows(rng, (23, 5)), unit_rows(rng, (17, 5))
    found = nearest_by_margin(x, z, num)
    for row in range(len(x)):
        margins = []
        for other in range(len(z)):
            to_z = sorted((float(x[row] @ z[k]) for k in range(len(z))), reverse=True)[:num]
            to_x = sorted((float(z[other] @ x[k]) for k in range(len(x))), reverse=True)[:num]
            mean = (np.mean(to_z) + np.mean(to_x)) / 2
            margins.append(float(x[row] @ z[other]) / mean)
        assert found[row] == int(np.argmax(margins))


def test_the_mean_of_the_nearest_by_hand() -> None:
    x = np.array([[1, 0]], np.float32)
    z = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    assert mean_nearest(x, z, 2) == pytest.approx([0.8])


def test_the_margin_relieves_a_hub() -> None:
    rng = np.random.default_rng(0)
    x = unit_rows(rng, (60, 6))
    z = x + 0.25 * rng.normal(size=x.shape).astype(np.float32)
    z[0] = x.mean(axis=0)
    assert score_retrieval(x, z, "margin").right > score_retrieval(x, z).right


def test_zero_vectors_are_never_right_by_margin() -> None:
    zeros = np.zeros((2, 3), dtype=np.float32)
    assert score_retrieval(zeros, zeros, "margin").right == 0


def test_files_are_named_by_what_tells_them_apart() -> None:
    assert short_names(["a/ntrex.de", "a/ntrex.en"]) == ["de", "en"]
    assert short_names(["de/text.txt", "en/text.txt"]) == ["de-text.txt", "en-text.txt"]


def test_the_matrix_shows_every_direction_and_means() -> None:
    files = [Path("x.de"), Path("x.en"), Path("x.fr")]
    rows = [
        {"source": str(a), "target": str(b), "method": "nn", "accuracy": (10 * i + j) / 100}
        for i, a in enumerate(files)
        for j, b in enumerate(files)
        if i != j
    ]
    lines = [line.split() for line in matrix_table(rows, files).splitlines()[1:]]
    assert lines[0] == ["de", "en", "fr", "mean"]
    assert lines[1] == ["de", "1.0", "2.0", "1.5"]
    assert lines[3] == ["fr", "20.0", "21.0", "20.5"]
    assert lines[4] == ["mean", "15.0", "11.0", "7.0", "11.0"]


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    """One text in three languages, of which the second is the first."""
    save_teacher(tmp_path / "m")
    rng = np.random.default_rng(0)
    lines = [" ".join(rng.choice(WORDS, 6)) for _ in range(12)]
    rng.shuffle(other := list(lines))
    for name, some in (("de", lines), ("en", lines), ("fr", other)):
        (tmp_path / f"x.{name}").write_text("\n".join(some) + "\n")
    return [tmp_path / f"x.{name}" for name in ("de", "en", "fr")]


def test_all_pairs_equal_each_pair_by_itself(texts: list[Path], run_cli: Cli) -> None:
    model = ("--model", texts[0].parent / "m", "--layer", "1", "--method", "nn", "csls", "margin")
    out = texts[0].parent / "o.json"
    code, printed, err = run_cli(
        "eval", "retrieval", "--parallel", *texts, *model, "--device", "cpu", "--json", out
    )
    assert code == 0, err
    rows = json.loads(out.read_text())["rows"]
    assert len(rows) == 3 * 2 * 3
    assert "margin: sentences found" in printed
    assert all(row["accuracy"] + row["error"] == pytest.approx(1) for row in rows)
    same = [r for r in rows if {r["source"][-2:], r["target"][-2:]} == {"de", "en"}]
    assert {row["accuracy"] for row in same if row["method"] == "nn"} == {1.0}
    run_cli("eval", "retrieval", "--source", texts[0], "--target", texts[2], *model,
            "--device", "cpu", "--json", out)  # fmt: skip
    alone = {
        (r["source"], r["target"], r["method"]): r["accuracy"]
        for r in json.loads(out.read_text())["rows"]
    }
    every = {(r["source"], r["target"], r["method"]): r["accuracy"] for r in rows}
    assert alone.items() <= every.items()
