"""Entities in tag sequences and their micro F1, as seqeval counts them (Nakayama 2018).

Its rules are lenient: an ``I-`` without a ``B-`` before it begins an entity, too. Bare tags without
a prefix, such as parts of speech, are entities of their own kind that reach over equal neighbours:
that is what XTREME, and the papers that follow it, report as the F1 of UD-POS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OUTSIDE = frozenset("O.")
_PREFIXES = frozenset("BIES")


@dataclass(frozen=True, slots=True)
class EntityCounts:
    """Gold entities, found ones, and those that are both."""

    gold: int
    found: int
    right: int

    def __add__(self, other: EntityCounts) -> EntityCounts:
        """Counts of both together."""
        return EntityCounts(
            self.gold + other.gold, self.found + other.found, self.right + other.right
        )

    @property
    def precision(self) -> float:
        """Share of the found entities that are right; 0 where none was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold entities that were found; 0 where there are none."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.gold + self.found
        return 2 * self.right / total if total else 0.0


def entities(tags: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """(kind, first, last) of each entity of a sentence, in order."""
    begin, before, kind_before = 0, "O", ""
    for place, tag in enumerate([*tags, "O"]):
        prefix, kind = _parts(tag)
        is_cut = prefix in "BS" or before in "ES" or kind != kind_before
        if before not in _OUTSIDE and (is_cut or prefix in _OUTSIDE):
            yield kind_before, begin, place - 1
        if prefix not in _OUTSIDE and (is_cut or before in _OUTSIDE):
            begin = place
        before, kind_before = prefix, kind


def count_entities(gold: Sequence[str], found: Sequence[str]) -> EntityCounts:
    """Compare the entities of one sentence."""
    wanted, given = set(entities(gold)), set(entities(found))
    return EntityCounts(len(wanted), len(given), len(wanted & given))


def are_entity_tags(tags: Sequence[str]) -> bool:
    """Whether a tag set marks entities: ``O``, and ``B-``, ``I-``, ``E-`` or ``S-`` with a kind."""
    return all(tag == "O" or (tag[:1] in _PREFIXES and tag[1:2] == "-") for tag in tags)


def _parts(tag: str) -> tuple[str, str]:
    """Prefix and kind: ``B-PER`` is B and PER; of a bare tag, its first letter and itself."""
    return tag[:1], tag.split("-", 1)[-1]
