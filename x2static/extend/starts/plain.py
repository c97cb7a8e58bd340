"""Starts that need nothing but the two vocabularies: random, overlap, script."""

from __future__ import annotations

import unicodedata
from collections import Counter

import numpy as np

from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.problem import StartProblem

_FEW = 20  # old pieces that a distribution must stand on


def random_start(problem: StartProblem) -> Mixture:
    """Every row is drawn; only control tokens keep theirs."""
    mixture = problem.unknown()
    mixture.copy_rows(problem.controls)
    return mixture


def overlap_start(problem: StartProblem) -> Mixture:
    """Pieces that both vocabularies have keep their rows (X-MOD), the others are drawn."""
    mixture = problem.unknown()
    mixture.copy_rows(problem.shared)
    return mixture


def script_start(problem: StartProblem) -> Mixture:
    """As `overlap_start`, but each draw looks like old pieces of its script and place in a word.

    After Downey et al. 2023, whose variant with scripts, places and identical pieces this is. A
    group with few old pieces draws from its script, else from all.
    """
    mixture = problem.unknown()
    kinds = [kind_of(piece) for piece in problem.old.pieces]
    by_kind: dict[tuple[str, bool] | str, list[int]] = {}
    for number, (piece, kind) in enumerate(zip(problem.old.pieces, kinds, strict=True)):
        if piece:
            by_kind.setdefault(kind, []).append(number)
            by_kind.setdefault(kind[0], []).append(number)
    groups: dict[tuple[str, bool] | str, int] = {}
    for row, piece in enumerate(problem.new.pieces):
        kind = kind_of(piece)
        fitting = (key for key in (kind, kind[0]) if len(by_kind.get(key, ())) >= _FEW)
        if (key := next(fitting, None)) is not None:
            if key not in groups:
                groups[key] = len(mixture.likenesses)
                mixture.likenesses.append(np.array(by_kind[key], dtype=np.int64))
            mixture.groups[row] = groups[key]
    mixture.copy_rows(problem.shared)
    return mixture


def kind_of(piece: str) -> tuple[str, bool]:
    """The script of most of a piece's letters, and whether it begins a word."""
    letters = Counter(
        unicodedata.name(sign, "?").split()[0]
        for sign in piece
        if unicodedata.category(sign)[0] == "L"
    )
    script = letters.most_common(1)[0][0] if letters else "no letters"
    return script, piece.startswith("▁")
