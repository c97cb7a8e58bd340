"""A tiny masked language model, and text in words that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.continued_pretraining.conftest import save_masked_model

NEW_WORDS = (
    "kissa", "koira", "hiiri", "istui", "juoksi", "matolla", "alla", "ja", "nukkui", "suuri",
    "pieni", "punainen", "vanha", "talo", "puu", "cat", "the", "on", "at", "yö", "päivä", "aamu",
    "ilta",
)  # fmt: skip


def write_lines(path: Path, lines: int = 150, seed: int = 3) -> Path:
    """Lines of three to nine words."""
    rng = np.random.default_rng(seed)
    drawn = (rng.choice(NEW_WORDS, size=rng.integers(3, 9)) for _ in range(lines))
    path.write_text("".join(" ".join(words) + "\n" for words in drawn), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_masked_model(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("text") / "fi.txt")


def arguments(base: Path, text: Path, output: Path, *more: object) -> list[object]:
    """A short run of the command."""
    return [
        "extend", "--model", base, "--language", "fi", "--text", text, "--vocabulary", 36,
        "--steps", 4, "--batch", 8, "--block", 16, "--learning-rate", 0.01, "--device", "cpu",
        "--precision", "fp32", "--output", output, *more,
    ]  # fmt: skip


@pytest.fixture(scope="session")
def extended(base: Path, text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base with Finnish added."""
    from x2static.cli import main

    output = tmp_path_factory.mktemp("extended") / "model"
    assert main([str(a) for a in arguments(base, text, output)]) == 0
    return output


Command = Callable[..., tuple[int, str, str]]
