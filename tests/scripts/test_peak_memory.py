"""The peak of a command is its own, not that of the process that started it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.peak_memory import peak_megabytes, x2static_alone
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


def test_a_child_does_not_inherit_its_parents_peak(tmp_path: Path) -> None:
    ballast = np.ones(60_000_000)
    assert peak_megabytes() >= ballast.nbytes >> 20
    matrix = np.eye(3, dtype=np.float32)
    write_vectors(WordVectors(["a", "b", "c"], matrix), tmp_path / "v", "safetensors")

    seconds, megabytes = x2static_alone(["neighbors", tmp_path / "v", "a"])

    assert seconds > 0
    assert 10 < megabytes < ballast.nbytes >> 20
