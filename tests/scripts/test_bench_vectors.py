"""The benchmark of vector files can take its turns more than once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarks import vectors as benchmark
from x2static.core.vector_file import read_vectors
from x2static.core.vectors import WordVectors


def test_both_writers_write_again_each_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "WIDTH", 2)
    matrix = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
    vectors = WordVectors(["a", "b", "c"], matrix)
    ours, theirs = tmp_path / "ours.vec", tmp_path / "theirs.vec"
    row = benchmark.write_in_turns(ours, theirs, vectors, repeats=2)
    assert row["repeats"] == 2
    assert read_vectors(ours).words == read_vectors(theirs).words == vectors.words
