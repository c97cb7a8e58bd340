"""Nearest rows by inner product: FAISS, the exact reference in core, or torch on a GPU.

An index answers in float32 and in whatever order it likes among near-equal scores; callers
re-score what they keep (see `eval.search.ranks`), so every exact index leads to the same figures.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eval.choices import IndexKind
from x2static.core.errors import require
from x2static.core.vectors import FloatMatrix

Rows = NDArray[np.int64]

_HNSW_LINKS = 32
_HNSW_BUILD_WIDTH = 200
_HNSW_SEARCH_WIDTH = 256
_IVF_ROWS_PER_CELL = 39  # FAISS's own least number of training rows for a centroid
_IVF_PROBED_SHARE, _IVF_LEAST_PROBED = 8, 16


class Index(Protocol):
    """Finds rows of one matrix."""

    def search(self, queries: FloatMatrix, k: int) -> tuple[FloatMatrix, Rows]:
        """Scores (B, K) in falling order and their rows; row -1 where fewer than k are found.

        K is k, or the number of rows where that is smaller.
        """


class FaissIndex:
    """A FAISS inner-product index: flat (exact), ivf or hnsw (approximate)."""

    def __init__(self, matrix: FloatMatrix, kind: IndexKind) -> None:
        """Index the rows of ``matrix`` (N, D)."""
        faiss = require("faiss", "faiss", f"--index {kind}")
        rows = np.ascontiguousarray(matrix, dtype=np.float32)
        self._size = len(rows)
        self._index = _new_faiss_index(faiss, kind, *rows.shape)
        if not self._index.is_trained:
            self._index.train(rows)
        self._index.add(rows)

    def search(self, queries: FloatMatrix, k: int) -> tuple[FloatMatrix, Rows]:
        """See `Index.search`."""
        batch = np.ascontiguousarray(queries, dtype=np.float32)
        scores, rows = self._index.search(batch, min(k, self._size))
        return scores, rows


class ExactIndex:
    """The exact search of `x2static.core.neighbors`: the oracle for the others."""

    def __init__(self, matrix: FloatMatrix) -> None:
        """Search the rows of ``matrix`` (N, D)."""
        self._matrix = matrix

    def search(self, queries: FloatMatrix, k: int) -> tuple[FloatMatrix, Rows]:
        """See `Index.search`."""
        from x2static.core.neighbors import top_k

        rows, scores = top_k(queries, self._matrix, k)
        return scores, rows


class TorchIndex:
    """Exact search by torch in full float32, for a GPU."""

    def __init__(self, matrix: FloatMatrix, device: str) -> None:
        """Copy ``matrix`` (N, D) to the device."""
        from x2static.core.machine.device import pick_device

        self._torch = require("torch", "distill", f"--device {device}")
        self._device = pick_device(device)
        self._matrix = self._torch.from_numpy(np.ascontiguousarray(matrix)).to(self._device)

    def search(self, queries: FloatMatrix, k: int) -> tuple[FloatMatrix, Rows]:
        """See `Index.search`."""
        torch, size = self._torch, len(self._matrix)
        batch = torch.from_numpy(np.ascontiguousarray(queries)).to(self._device)
        step = max(1, (1 << 30) // max(size, 1))  # blocks of at most 4 GiB of scores
        found = [
            (part @ self._matrix.T).topk(min(k, size), dim=1) for part in torch.split(batch, step)
        ]
        scores = torch.cat([block.values for block in found]).cpu().numpy()
        rows = torch.cat([block.indices for block in found]).cpu().numpy()
        return scores, rows


def build_index(matrix: FloatMatrix, kind: IndexKind, device: str = "cpu") -> Index:
    """An index over the rows of ``matrix`` by inner product."""
    if device == "cuda":
        return TorchIndex(matrix, device)
    return ExactIndex(matrix) if kind == "exact" else FaissIndex(matrix, kind)


def _new_faiss_index(faiss: Any, kind: IndexKind, size: int, width: int) -> Any:
    metric = faiss.METRIC_INNER_PRODUCT
    if kind == "hnsw":
        index = faiss.IndexHNSWFlat(width, _HNSW_LINKS, metric)
        index.hnsw.efConstruction = _HNSW_BUILD_WIDTH
        index.hnsw.efSearch = _HNSW_SEARCH_WIDTH
        return index
    if kind == "ivf":
        cells = max(1, min(int(4 * math.sqrt(size)), size // _IVF_ROWS_PER_CELL))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, cells, metric)
        index.nprobe = min(cells, max(_IVF_LEAST_PROBED, cells // _IVF_PROBED_SHARE))
        return index
    return faiss.IndexFlatIP(width)
