"""The vectors of a run, before and after the alignment, cut to their frequent words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from x2static.core.errors import WorkbenchError
from x2static.core.neighbors import top_k
from x2static.core.normalize import unit
from x2static.core.vector_file import read_vectors
from x2static.core.vectors import FloatMatrix, WordVectors
from x2static.report.read.run_folder import RunFolder

Found = list[tuple[str, float]]


@dataclass(frozen=True, eq=False)
class FrequentWords:
    """Frequent words of one language in one space."""

    vectors: WordVectors

    @cached_property
    def unit(self) -> FloatMatrix:
        """(N, D) rows of length 1."""
        return unit(self.vectors.matrix)


@dataclass(frozen=True, eq=False)
class Space:
    """Languages of one width.

    Attributes:
        name: ``vectors`` (before the alignment) or ``aligned``.
        languages: by name, in the order of the run.
    """

    name: str
    languages: dict[str, FrequentWords]

    @property
    def title(self) -> str:
        """What it is called."""
        return "before alignment" if self.name == "vectors" else "after alignment"

    @property
    def width(self) -> int:
        """Components of a vector."""
        return next(iter(self.languages.values())).vectors.width

    def nearest(self, rows: FloatMatrix, language: str, count: int) -> list[Found]:
        """The nearest words of a language, with cosines, for each of the rows (of length 1)."""
        target = self.languages[language]
        columns, cosines = top_k(rows, target.unit, count)
        return [
            [(target.vectors.words[column], float(cosine)) for column, cosine in zip(*row)]  # noqa: B905
            for row in zip(columns, cosines, strict=True)
        ]

    def rows(self, language: str, words: list[str]) -> FloatMatrix:
        """(N, D) rows of length 1 of known words."""
        home = self.languages[language]
        found: FloatMatrix = home.unit[home.vectors.rows_of(words)]
        return found


def read_spaces(run: RunFolder, limit: int) -> list[Space]:
    """Before and after the alignment, as far as there are vectors.

    `align hub` leaves the hub's file alone and writes it nowhere else, since its space is the one
    that the others are brought into: its vectors belong to both.
    """
    before, after = (read_space(run, name, limit) for name in ("vectors", "aligned"))
    if after.languages and run.hub not in after.languages and run.is_hub_kept:
        hub = before.languages.get(run.hub or "")
        if hub is not None and hub.vectors.width == after.width:
            found = {**after.languages, str(run.hub): hub}
            after = Space("aligned", {name: found[name] for name in run.languages if name in found})
    return [space for space in (before, after) if space.languages]


def read_space(run: RunFolder, name: str, limit: int) -> Space:
    """The languages of a space; those that cannot be read, or are of another width, are noted."""
    found: dict[str, FrequentWords] = {}
    for language, place in run.vectors(name).items():
        vectors = _read(run, place, limit)
        if vectors is not None and len(vectors):
            found[language] = FrequentWords(vectors)
    widths = [one.vectors.width for one in found.values()]
    usual = max(sorted(set(widths)), key=widths.count, default=0)
    for language, one in list(found.items()):
        if one.vectors.width != usual:
            run.problems.append(
                f"{name}/{language}: {one.vectors.width} wide, the others {usual}: not compared"
            )
            del found[language]
    return Space(name, found)


def _read(run: RunFolder, place: Path, limit: int) -> WordVectors | None:
    try:
        vectors = read_vectors(place, limit=limit)
    except WorkbenchError as error:
        run.problems.append(str(error).replace(f"{run.root}/", ""))
        return None
    if not np.isfinite(vectors.matrix).all():
        run.problems.append(f"{place.relative_to(run.root)}: holds NaN or infinity: not shown")
        return None
    return vectors
