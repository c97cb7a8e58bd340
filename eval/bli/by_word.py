"""What became of each query of a dictionary: the figure behind the figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.bli.score import AlignedPair, BliScore
from x2static.core.text.lexicon import Lexicon

HEADS = (
    "method", "query", "gold", "got", "right", "rank", "cosine", "query_frequency_rank",
    "gold_frequency_rank", "identical",
)  # fmt: skip
"""Columns of the file; frequency ranks count from 1, a rank of 0 means that no gold was found."""


def by_word(pair: AlignedPair, lexicon: Lexicon, score: BliScore) -> dict[str, list[Any]]:
    """Columns of equal length, one entry a query, in the dictionary's order; JSON-ready."""
    if score.answers is None:
        raise ValueError("scored without answers")
    known = lexicon.within(pair.source.index, pair.target.index).translations
    golds = [known[word] for word in score.words]
    places = pair.target.index
    return {
        "query": list(score.words),
        "gold": [" ".join(gold) for gold in golds],
        "got": [pair.target.words[row] for row in score.answers.tolist()],
        "rank": score.ranks.tolist(),
        "cosine": np.round(pair.cosines(score.words, score.answers), 4).tolist(),
        "query_frequency_rank": (pair.source.rows_of(score.words) + 1).tolist(),
        "gold_frequency_rank": [1 + min(places[word] for word in gold) for gold in golds],
        "identical": [int(one) for one in score.identical],
    }


def write_by_word(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """A table of all queries, wrong ones first, frequent ones before rare ones.

    Args:
        rows: scores, each with ``method`` and its ``words``.
        path: the file to write.
    """
    lines = ["\t".join(HEADS)]
    for row in rows:
        entries = [dict(zip(row["words"], entry, strict=True)) for entry in _entries(row["words"])]
        entries.sort(key=lambda one: (one["rank"] == 1, one["query_frequency_rank"]))
        lines += [
            "\t".join(str(entry[head]) for head in HEADS)
            for one in entries
            for entry in [{**one, "method": row["method"], "right": int(one["rank"] == 1)}]
        ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _entries(columns: Mapping[str, Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*columns.values(), strict=True)
