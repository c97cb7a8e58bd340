"""A tiny teacher and a small corpus for whole runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.teachers import WORDS, save_teacher


def write_corpus(path: Path, sentences: int, seed: int = 0) -> Path:
    """Sentences of common and rarer words, some repeated, a blank line now and then."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, len(WORDS) + 1)
    lines = []
    for number in range(sentences):
        words = rng.choice(WORDS, size=rng.integers(3, 12), p=share / share.sum())
        lines.append(" ".join(words) + ("\n" if number % 10 == 9 else ""))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def teacher_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_teacher(tmp_path_factory.mktemp("teacher") / "tiny")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "en.txt", 300)
