"""Distances over typological features: syntactic, phonological, inventory, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.languages.known import glottocode_of
from x2static.languages.tables.distances import Matrix

Metric = Literal["angular", "cosine", "jaccard"]
Source = Literal["uriel+", "uriel", "filled"]
Combine = Literal["union", "average"]
BEGINNINGS: dict[str, tuple[str, ...]] = {
    "syntactic": ("S_",),
    "phonological": ("P_",),
    "inventory": ("INV_",),
    "morphological": ("M_",),
    "featural": ("S_", "P_", "INV_", "M_"),
}


@dataclass(frozen=True)
class Features:
    """What is known of some languages.

    Attributes:
        names: of the features.
        values: (L, F) between 0 and 1; 0 where unknown.
        known: (L, F) whether anybody says anything.
    """

    names: tuple[str, ...]
    values: Matrix
    known: NDArray[np.bool_]

    def beginning(self, beginnings: tuple[str, ...]) -> Features:
        """Those features alone whose names begin so."""
        kept = [place for place, name in enumerate(self.names) if name.startswith(beginnings)]
        names = tuple(self.names[place] for place in kept)
        return Features(names, self.values[:, kept], self.known[:, kept])


def features_of(
    codes: Sequence[str], source: Source = "uriel+", combine: Combine = "union"
) -> Features:
    """The features of languages; one that no source has knows nothing.

    Args:
        codes: of the languages.
        source: URIEL's own ten sources, those and URIEL+'s tables of Grambank and SAPhon, or
            URIEL's filling of every gap from the nearest languages.
        combine: of sources that disagree, yes if any says yes, or the share of those that do.
    """
    wanted = [glottocode_of(code) for code in codes]
    if source == "filled":
        names, rows, bits = _filled()
        known = np.array([[code in rows] * len(names) for code in wanted], dtype=bool)
        values = np.zeros(known.shape)
        for place, code in enumerate(wanted):
            if code in rows:
                values[place] = np.unpackbits(bits[rows[code]], count=len(names))
        return Features(names, values, known)
    names, rows, said, yes = _votes(added=source == "uriel+")
    kept = [rows.get(code, -1) for code in wanted]
    answers = np.where(np.array(kept)[:, None] < 0, 0, said[kept]).astype(np.float64)
    ayes = np.where(np.array(kept)[:, None] < 0, 0, yes[kept]).astype(np.float64)
    share = ayes / np.maximum(answers, 1)
    return Features(
        names, (share > 0).astype(np.float64) if combine == "union" else share, answers > 0
    )


def compare(
    features: Features, metric: Metric = "angular", least: int = 1
) -> tuple[Matrix, NDArray[np.int64]]:
    """(L, L) distances over the features that both languages have, and how many these are.

    Angular is 2/pi times the angle of the two vectors: 0 for the same direction, 1 for nothing in
    common. Two vectors of nothing but zeros are alike; one alone has nothing in common with others.
    Jaccard is 1 - |both yes| / |either yes|.

    Args:
        features: of the languages.
        metric: angular, cosine (1 - cos) or Jaccard.
        least: shared features below which a distance is unknown.
    """
    known, values = features.known.astype(np.float64), features.values
    shared = np.rint(known @ known.T).astype(np.int64)
    both = values @ values.T  # unknown ones are 0
    own = (values**2) @ known.T  # (i, j): squared length of i over what j has, too
    if metric == "jaccard":
        count = values @ known.T
        either = count + count.T - both
        matrix = 1 - np.divide(both, either, out=np.ones_like(both), where=either > 0)
    else:
        length = np.sqrt(own * own.T)
        alike = np.where((own == 0) & (own.T == 0), 1.0, 0.0)
        cosine = np.clip(np.divide(both, length, out=alike, where=length > 0), -1, 1)
        # arccos is steep at 1: what rounding leaves of equal vectors must not become an angle
        cosine[np.isclose(cosine, 1, rtol=0, atol=1e-12)] = 1.0
        matrix = 2 * np.arccos(cosine) / np.pi if metric == "angular" else 1 - cosine
    matrix = np.where(shared >= least, matrix, np.nan)
    np.fill_diagonal(matrix, 0.0)
    return matrix, shared


@cache
def _votes(
    *, added: bool
) -> tuple[tuple[str, ...], dict[str, int], NDArray[np.uint8], NDArray[np.uint8]]:
    """Names, rows by Glottocode, counts of answers and of yes; the last row is of zeros."""
    table = _load(
        "languages", "features", "said", "yes", *(["said_added", "yes_added"] if added else [])
    )
    said, yes = table["said"], table["yes"]
    if added:
        said, yes = said + table["said_added"], yes + table["yes_added"]
    rows: dict[str, int] = {code.decode(): row for row, code in enumerate(table["languages"])}
    names = tuple(name.decode() for name in table["features"])
    none = np.zeros((1, len(names)), np.uint8)
    return names, rows, np.concatenate([said, none]), np.concatenate([yes, none])


@cache
def _filled() -> tuple[tuple[str, ...], dict[str, int], NDArray[np.uint8]]:
    table = _load("filled_languages", "filled_features", "filled")
    rows: dict[str, int] = {c.decode(): row for row, c in enumerate(table["filled_languages"])}
    return tuple(name.decode() for name in table["filled_features"]), rows, table["filled"]


def _load(*names: str) -> dict[str, NDArray[Any]]:
    place = resources.files("x2static.languages").joinpath("data/uriel.npz")
    with place.open("rb") as stream, np.load(stream) as table:
        return {name: table[name] for name in names}
