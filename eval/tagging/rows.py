"""Tagged sentences as model inputs, and a head's scores as tags; a word's first piece speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.downstream.batches import IGNORED, Row, collate
from eval.downstream.memory import in_batches
from eval.downstream.pretrained import Reader
from eval.tagging.conll import TaggedSentence
from x2static.core.errors import ConfigError
from x2static.teacher import PieceTable, WordPieces
from x2static.teacher.precision import autocast, dtype_of


@dataclass(frozen=True, slots=True)
class TagRow:
    """A stretch of a sentence as input.

    Attributes:
        sentence: number of the sentence.
        first: its word that stands first.
        heads: (W,) place of each word's first piece in the input.
        row: the input; its gold has a tag at those places and `IGNORED` elsewhere.
    """

    sentence: int
    first: int
    heads: tuple[int, ...]
    row: Row


class TagRows:
    """Cuts sentences into inputs; a long one goes on in a further input, no word is lost."""

    def __init__(self, pieces: WordPieces, unknown: int, max_pieces: int) -> None:
        """Cut to ``max_pieces``; a word that tokenizes to nothing is read as ``unknown``.

        Raises:
            ConfigError: no room for a piece beside the control tokens.
        """
        self._pieces, self._unknown = pieces, unknown
        self._room = max_pieces - len(pieces.prefix) - len(pieces.suffix)
        if self._room < 1:
            raise ConfigError(f"--max-pieces {max_pieces}: no room beside the control tokens")

    def cut(self, sentences: Sequence[TaggedSentence], numbers: Mapping[str, int]) -> list[TagRow]:
        """All inputs, by sentence and then by place.

        Args:
            sentences: words and gold tags.
            numbers: the head's number of each tag; gold tags that are not among them count in no
                loss.
        """
        words = list(dict.fromkeys(word for sentence in sentences for word in sentence.words))
        table, rows = self._pieces.encode(words), {word: row for row, word in enumerate(words)}
        return [
            row
            for number, sentence in enumerate(sentences)
            for row in self._cut(number, sentence, table, rows, numbers)
        ]

    def _cut(
        self,
        number: int,
        sentence: TaggedSentence,
        table: PieceTable,
        rows: Mapping[str, int],
        numbers: Mapping[str, int],
    ) -> Iterator[TagRow]:
        ids: list[int] = []
        heads: list[int] = []
        first = 0
        for place, word in enumerate(sentence.words):
            row = rows[word]
            some = table.ids[table.offsets[row] : table.offsets[row + 1]].tolist()
            some = some[: self._room] or [self._unknown]
            if len(ids) + len(some) > self._room:
                yield self._row(number, first, heads, ids, sentence, numbers)
                ids, heads, first = [], [], place
            heads.append(len(self._pieces.prefix) + len(ids))
            ids += some
        yield self._row(number, first, heads, ids, sentence, numbers)

    def _row(
        self,
        number: int,
        first: int,
        heads: list[int],
        ids: list[int],
        sentence: TaggedSentence,
        numbers: Mapping[str, int],
    ) -> TagRow:
        whole = np.array([*self._pieces.prefix, *ids, *self._pieces.suffix], dtype=np.int32)
        gold = np.full(len(whole), IGNORED, dtype=np.int64)
        tags = sentence.tags[first : first + len(heads)]
        gold[heads] = [numbers.get(tag, IGNORED) for tag in tags]
        return TagRow(number, first, tuple(heads), Row(whole, np.zeros_like(whole), gold))


def find_tags(
    reader: Reader,
    sentences: Sequence[TaggedSentence],
    rows: Sequence[TagRow],
    tags: Sequence[str],
    *,
    budget: int,
    precision: str,
    label: str = "",
) -> list[list[str]]:
    """The likeliest tag of each word of each sentence.

    Args:
        reader: a model with a tag head.
        sentences: what is tagged.
        rows: their inputs.
        tags: the tag behind each number of the head.
        budget: pieces in a batch, padding included.
        precision: ``fp32`` or ``bf16``.
        label: name of the work where its progress shall be shown.
    """
    lengths = [len(row.row.ids) for row in rows]
    found = in_batches(lambda part: _numbers(reader, part, precision), rows, lengths, budget, label)
    answer: list[list[str]] = [[""] * len(sentence.words) for sentence in sentences]
    for row, numbers in zip(rows, found, strict=True):
        chosen = [tags[number] for number in numbers]
        answer[row.sentence][row.first : row.first + len(chosen)] = chosen
    return answer


def _numbers(reader: Reader, rows: Sequence[TagRow], precision: str) -> list[list[int]]:
    import torch

    batch = collate([row.row for row in rows], reader)
    with torch.inference_mode(), autocast(reader.device, dtype_of(precision)):
        best = reader.model(**batch.inputs).logits.argmax(dim=2).cpu().numpy()
    return [best[place, list(row.heads)].tolist() for place, row in enumerate(rows)]
