"""A short list of rows among which the nearest are, found without reading the vectors.

Each row of length 1 is rotated at random, cut into pieces of two or four numbers, and each piece
is replaced by the nearest of 16 stored ones: 4 bits a piece (product quantisation; Jégou et al.
2011). FAISS sums the products of a query with all codes from tables in processor registers (André
et al. 2015), some 300 million rows in a second and core. The list is then ranked by exact cosines.

How long the list must be is measured, on words of the language itself, when the codes are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import require
from x2static.core.vectors import FloatMatrix
from x2static.explore.exact import Rows, products
from x2static.explore.huge_pages import use_huge_pages
from x2static.explore.language import LanguageVectors

_BITS = 4
_TRAINED_ON = 20_000
_BLOCK = 16_384
_PROBES, _NEAREST = 64, 10
_LISTS = (50, 100, 200, 400, 800)
_RECALL = 0.99
_WIDE = 512  # from here on, pieces of four numbers are enough


@dataclass(frozen=True, eq=False)
class Codes:
    """What stands for the rows of a language.

    Attributes:
        codes: (N, P / 2) bytes, two pieces in each.
        centers: (P, 16, S) the stored pieces.
        length: rows to be looked at for an answer.
        recall: share of the ten nearest rows that were among these, as measured.
    """

    codes: NDArray[np.uint8]
    centers: FloatMatrix
    length: int
    recall: float


def piece_size(width: int) -> int:
    """Numbers in a piece."""
    return 4 if width >= _WIDE else 2


def random_rotation(width: int) -> FloatMatrix:
    """(D, D') an orthogonal matrix, always the same; D' is a multiple of twice the piece size."""
    step = 2 * piece_size(width)
    padded = -(-width // step) * step
    rng = np.random.default_rng(20240611)
    full, triangle = np.linalg.qr(rng.standard_normal((padded, padded)))
    rotation: FloatMatrix = (full * np.sign(np.diag(triangle)))[:width].astype(np.float32)
    return rotation


class Shortlist:
    """Codes of a language, ready to be searched."""

    def __init__(self, codes: Codes, rotation: FloatMatrix) -> None:
        """Hand the codes to FAISS."""
        faiss = _faiss()
        pieces, _, size = codes.centers.shape
        plain = faiss.IndexPQ(pieces * size, pieces, _BITS, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(codes.centers.ravel(), plain.pq.centroids)
        faiss.copy_array_to_vector(np.ascontiguousarray(codes.codes).ravel(), plain.codes)
        plain.ntotal, plain.is_trained = len(codes.codes), True
        self._index = faiss.IndexPQFastScan(plain)
        self._rotation = rotation
        self.width = len(rotation)
        self.length, self.recall = codes.length, codes.recall

    def settle(self) -> None:
        """Make every later search quicker; that takes as long as some ten searches."""
        use_huge_pages(int(self._index.codes.get()), int(self._index.codes.size()))

    def rotated(self, queries: FloatMatrix) -> FloatMatrix:
        """Queries of length 1 as `rows_of` wants them; languages of one width share this."""
        turned: FloatMatrix = queries @ self._rotation
        return turned

    def length_for(self, count: int) -> int:
        """How many rows are to be looked at for ``count`` neighbours."""
        return min(max(self.length, 4 * count), int(self._index.ntotal))

    def rows_of(self, rotated: FloatMatrix, length: int) -> Rows:
        """(Q, ``length``) candidate rows of each rotated query, in no order."""
        _, found = self._index.search(np.ascontiguousarray(rotated), length)
        rows: Rows = found
        return rows


def make_codes(
    language: LanguageVectors, rotation: FloatMatrix, check: Callable[[], None] = lambda: None
) -> Codes:
    """Learn the stored pieces from a sample of the rows, and code all of them.

    Args:
        language: whose rows.
        rotation: of its width, see `random_rotation`.
        check: called every second or so; stops the work by an exception.
    """
    faiss = _faiss()
    size = piece_size(language.width)
    pieces = rotation.shape[1] // size
    index = faiss.IndexPQ(rotation.shape[1], pieces, _BITS, faiss.METRIC_INNER_PRODUCT)
    rng = np.random.default_rng(0)
    sample = min(_TRAINED_ON, len(language))
    drawn = np.sort(rng.choice(len(language), sample, replace=False))
    index.train(language.unit_rows(drawn) @ rotation)
    for start in range(0, len(language), _BLOCK):
        check()
        index.add(language.unit_block(start, start + _BLOCK) @ rotation)
    codes = faiss.vector_to_array(index.codes).reshape(len(language), -1)
    centers = faiss.vector_to_array(index.pq.centroids).reshape(pieces, 1 << _BITS, size)
    untried = Codes(codes, centers, _LISTS[0], 0.0)
    check()
    return _tried(language, untried, rotation, rng)


def _tried(
    language: LanguageVectors, codes: Codes, rotation: FloatMatrix, rng: np.random.Generator
) -> Codes:
    """The codes with the shortest list that holds 99 % of what an exact search finds."""
    probes = np.sort(rng.choice(len(language), min(_PROBES, len(language)), replace=False))
    queries = language.unit_rows(probes)
    scores = products(language, np.ascontiguousarray(queries.T))
    scores /= np.where(language.lengths > 0, language.lengths, 1)[:, None]
    count = min(_NEAREST + 1, len(language))  # and the word itself
    wanted = [np.argpartition(-column, count - 1)[:count] for column in scores.T]
    shortlist, recall, length = Shortlist(codes, rotation), 0.0, len(language)
    rotated = shortlist.rotated(queries)
    for length in (min(length, len(language)) for length in _LISTS):
        found = shortlist.rows_of(rotated, length)
        hits = [np.isin(row, listed).mean() for row, listed in zip(wanted, found, strict=True)]
        recall = float(np.mean(hits))
        if recall >= _RECALL:
            break
    return Codes(codes.codes, codes.centers, length, recall)


def _faiss() -> Any:
    return require("faiss", "faiss", "--search shortlist")
