"""docs/coming-from.md: each of its commands is run, and other programs' flags are answered."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from tests.test_documents import Block, blocks_of, typed_commands
from x2static.cli import command_parser
from x2static.commands import COMMANDS
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors
from x2static.foreign_flags import ANSWERS, answered

PAGE = Path(__file__).resolve().parents[1] / "docs" / "coming-from.md"
SIZE = 400


@pytest.fixture
def desk(tmp_path, rng, monkeypatch):
    """The files that the page speaks of, small."""
    monkeypatch.chdir(tmp_path)
    latent = rng.standard_normal((SIZE, 12)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((12, 12)))[0].astype(np.float32)
    german = WordVectors(["Haus", *(f"d{i}" for i in range(1, SIZE))], latent @ turn)
    english = WordVectors([f"e{i}" for i in range(SIZE)], latent)
    write_vectors(german, Path("de.vec"), "word2vec")
    write_vectors(english, Path("en.vec"), "word2vec")
    pairs = [f"{german.words[i]} e{i}\n" for i in range(SIZE)]
    Path("train.txt").write_text("".join(pairs[:200]))
    Path("test.txt").write_text("".join(pairs[200:]))
    Path("words.txt").write_text("Haus\nHausboot\n")
    return tmp_path


def fasttext_model() -> None:
    from gensim.models import FastText
    from gensim.models.fasttext import save_facebook_model

    lines = [["das", "Haus", "am", "Wasser"], ["ein", "Boot", "am", "Haus"]] * 5
    save_facebook_model(
        FastText(lines, vector_size=8, min_count=1, epochs=1, bucket=100, workers=1), "cc.de.bin"
    )


def sections() -> list[Block]:
    return [block for block in blocks_of(PAGE) if block.language == "bash"]


@pytest.mark.parametrize(
    "number", range(5), ids=["vecmap", "muse", "fasttext", "model2vec", "gensim"]
)
def test_each_command_of_the_page_runs(number, desk, run_cli):
    if number == 2:
        pytest.importorskip("gensim")
        fasttext_model()
    if number == 3:
        from tests.teachers import WORDS, save_teacher

        save_teacher(desk / "teacher")
        rng = np.random.default_rng(3)
        lines = [" ".join(rng.choice(WORDS, size=8)) for _ in range(60)]
        Path("de.txt.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    if number == 4:
        write_vectors(
            WordVectors(["Haus", "Boot"], np.eye(2, dtype=np.float32)),
            desk / "vectors/de",
            "safetensors",
        )
    assert len(sections()) == 5
    for words in typed_commands(sections()[number]):
        if words:
            code, _, err = run_cli(*words[1:])
            assert code == 0, (words, err)


def test_every_flag_that_the_tables_name_as_ours_exists():
    known = set()
    for name in COMMANDS:
        known |= set(command_parser(name)._option_string_actions)
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) > 3:
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", cells[2]):
                assert flag in known, line


@pytest.mark.parametrize("flag", sorted(ANSWERS))
def test_each_answer_names_flags_that_exist(flag):
    known = set()
    for name in COMMANDS:
        known |= set(command_parser(name)._option_string_actions)
    assert set(re.findall(r"--[a-z][a-z-]*", ANSWERS[flag])) <= known


@pytest.mark.parametrize(
    ("flags", "answer"),
    [
        (["--orthogonal"], "--orthogonal of other programs is --mapping orthogonal here"),
        (["--n_refinement", "5"], "is --preset bootstrap --rounds N here"),
        (["--max_vocab", "200000"], "is --max-vocabulary N here"),
        (["--cuda"], "is --device cuda here"),
        (["--verbose"], "is nothing: progress is always shown here"),
    ],
)
def test_flags_of_others_are_answered(flags, answer, refuses):
    refuses(re.escape(answer) + "; see x2static align --help$", "align", *flags)


def test_flags_of_the_evaluation_are_answered(refuses):
    refuses("--retrieval of other programs is --method NAME of x2static eval bli here",
            "eval", "bli", "--retrieval", "csls")  # fmt: skip


def test_a_command_without_the_flag_offers_none(refuses):
    refuses(
        "unrecognized arguments: --orthogonal; see x2static report", "report", "x", "--orthogonal"
    )
    assert answered("argument --k: invalid int value: 'x'", set()).endswith("'x'")
