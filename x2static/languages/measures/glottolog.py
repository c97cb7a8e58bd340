"""Glottolog's tree and its map: genetic and geographic distance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from x2static.languages.known import glottocode_of
from x2static.languages.tables.distances import Matrix


def genetic(codes: Sequence[str]) -> Matrix:
    """(L, L) how far up one must go to meet, as a share of the whole way; 1 for strangers.

    With u steps from a language up to the lowest node that both stand under, and D steps up to a
    root above all families, the distance is the mean over both languages of u / D. Littell et al.
    (2017) take one side and the family as the root, so that the two top branches of a family are
    as far apart as strangers.
    """
    lineages = [lineage(code) for code in codes]
    matrix = np.zeros((len(codes), len(codes)))
    for i, first in enumerate(lineages):
        for j in range(i):
            second = lineages[j]
            common = sum(a == b for a, b in zip(first, second, strict=False))
            shares = [(len(one) - common) / len(one) for one in (first, second)]
            matrix[i, j] = matrix[j, i] = sum(shares) / 2
    return matrix


def geographic(codes: Sequence[str]) -> Matrix:
    """(L, L) great circle over half the circumference; NaN where a place is unknown."""
    rows = [_rows().get(glottocode_of(code), -1) for code in codes]
    places = np.array([_table()["place"][row] if row >= 0 else (np.nan, np.nan) for row in rows])
    matrix = great_circle(places.astype(np.float64))
    np.fill_diagonal(matrix, 0.0)
    return matrix


def great_circle(places: NDArray[np.float64]) -> Matrix:
    """(L, L) from (L, 2) latitudes and longitudes in degrees; 1 is the other side of the globe."""
    latitude, longitude = np.radians(places).T
    half_up = np.sin((latitude[:, None] - latitude) / 2) ** 2
    half_across = np.sin((longitude[:, None] - longitude) / 2) ** 2
    share = half_up + np.cos(latitude)[:, None] * np.cos(latitude) * half_across  # haversine
    found: Matrix = 2 * np.arcsin(np.sqrt(np.clip(share, 0, 1))) / np.pi
    return found


def lineage(code: str) -> list[str]:
    """Glottocodes from the family down to the language itself."""
    table, row = _table(), _rows().get(glottocode_of(code), -1)
    found = []
    while row >= 0:
        found.append(table["codes"][row].decode())
        row = int(table["parent"][row])
    return found[::-1] or [glottocode_of(code)]


@cache
def _rows() -> dict[str, int]:
    return {code.decode(): row for row, code in enumerate(_table()["codes"])}


@cache
def _table() -> dict[str, NDArray[np.generic]]:
    place = resources.files("x2static.languages").joinpath("data/glottolog.npz")
    with place.open("rb") as stream, np.load(stream) as table:
        return {name: table[name] for name in ("codes", "parent", "place")}
