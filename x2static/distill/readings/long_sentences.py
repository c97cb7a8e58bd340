"""Sentences that are longer than the teacher reads, in parts that it can read.

Cut off at the limit, the words beyond it would never be met: those that stand nowhere else came out
as vectors of zeros. A sentence is cut between words only, into as few parts of similar length as
hold all of it. A corpus without such sentences stays exactly as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from x2static.core.storage.files import remove_tree, staged
from x2static.distill.readings.corpus_index import CorpusIndex

_SENTENCES_AT_ONCE = 1 << 16
_NAME = "parts.i64"

Numbers = NDArray[np.int64]


def split_long(
    index: CorpusIndex, sizes: NDArray[np.int32], room: int, folder: Path
) -> CorpusIndex:
    """The corpus with each overlong sentence as several; the very same one if there is none.

    Args:
        index: the corpus.
        sizes: (N,) pieces of each word number.
        room: most pieces of a sentence, control tokens not counted.
        folder: where the new ends of sentences lie, beside what is learned from them.
    """
    path = folder / _NAME
    if not path.exists():
        if not any(len(cuts) for _, cuts in _blocks(index, sizes, room)):
            return index
        for name in ("readings", "checkpoints-*"):  # of a release that cut sentences off
            for stale in folder.glob(name):
                remove_tree(stale)
        with staged(path, own=True) as temporary, temporary.open("wb") as stream:
            for ends, cuts in _blocks(index, sizes, room):
                stream.write(np.union1d(ends, cuts).astype(np.int64).tobytes())
    ends = np.memmap(path, dtype=np.int64, mode="r")
    return CorpusIndex(index.words, index.counts, index.tokens, ends)


def _blocks(
    index: CorpusIndex, sizes: NDArray[np.int32], room: int
) -> Iterator[tuple[Numbers, Numbers]]:
    """Ends of some sentences at a time, and the places within these where they must be cut."""
    for first in range(0, index.num_sentences, _SENTENCES_AT_ONCE):
        rows = np.arange(first, min(first + _SENTENCES_AT_ONCE, index.num_sentences))
        tokens, lengths = index.sentences(rows)
        ends = np.asarray(index.ends[rows])
        pieces = sizes[tokens].astype(np.int64)
        stops = np.cumsum(lengths)
        sums = np.diff(np.concatenate(([0], np.cumsum(pieces)))[np.append(0, stops)])
        found = [
            ends[row] - lengths[row] + cuts_of(pieces[stops[row] - lengths[row] : stops[row]], room)
            for row in np.flatnonzero(sums > room)
        ]
        yield ends, np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def cuts_of(sizes: Numbers, room: int) -> Numbers:
    """Where to cut a sentence: numbers of words after which a part ends, the last one left out.

    Args:
        sizes: (n,) pieces of its words; one that is itself too long stands alone.
        room: most pieces of a part.
    """
    before = np.concatenate(([0], np.cumsum(sizes)))
    largest = int(sizes[sizes <= room].max(initial=1))
    # All parts but the last hold at least an equal share of the whole: so the last one is seldom
    # left with a word or two, which would have no context.
    whole = int(before[-1])
    share = -(-whole // max(1, -(-whole // room)))
    limit = min(room, share + largest - 1)
    cuts: list[int] = []
    first = 0
    while True:
        last = int(np.searchsorted(before, before[first] + limit, side="right")) - 1
        first = max(last, first + 1)
        if first >= len(sizes):
            return np.array(cuts, dtype=np.int64)
        cuts.append(first)
