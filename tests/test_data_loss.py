"""Nothing of the user's is destroyed: each case once lost a folder or a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

Refuses = Callable[..., None]
WORDS = [f"w{row}" for row in range(12)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that a command may read, and things that are dear to somebody."""
    monkeypatch.chdir(tmp_path)
    matrix = np.random.default_rng(4).standard_normal((12, 3)).astype(np.float32)
    for name in ("de", "en", "fr"):
        write_vectors(WordVectors(WORDS, matrix), tmp_path / f"{name}.vec", "word2vec")
    (tmp_path / "lexicon").write_text("".join(f"{word}\t{word}\n" for word in WORDS))
    (tmp_path / "pairs").write_text("".join(f"w{n}\tw{n + 1}\t{n / 10}\n" for n in range(8)))
    (tmp_path / "text").write_text("one two three four five six seven eight.\n" * 3)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    (tmp_path / "novel.txt").write_text("It was a dark and stormy night")
    (tmp_path / "link").symlink_to("de.vec")
    (tmp_path / "twin").hardlink_to("text")
    return tmp_path


BLI = ("eval", "bli", "--source", "de.vec", "--target", "en.vec", "--lexicon", "lexicon",
       "--index", "exact")  # fmt: skip
SIMILARITY = ("eval", "similarity", "--vectors", "de.vec", "--dataset", "pairs")
RETRIEVAL = ("eval", "retrieval", "--source", "text", "--target", "twin", "--vectors", "de.vec",
             "en.vec")  # fmt: skip
ALIGN = ("align", "--source", "de.vec", "--target", "en.vec", "--lexicon", "lexicon",
         "--output-source", "out.de.vec", "--output-target", "out.en.vec")  # fmt: skip
PREPARE = ("prepare", "--language", "en", "--tokenizer", "icu", "--workers", "1",
           "--min-sentences", "1", "--input", "text")  # fmt: skip
EXPORT = ("export", "de.vec", "--format", "word2vec")
HUB = ("align", "hub", "--hub", "en=en.vec", "--lexicons", "lexicon", "--output", "deep/out")
OVER = ("--overwrite",)
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "json onto a folder": ("needs the name of a file", (*BLI, "--json", "photos")),
    "json onto here": ("holds the input", (*BLI, "--json", ".")),
    "json onto a folder, told so": ("needs the name of a file", (*BLI, *OVER, "--json", "photos")),
    "json of similarity": ("needs the name of a file", (*SIMILARITY, "--json", "photos")),
    "json of retrieval": ("needs the name of a file", (*RETRIEVAL, "--json", "photos")),
    "json onto a novel": ("remove it yourself", (*SIMILARITY, "--json", "novel.txt")),
    "json onto the vectors": ("is the input de.vec", (*BLI, *OVER, "--json", "de.vec")),
    "json onto a link to them": ("is the input de.vec", (*BLI, *OVER, "--json", "link")),
    "json onto the test set": ("is the input pairs", (*SIMILARITY, "--json", "./pairs")),
    "induce onto a folder": ("needs the name of a file", (*BLI, *OVER, "--induce", "photos")),
    "induce onto the lexicon": ("is the input lexicon", (*BLI, *OVER, "--induce", "lexicon")),
    "align induces onto a folder": ("name of a file", (*ALIGN, *OVER, "--induce", "photos")),
    "align saves its map onto a folder": ("of a file", (*ALIGN, *OVER, "--save-map", "photos")),
    "align saves its map onto its input": ("is the input", (*ALIGN, *OVER, "--save-map", "link")),
    "align onto its input": ("is the input de.vec", (*ALIGN, *OVER, "--output-source", "link")),
    "export onto its input": ("is the input de.vec", (*EXPORT, *OVER, "--output", "de.vec")),
    "export through a link": ("is the input de.vec", (*EXPORT, *OVER, "--output", "link")),
    "export onto a folder": ("needs the name of a file", (*EXPORT, *OVER, "--output", "photos")),
    "export of a folder": (
        "no earlier run made", ("export", "de.vec", "--format", "safetensors", *OVER, "--output",
                                "photos"),
    ),
    "prepare onto its input": ("is the --input", (*PREPARE, *OVER, "--output", "./text")),
    "prepare onto its twin": ("is the input text", (*PREPARE, *OVER, "--output", "twin")),
    "prepare onto a folder": ("needs the name of a file", (*PREPARE, *OVER, "--output", "photos")),
    "hub onto its parent": ("'..'", (*HUB, *OVER, "--spokes", "..=de.vec")),
    "hub onto its folder": ("'.'", (*HUB, *OVER, "--spokes", ".=de.vec")),
    "hub out of its folder": ("a/b", (*HUB, *OVER, "--spokes", "a/b=de.vec")),
    "hub under a hidden name": ("'.x'", (*HUB, *OVER, "--spokes", ".x=de.vec")),
    "hub onto another spoke": (
        "is the input de.vec",
        (*HUB[:-3], "{}", "--output", ".", "--output-format", "word2vec", *OVER, "--spokes",
         "de=fr.vec", "fr=de.vec"),
    ),
}  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("case", CASES)
def test_refused_in_one_line_and_nothing_changes(case: str, desk: Path, refuses: Refuses) -> None:
    before = contents(desk)
    message, arguments = CASES[case]
    refuses(message, *arguments)
    assert contents(desk) == before


def test_results_are_renewed_by_the_same_command_alone(
    desk: Path, run_cli: Any, refuses: Refuses
) -> None:
    for _ in range(2):
        assert run_cli(*BLI, "--json", "result.json")[0] == 0
    assert json.loads(Path("result.json").read_text())["run"]["command"] == "eval bli"
    refuses("exists already", *SIMILARITY, "--json", "result.json")
    assert run_cli(*BLI, "--overwrite", "--json", "novel.txt")[0] == 0


def test_a_language_is_a_name_in_every_command(desk: Path, refuses: Refuses) -> None:
    for name in ("", "..", ".", "a\x07b", "a\nb", "x" * 200):
        message = "NAME=FILE|is no name for a language"
        refuses(message, *HUB, "--overwrite", "--spokes", f"{name}=de.vec")
