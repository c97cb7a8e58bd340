"""Room for each language in one vocabulary: each time the piece that helps most (VoCAP)."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from continued_pretraining.vocabulary.curve import LikelihoodCurve
from x2static.core.errors import ConfigError


@dataclass(frozen=True)
class Allocation:
    """What each language got.

    Attributes:
        pieces: the union, in the order of taking.
        sizes: pieces of each language's own vocabulary.
        saturated: languages that got all that their text gives.
    """

    pieces: list[str]
    sizes: dict[str, int]
    saturated: list[str]


def allocate(
    curves: Mapping[str, LikelihoodCurve], weights: Mapping[str, float], room: int
) -> Allocation:
    """Fill ``room`` pieces, the least vocabularies first, then by weighted gain.

    A piece that another language brought already takes no room.

    Args:
        curves: the languages' curves.
        weights: what a language's gain is multiplied by.
        room: pieces in all.

    Raises:
        ConfigError: the least vocabularies do not fit, or all pieces of all languages do not fill.
    """
    union: dict[str, None] = {}
    for curve in curves.values():
        union |= dict.fromkeys(curve.pieces[: curve.sizes[0]])
    if len(union) > room:
        raise ConfigError(
            f"--size: the letters of {len(curves)} languages alone are {len(union):,} pieces; give "
            "more, or a smaller --coverage"
        )
    sizes = {language: curve.sizes[0] for language, curve in curves.items()}
    gains = {language: curve.gains() * weights[language] for language, curve in curves.items()}
    heap = [(-gains[name][0], name) for name in curves if len(gains[name])]
    heapq.heapify(heap)
    while heap and len(union) < room:
        _, name = heapq.heappop(heap)
        union[curves[name].pieces[sizes[name]]] = None
        sizes[name] += 1
        done = sizes[name] - curves[name].sizes[0]
        if done < len(gains[name]):
            heapq.heappush(heap, (-gains[name][done], name))
    if len(union) < room:
        raise ConfigError(
            f"--size: the text gives no more than {len(union):,} pieces beside control tokens; "
            "choose less, or give more text"
        )
    saturated = [name for name, curve in curves.items() if sizes[name] == len(curve.pieces)]
    return Allocation(list(union), sizes, saturated)
