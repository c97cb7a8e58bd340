"""A folder of vectors before and after an alignment, and a server over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors
from x2static.explore.code_shelf import CodeShelf
from x2static.explore.config import SearchRule
from x2static.explore.explorer import Explorer
from x2static.explore.indexes import Indexes
from x2static.explore.server import Server
from x2static.explore.spaces import find_spaces


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A run folder: ``aligned/de`` is ``aligned/en`` with noise, ``vectors/de`` turned away."""
    root = tmp_path / "run"
    hub = rng.standard_normal((400, 12)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((12, 12)))[0].astype(np.float32)
    for language in ("de", "en"):
        mine = hub + 0.05 * rng.standard_normal(hub.shape).astype(np.float32)
        words = [f"{language}{row}" for row in range(400)]
        words[7], words[8] = "<script>x</script>", "été"
        counts = np.arange(400, 0, -1, dtype=np.int64)
        for space in ("vectors", "aligned"):
            is_turned = language == "de" and space == "vectors"
            matrix = mine @ turn if is_turned else mine
            write_vectors(
                WordVectors(words, matrix, counts), root / space / language, "safetensors"
            )
    return root


@pytest.fixture
def open_explorer(tmp_path: Path) -> Callable[..., Explorer]:
    """Open a folder, ready for questions."""

    def open_folder(folder: Path, rule: SearchRule = "exact") -> Explorer:
        spaces = find_spaces(folder)
        indexes = Indexes(spaces, rule, CodeShelf(tmp_path / "codes"))
        indexes.start()
        indexes.wait()
        return Explorer(spaces, indexes)

    return open_folder


@pytest.fixture
def server(folder: Path, open_explorer: Callable[..., Explorer]) -> Iterator[Server]:
    """A server on a free port."""
    with Server(open_explorer(folder), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
