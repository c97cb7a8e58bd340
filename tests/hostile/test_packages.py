"""Optional packages that are missing, or installed but broken: one line wherever one is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.case import listing
from tests.hostile.parts import EN_DE, SENTENCES
from tests.tally import count

ROOT = Path(__file__).resolve().parents[2]
PREPARE = "prepare --language en --rules all --workers 1 --input s.txt --output"
BLI = "eval bli --source en.vec --target de.vec --lexicon pairs.txt"
ALIGN = (
    "align --source en.vec --target de.vec --lexicon pairs.txt --output-source a --output-target b"
)
HUB = "align hub --hub en=en.vec --spokes de=de.vec --lexicons {}pairs.txt --output o"
ZST = f"{PREPARE} o.txt --tokenizer whitespace --input s.zst"
ICU = f"{PREPARE} o.txt --tokenizer icu"
QA = "eval qa --model t --train q.json --test en=q.json --output o"
TAGGING = "eval tagging --model t --train t.txt --test en=t.txt --output o"
PRETRAIN = "pretrain --model t --loss none --text en=s.txt --output o"
QUESTION = {"id": "1", "question": "who", "answers": [{"text": "b", "answer_start": 2}]}
QUESTIONS = json.dumps({"data": [{"paragraphs": [{"context": "a b", "qas": [QUESTION]}]}]})
FILES = {"en.vec", "de.vec", "pairs.txt", "depairs.txt", "s.txt", "s.zst", "q.json", "t.txt"}
DISTILL = "distill --corpus s.txt --teacher t --output o"


def run(tmp_path: Path, command: str, package: str, kind: str) -> tuple[int, str, str, Path]:
    """The program where the import of a package fails so."""
    work, stubs = tmp_path / "work", tmp_path / "stubs"
    work.mkdir()
    for name in package.split():
        (stubs / name).mkdir(parents=True)
        named = f", name={name!r}" if kind == "ModuleNotFoundError" else ""
        text = f"raise {kind}('libgomp.so.1: cannot open shared object file'{named})\n"
        (stubs / name / "__init__.py").write_text(text)
    files = {**EN_DE, "depairs.txt": EN_DE["pairs.txt"], "s.txt": SENTENCES}
    files |= {"q.json": QUESTIONS, "t.txt": "the\tDET\ncat\tNOUN\n"}
    for file, text in files.items():
        (work / file).write_text(text)
    (work / "s.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    answer = subprocess.run(
        [sys.executable, "-m", "x2static", *command.split()],
        cwd=work,
        env={**os.environ, "PYTHONPATH": f"{stubs}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout, answer.stderr, work


@pytest.mark.parametrize(
    ("package", "kind", "command", "line"),
    [
        ("zstandard", "ModuleNotFoundError", ZST,
         "reading .zst needs the package zstandard: pip install zstandard"),
        ("zstandard", "ModuleNotFoundError", f"{PREPARE} o.zst --tokenizer whitespace",
         "writing .zst needs the package zstandard: pip install zstandard"),
        ("zstandard", "ImportError", ZST, "broken"),
        ("icu", "ModuleNotFoundError", ICU, r"x2static-workbench[icu]"),
        ("icu", "ImportError", ICU, "broken"),
        ("icu", "OSError", ICU, "broken"),
        ("faiss", "ModuleNotFoundError", BLI, r"x2static-workbench[faiss]"),
        ("faiss", "OSError", BLI, "needs the package faiss, whose installation is broken"),
        ("faiss", "ImportError", BLI, "broken"),
        ("faiss", "AttributeError", BLI, "broken"),
        ("torch", "OSError", f"{BLI} --device cuda --index flat", "needs the package torch, whose"),
        ("torch", "OSError", DISTILL, "needs the package torch, whose installation is broken"),
        ("torch", "ImportError", DISTILL, "broken"),
        ("torch", "ModuleNotFoundError", DISTILL, r"x2static-workbench[distill]"),
        ("gensim", "OSError", "export en.vec --format gensim --output o", "broken"),
        ("torch", "ImportError", QA, "broken"),
        ("torch", "ImportError", TAGGING, "broken"),
        ("torch", "OSError", PRETRAIN, "broken"),
        ("torch", "ModuleNotFoundError", PRETRAIN, r"x2static-workbench["),
    ],
)  # fmt: skip
def test_it_is_named_in_one_line(
    tmp_path: Path, package: str, kind: str, command: str, line: str
) -> None:
    count("hostile cases")
    code, out, err, work = run(tmp_path, command, package, kind)
    assert code == 2, err
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert err.startswith("error: ")
    assert line in err
    assert set(listing(work)) == FILES


@pytest.mark.parametrize("preset", ["supervised", "tuned", "rcsls"])
def test_learning_from_pairs_alone_needs_no_extra(tmp_path: Path, preset: str) -> None:
    count("hostile cases")
    command = f"{ALIGN} --preset {preset}"
    code, _, err, _ = run(tmp_path, command, "numba threadpoolctl", "ModuleNotFoundError")
    assert code == 0, err


def test_the_hub_needs_no_extra(tmp_path: Path) -> None:
    count("hostile cases")
    code, _, err, _ = run(tmp_path, HUB, "numba threadpoolctl", "ModuleNotFoundError")
    assert code == 0, err
