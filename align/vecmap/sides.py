"""Both languages on their way into a shared space: their maps, and what a run has learned."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from align.vecmap.diagnosis import WORDS, Diagnosis, diagnose, translations
from align.vecmap.induce.arrays import AlignmentError, FloatMatrix, FloatVector, Rows, WideMatrix
from align.vecmap.induce.blas import one_blas_thread
from align.vecmap.induce.induction import Inducer, PlainInducer
from align.vecmap.linear import SideMaps, cross_products, final_maps, rotation_from
from align.vecmap.normalization import Normalization, blocks, fit_normalization
from align.vecmap.pairs import PairRows
from align.vecmap.presets import VecMapSettings
from align.vecmap.self_learning import Iteration
from align.vecmap.unsupervised import profile_pairs

_PLAIN_ENTRIES = 1 << 23
_COARSE_ENTRIES = 1 << 28  # below, 8-bit products save less time than torch takes to load


@dataclass(frozen=True, eq=False)
class LanguageMap:
    """Takes vectors of one language into the shared space, known words and new ones alike.

    Attributes:
        normalization: what is done to each row first.
        matrix: (D, K) float32, applied from the right.
        offset: (K,) added in the end; None adds nothing.
    """

    normalization: Normalization
    matrix: FloatMatrix
    offset: FloatVector | None = None

    def apply(self, rows: FloatMatrix) -> FloatMatrix:
        """The rows in the shared space, a new array; works in blocks."""
        if rows.shape[1] != len(self.matrix):
            raise AlignmentError(
                f"the map takes vectors of width {len(self.matrix)}, these have {rows.shape[1]}"
            )
        mapped = np.empty((len(rows), self.matrix.shape[1]), np.float32)
        at = 0
        for block in blocks(rows):
            here = mapped[at : at + len(block)]
            np.matmul(self.normalization.apply(block), self.matrix, out=here)
            if self.offset is not None:
                here += self.offset
            at += len(block)
        return mapped

    def turned(self, turn: WideMatrix) -> LanguageMap:
        """This map followed by another, linear one."""
        matrix = (self.matrix.astype(np.float64) @ turn).astype(np.float32)
        if self.offset is None:
            return replace(self, matrix=matrix)
        offset = (self.offset.astype(np.float64) @ turn).astype(np.float32)
        return replace(self, matrix=matrix, offset=offset)


def unchanged(width: int) -> LanguageMap:
    """The map that leaves vectors as they are."""
    nothing = Normalization((), np.zeros((0, width), np.float32))
    return LanguageMap(nothing, np.eye(width, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class Alignment:
    """What a run learned.

    Attributes:
        source: the map of the source language.
        target: the map of the target language.
        pairs: rows of the pairs that the final maps were learned from.
        diagnosis: how far the result can be trusted.
        history: the iterations of self-learning.
        attempts: how many starts were needed.
        notes: what else the method decided, JSON-ready.
    """

    source: LanguageMap
    target: LanguageMap
    pairs: PairRows
    diagnosis: Diagnosis
    history: list[Iteration] = field(default_factory=list)
    attempts: int = 1
    notes: dict[str, Any] = field(default_factory=dict)


def make_inducer(
    settings: VecMapSettings, sizes: tuple[int, int], device: str, threads: int | None
) -> Inducer:
    """The way of finding matches that suits the sizes and the device."""
    if device != "cpu":
        from align.vecmap.induce.torch_inducer import TorchInducer

        return TorchInducer(settings.csls, device)
    if sizes[0] * sizes[1] <= _PLAIN_ENTRIES:
        return PlainInducer(settings.csls)
    from align.vecmap.induce.tiled import TiledInducer

    is_small = sizes[0] * sizes[1] < _COARSE_ENTRIES
    inducer: Inducer = TiledInducer(settings.csls, threads, "float32" if is_small else "auto")
    return inducer


class Sides:
    """Both languages, normalised where and when it is needed: never a copy of everything."""

    def __init__(self, source: FloatMatrix, target: FloatMatrix, settings: VecMapSettings) -> None:
        self._matrices = (source, target)
        self._settings = settings
        self.normalizations = [fit_normalization(m, settings.normalize) for m in self._matrices]
        cutoff = settings.cutoff if settings.self_learning else 0
        sizes = [min(cutoff or len(matrix), len(matrix)) for matrix in self._matrices]
        self.sizes = (sizes[0], sizes[1])
        self.heads = self.normalized(cutoff if settings.self_learning else -1)

    def profile_start(self, attempt: int) -> PairRows:
        """The unsupervised start; later attempts look at more or fewer words."""
        factor = (1.0, 0.5, 2.0)[attempt % 3]
        words = max(2, int(self._settings.start_words * factor))
        return profile_pairs(*self.heads, replace(self._settings, start_words=words))

    def rotation(self, pairs: PairRows) -> WideMatrix:
        """The rotation of the source onto the target."""
        return rotation_from(cross_products(*self.rows_of(pairs)))

    def alignment(self, pairs: PairRows, history: list[Iteration], attempts: int = 1) -> Alignment:
        """The final maps learned from some pairs, and how they look."""
        source, target = self.language_maps(final_maps(*self.rows_of(pairs), self._settings))
        diagnosis = self.diagnosis(source, target)
        return Alignment(source, target, pairs, diagnosis, history, attempts)

    def diagnosis(self, source: LanguageMap, target: LanguageMap) -> Diagnosis:
        """How the most frequent words look through two maps."""
        return diagnose(self.mapped((source, target), WORDS), self.normalized(WORDS))

    def frequent_matches(self, found: Alignment) -> Rows:
        """Target row of each of the most frequent source words."""
        with one_blas_thread():
            return translations(*self.mapped((found.source, found.target), WORDS)).forward

    def mapped(
        self, maps: tuple[LanguageMap, LanguageMap], size: int
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """The most frequent words of each side through its map."""
        x, z = (one.apply(matrix[:size]) for one, matrix in zip(maps, self._matrices, strict=True))
        return x, z

    def language_maps(self, maps: SideMaps) -> tuple[LanguageMap, LanguageMap]:
        """The matrices together with the normalisation that comes before them."""
        first, second = (
            LanguageMap(normalization, matrix.astype(np.float32))
            for normalization, matrix in zip(self.normalizations, maps, strict=True)
        )
        return first, second

    def normalized(self, size: int | None) -> tuple[FloatMatrix, FloatMatrix]:
        """The normalised rows of the most frequent words; 0 and None take all, -1 none."""
        stop = max(size, 0) if size else None
        first, second = (
            normalization.apply(matrix[:stop])
            for normalization, matrix in zip(self.normalizations, self._matrices, strict=True)
        )
        return first, second

    def rows_of(self, pairs: PairRows) -> tuple[FloatMatrix, FloatMatrix]:
        """Normalised rows of the pairs, each different word normalised once."""
        found = []
        for rows, matrix, normalization in zip(
            pairs, self._matrices, self.normalizations, strict=True
        ):
            distinct, places = np.unique(rows, return_inverse=True)
            found.append(normalization.apply(matrix[distinct])[places])
        return found[0], found[1]
