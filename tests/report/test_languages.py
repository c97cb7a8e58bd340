"""Groups, analyses and impact on the report's page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.report.conftest import save
from x2static.cli import main
from x2static.languages.represent.means import Means, write_means
from x2static.languages.tables.distances import Distances, table_text

Cli = Callable[..., tuple[int, str, str]]
CODES = ("de", "en", "fr", "hi", "sw")


@pytest.fixture
def run_folder(run_folder: Path) -> Path:
    """Without words, whose map is most of the work of a page and nothing to these tests."""
    for name in ("vectors", "aligned"):
        shutil.rmtree(run_folder / name)
    return run_folder


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``languages`` wrote; to be copied."""
    rng = np.random.default_rng(20240611)
    parts = rng.standard_normal((1, 5, 8, 6)).astype(np.float32)
    counts, errors = np.full((5, 8), 9), np.zeros((1, 5, 6), np.float32)
    home = tmp_path_factory.mktemp("languages")
    write_means(Means(CODES, ("4.cls",), parts, counts, errors), home / "means")
    few = ["--draws", "100", "--permutations", "20"]
    assert main(["languages", "cluster", "--representations", str(home / "means"), "--output",
                 str(home / "groups"), *few]) == 0  # fmt: skip
    rows = rng.random((5, 3))
    matrix = np.linalg.norm(rows[:, None] - rows, axis=2)
    (home / "d.tsv").write_text(table_text(Distances(CODES, {"one": matrix, "two": matrix**2})))
    assert main(["languages", "analyse", "--distances", str(home / "d.tsv"), "--output",
                 str(home / "analysis"), *few]) == 0  # fmt: skip
    return home


@pytest.fixture
def with_languages(run_folder: Path, languages: Path) -> Path:
    shutil.copytree(languages, run_folder / "languages")
    impact = [
        {"language": code, "layer": layer, "impact": 0.125} for code in CODES for layer in (1, 2)
    ]
    save(run_folder / "scores/impact/mlm.json", {"rows": impact})
    return run_folder


def page_of(folder: Path, run_cli: Cli) -> tuple[str, str]:
    code, _, errors = run_cli("report", folder, "--overwrite")
    assert code == 0, errors
    return (folder / "report.html").read_text("utf-8"), errors


def test_all_three_are_drawn(with_languages: Path, run_cli: Cli) -> None:
    page, _ = page_of(with_languages, run_cli)
    assert "Languages merged by cosine distance" in page
    assert "Distances with each other" in page
    assert "What training did: mlm" in page
    assert "0.125" in page


@pytest.mark.parametrize(
    "content", [{"groups": 3}, {"views": [], "chosen": 0}, {"languages": ["de"], "views": [{}]}, []]
)
def test_another_shape_is_a_problem_and_no_crash(
    with_languages: Path, run_cli: Cli, content: Any
) -> None:
    place = with_languages / "languages/groups/groups.json"
    place.write_text(json.dumps(content))
    (with_languages / "languages/analysis/analysis.json").write_text('{"languages": [1]}')
    save(with_languages / "scores/impact/mlm.json", {"rows": [{"language": 3}]})
    page, _ = page_of(with_languages, run_cli)
    assert "languages/groups/groups.json" in page
    assert "of another shape" in page


def test_a_matrix_of_sources_and_targets_keeps_its_sources_apart(
    run_folder: Path, run_cli: Cli
) -> None:
    rows = [
        {
            "model": "m",
            "set": "xnli",
            "language": "fr",
            "source": source,
            "pairs": 9,
            "accuracy": {"mean": value, "sd": None},
        }
        for source, value in (("en", 0.625), ("de", 0.375))
    ]
    save(run_folder / "scores/nli/xnli.json", {"rows": rows, "averages": []})
    page, _ = page_of(run_folder, run_cli)
    assert "m on en" in page
    assert "62.5" in page
    assert "37.5" in page
