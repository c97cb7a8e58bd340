"""Questions and their contexts as model inputs: a long context is read through a sliding window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.downstream.batches import Row
from eval.qa.questions import Question
from eval.qa.text_pieces import PairFrame, Pieces, TextPieces
from x2static.core.errors import ConfigError

_NO_ANSWER = 0  # the first control token stands for "not in this window"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a context behind its question.

    Attributes:
        question: number of the question in its list.
        row: the model's input; its gold is the place of the answer in it.
        first: the context's piece that stands first in the window.
        offset: where the context begins in the input.
        size: pieces of the context in the window.
        is_owner: (size,) whether this window sees a piece with more context around it than any
            other window does; an answer may begin there alone.
    """

    question: int
    row: Row
    first: int
    offset: int
    size: int
    is_owner: NDArray[np.bool_]


@dataclass(frozen=True)
class WindowRule:
    """How contexts are cut.

    Attributes:
        max_pieces: longest input, control tokens included.
        max_question: pieces a question is cut to.
        stride: pieces from one window's begin to the next one's.
    """

    max_pieces: int
    max_question: int
    stride: int


class WindowMaker:
    """Cuts the contexts of questions; every distinct context is tokenized once."""

    def __init__(self, pieces: TextPieces, rule: WindowRule) -> None:
        """Cut by ``rule``.

        Raises:
            ConfigError: no room for a piece of context.
        """
        self._pieces, self._rule = pieces, rule
        free = rule.max_pieces - pieces.frame.size
        self._max_question = min(rule.max_question, free // 2)
        if self._max_question < 1:
            raise ConfigError(
                f"--max-pieces {rule.max_pieces}: no room for a question and its context beside "
                f"{pieces.frame.size} control tokens"
            )

    def contexts(self, questions: Sequence[Question]) -> dict[str, Pieces]:
        """The pieces of each distinct context."""
        texts = list(dict.fromkeys(question.context for question in questions))
        return dict(zip(texts, self._pieces.encode(texts), strict=True))

    def windows(
        self, questions: Sequence[Question], contexts: dict[str, Pieces]
    ) -> Iterator[Window]:
        """All windows, by question and then by place."""
        asked = self._pieces.encode([question.text.strip() for question in questions])
        for number, (question, pieces) in enumerate(zip(questions, asked, strict=True)):
            ids = pieces.ids[: self._max_question]
            yield from self._cut(number, question, ids, contexts[question.context])

    def _cut(
        self, number: int, question: Question, asked: NDArray[np.int32], context: Pieces
    ) -> Iterator[Window]:
        frame = self._pieces.frame
        room = self._rule.max_pieces - frame.size - len(asked)
        starts = window_starts(len(context.ids), room, self._rule.stride)
        owners = window_owners(len(context.ids), room, starts)
        answer = answer_pieces(question, context)
        offset = len(frame.parts[0]) + len(asked) + len(frame.parts[1])
        for place, first in enumerate(starts):
            part = context.ids[first : first + room]
            gold = np.full(2, _NO_ANSWER, dtype=np.int64)
            if answer is not None and first <= answer[0] and answer[1] < first + len(part):
                gold[:] = np.array(answer) - first + offset
            row = Row(*_joined(frame, asked, part), gold)
            mine = owners[first : first + len(part)] == place
            yield Window(number, row, first, offset, len(part), mine)


def window_starts(pieces: int, room: int, stride: int) -> list[int]:
    """First pieces of the windows: every ``stride`` (or a window's width), to the context's end."""
    step = min(stride, room)
    starts = [0]
    while starts[-1] + room < pieces:
        starts.append(starts[-1] + step)
    return starts


def window_owners(pieces: int, room: int, starts: Sequence[int]) -> NDArray[np.int64]:
    """(T,) for each piece, the window that sees most context on its poorer side.

    Of equal ones the longer window wins by a hundredth of its length, then the first: BERT's rule.
    """
    place = np.arange(pieces)
    scores = np.full((len(starts), pieces), -np.inf)
    for number, first in enumerate(starts):
        size = min(room, pieces - first)
        left, right = place - first, first + size - 1 - place
        inside = (left >= 0) & (right >= 0)
        scores[number, inside] = np.minimum(left, right)[inside] + 0.01 * size
    owners: NDArray[np.int64] = scores.argmax(axis=0)
    return owners


def answer_pieces(question: Question, context: Pieces) -> tuple[int, int] | None:
    """First and last piece that hold the first gold answer; None where there is none."""
    if not question.answers or not len(context.ids):
        return None
    answer = question.answers[0]
    begin = answer.start + len(answer.text) - len(answer.text.lstrip())
    end = answer.start + len(answer.text.rstrip())
    first = int(np.searchsorted(context.ends, begin, side="right"))
    last = int(np.searchsorted(context.begins, end, side="left")) - 1
    return (first, last) if first <= last else None


def _joined(
    frame: PairFrame, asked: NDArray[np.int32], context: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    before, between, behind = frame.parts
    ids = np.concatenate([before, asked, between, context, behind]).astype(np.int32)
    sizes = (len(before), len(asked), len(between), len(context), len(behind))
    return ids, np.repeat(frame.types, sizes).astype(np.int32)
