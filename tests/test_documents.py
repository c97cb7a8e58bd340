"""The documents keep their word: commands parse, links lead somewhere, Python examples run."""

from __future__ import annotations

import ast
import gzip
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.teachers import WORDS, save_teacher
from x2static.cli import command_parser
from x2static.commands import COMMANDS, load, split_command
from x2static.core.config import build, typed_flags
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

ROOT = Path(__file__).resolve().parents[1]
# Packages that an example shows and only the tests' extra brings.
FOREIGN = {"model2vec", "sentence_transformers"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its document, the line of its fence, its language, its text."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        """The place, as a test's name shows it."""
        return f"{self.document.name}:{self.line}"


def documents() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def blocks_of(document: Path) -> Iterator[Block]:
    text = document.read_text("utf-8")
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(document, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def typed_commands(block: Block) -> list[list[str]]:
    """Each line of a shell block as words, its comment and what follows a pipe left out."""
    lines = block.text.replace("\\\n", " ").splitlines()
    typed = []
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        typed.append(list(takewhile(lambda word: word not in ("|", "&", ";", ">"), lexer)))
    return typed


def understood(words: list[str]) -> None:
    """Check one command as the program would, up to where it opens files."""
    name, rest = split_command(words[1:])
    assert name is not None, words
    if "--help" in rest:
        return
    flags = typed_flags(command_parser(name).parse_intermixed_args(rest))
    if flags.pop("config", None) is None:
        flags.pop("json", None)
        build(load(COMMANDS[name].config), flags, None, name)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_commands_in_the_documents_are_understood(document: Path) -> None:
    for block in blocks_of(document):
        if block.language == "python":
            continue
        assert block.language == "bash" or not re.search(r"^x2static ", block.text, re.MULTILINE), (
            f"{block}: commands belong into a bash block"
        )
        if block.language != "bash":
            continue
        for words in typed_commands(block):
            if words[:1] == ["x2static"] and words[1:] != ["--help"]:
                understood(words)
            elif words and words[0].startswith("scripts/"):
                assert (ROOT / words[0]).exists(), words[0]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_flags_of_commands_named_in_sentences_exist(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for shown in re.findall(r"`x2static ([^`]+)`", text):
        name, rest = split_command(shown.split())
        if name is None:
            assert rest[0].startswith("--") or rest[0].isupper(), shown
            continue
        known = command_parser(name)._option_string_actions
        for flag in re.findall(r"--[a-z][a-z-]*", " ".join(rest)):
            assert flag in known, shown


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def examples() -> list[Block]:
    blocks = [block for document in documents() for block in blocks_of(document)]
    return [block for block in blocks if block.language == "python"]


def write_sentences(path: Path) -> None:
    """Tokenized sentences of the tiny teacher's words, with one German word."""
    rng = np.random.default_rng(3)
    lines = [" ".join(rng.choice([*WORDS, "Haus"], size=8)) for _ in range(60)]
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))


def write_raw(path: Path) -> None:
    """Paragraphs of two sentences."""
    sentence = "{} watoto wanasoma vitabu vingi katika shule hii. "
    lines = [(sentence * 2).format(f"Mwaka {n}", f"Leo {n}") for n in range(9)]
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))


def word_vectors(seed: int = 0) -> WordVectors:
    words = ["Haus", "See", *WORDS]
    return WordVectors(
        words, np.random.default_rng(seed).standard_normal((len(words), 16)).astype(np.float32)
    )


def write_gensim(path: Path) -> None:
    write_vectors(word_vectors(), path, "gensim")


def write_pairs(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{word}\t{word}\n" for word in WORDS), encoding="utf-8")


# What a reader of the documents has at hand under these names.
AT_HAND: dict[str, Callable[[Path], object]] = {
    "xlm-roberta-base": save_teacher,
    "raw.txt.gz": write_raw,
    "de.txt.gz": write_sentences,
    "vectors/de": lambda path: write_vectors(word_vectors(), path, "safetensors"),
    "vectors/nl": lambda path: write_vectors(word_vectors(1), path, "safetensors"),
    "vectors/en": lambda path: write_vectors(word_vectors(2), path, "safetensors"),
    "de.static": lambda path: write_vectors(word_vectors(), path, "static-embedding"),
    "nl.vec": lambda path: write_vectors(word_vectors(), path, "word2vec"),
    "nl.glove.txt": lambda path: write_vectors(word_vectors(), path, "glove"),
    "nl.bin": lambda path: write_vectors(word_vectors(), path, "word2vec-binary"),
    "nl.kv": write_gensim,
    "de-en.0-5000.txt": write_pairs,
    "lexicons/nl-en.learn.txt": write_pairs,
    "lexicons/nl-en.test.txt": write_pairs,
}


def lay_out(block: Block, folder: Path) -> dict[str, Any]:
    """Make what the example reads, and nothing that it writes; the variables it takes as given."""
    written = set(re.findall(r"output\w*=Path\(\"([^\"]+)\"\)", block.text))
    for name, make in AT_HAND.items():
        if f'"{name}' in block.text and name not in written:
            (folder / name).parent.mkdir(exist_ok=True)
            make(folder / name)
    if block.document.name == "align.md":  # one space, turned: found without a dictionary
        rng = np.random.default_rng(5)
        source = rng.standard_normal((300, 20)).astype(np.float32) ** 3
        return {"source": source, "target": source @ np.linalg.qr(rng.random((20, 20)))[0]}
    return {}


@pytest.mark.filterwarnings("ignore:unclosed file.*glove:ResourceWarning")  # gensim leaves it open
@pytest.mark.parametrize("block", examples(), ids=str)
def test_python_example_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and node.module in FOREIGN:
            pytest.importorskip(node.module)
    monkeypatch.chdir(tmp_path)
    names = lay_out(block, tmp_path)
    exec(compile(block.text, str(block), "exec"), names)
