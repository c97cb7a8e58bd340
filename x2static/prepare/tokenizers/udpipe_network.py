"""UDPipe's tokenizer network over many paragraphs at once, with the very outcomes UDPipe gives.

UDPipe 1 reads a text in windows of some fifty characters. A small GRU runs over each window in both
directions and says behind which characters a token or a sentence ends; the next window begins at
the last token end that still has enough context. UDPipe computes this character by character; here
the windows of many paragraphs go through the GRU together, as matrix products.

Wherever the two largest scores of a character lie so close that rounding could choose between them,
and wherever another part of UDPipe would step in (URLs, sentences of hundreds of tokens), the
paragraph is left to UDPipe itself. Source: the file format and behaviour of UDPipe 1.2, MPL 2.0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from x2static.prepare.tokenizers.udpipe_weights import Floats, NetworkWeights

Ints = NDArray[np.int64]

NO_SPLIT, END_OF_TOKEN, END_OF_SENTENCE = 0, 1, 2
MARGIN = 1e-3
"""Scores closer than this are left to UDPipe; float32 rounding over a window stays far below."""

_ROWS = 512  # windows computed together: their states stay in the cache of one core
# Every address that UDPipe's URL rules accept holds a host name, and that holds this.
_MAYBE_URL = r"[A-Za-z0-9]\.[A-Za-z0-9]"
_MAX_CHARACTERS = 8000  # few paragraphs are longer; their last windows would run nearly alone
_MAX_TOKENS = 400  # from here on UDPipe may cut a sentence by force


class BatchedTokenizer:
    """Splits paragraphs by the network, or says that one needs UDPipe itself."""

    def __init__(self, weights: NetworkWeights) -> None:
        self._weights = weights
        self._space = weights.rows[" "]
        self._row_of: dict[str, int | None] = {" ": self._space}

    def split(self, paragraphs: Sequence[str]) -> list[list[str] | None]:
        """The sentences of each paragraph, or None where UDPipe must do it.

        Each paragraph has no space at its ends and single spaces within.
        """
        answers: list[list[str] | None] = [None] * len(paragraphs)
        is_plain = self._plainness(paragraphs)
        order = sorted(
            (index for index, text in enumerate(paragraphs) if is_plain(text)),
            key=lambda index: len(paragraphs[index]),
        )
        for start in range(0, len(order), _ROWS):
            group = order[start : start + _ROWS]
            for index, sentences in zip(
                group, self._split_group([paragraphs[index] for index in group]), strict=True
            ):
                answers[index] = sentences
        return answers

    def _plainness(self, texts: Sequence[str]) -> Callable[[str], bool]:
        """A test for texts: is it one that the network alone decides?"""
        for character in set().union(*texts) - self._row_of.keys():
            self._row_of[character] = self._row(character)
        strange = "".join(re.escape(c) for c, row in self._row_of.items() if row is None)
        is_strange = re.compile(f"{_MAYBE_URL}|[{strange}]" if strange else _MAYBE_URL).search
        return lambda text: 0 < len(text) <= _MAX_CHARACTERS and not is_strange(text)

    def _split_group(self, texts: Sequence[str]) -> list[list[str] | None]:
        """`split` for some paragraphs of much the same length."""
        joined = " ".join(texts) + " "  # behind each paragraph one space, as UDPipe reads its end
        lengths = np.array([len(text) for text in texts])
        ends = np.cumsum(lengths + 1) - 1
        rows = np.array(list(map(self._row_of.__getitem__, joined)))
        outcomes, is_doubtful = self._outcomes(rows, ends - lengths, ends)
        marked = _mark(joined, outcomes, ends)
        return [
            None if doubt else _sentences(paragraph)
            for paragraph, doubt in zip(marked.split("\x1e")[:-1], is_doubtful, strict=True)
        ]

    def _row(self, character: str) -> int | None:
        """Row of a character in the input table; None where only UDPipe knows.

        A character without an embedding stands for the first of its compatibility decomposition
        (``…`` for a full stop, ``ö`` for ``o``), else for the usual one of its category.
        """
        weights = self._weights
        for candidate in (character, unicodedata.normalize("NFKD", character)[0]):
            if (row := weights.rows.get(candidate)) is not None:
                return row
        if ord(character) > 0xFFFF:  # emoji and others on which Unicode versions may disagree
            return None
        return weights.unknown.get(unicodedata.category(character))

    def _outcomes(
        self, rows: Ints, begins: Ints, ends: Ints
    ) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """The outcome behind each character, and which paragraphs are doubtful.

        Args:
            rows: (T,) input rows of all characters, one space behind each paragraph.
            begins: (P,) first character of each paragraph.
            ends: (P,) the place of each paragraph's closing space.
        """
        segment = self._weights.segment
        is_space = rows == self._space
        rows = np.concatenate([rows, np.zeros(segment, dtype=rows.dtype)])
        is_space = np.concatenate([is_space, np.zeros(segment + 1, dtype=bool)])
        outcomes = np.zeros(len(rows), dtype=np.int8)
        is_doubtful = np.zeros(len(begins), dtype=bool)
        current, active = begins.copy(), np.arange(len(begins))
        steps = np.arange(segment)
        while len(active):
            first = current[active]
            lengths = np.minimum(segment, ends[active] - first)
            sizes = np.minimum(lengths + 1, segment)  # the closing space is read where it fits
            by_size = np.argsort(-sizes, kind="stable")
            active, first, lengths = active[by_size], first[by_size], lengths[by_size]
            scores = self._scores(rows, first, sizes[by_size])  # (B, segment, 3)
            found = _choose(scores)
            places = first[:, None] + steps  # (B, segment)
            _break_at_spaces(found, is_space[places + 1], lengths, self._weights.allows_spaces)
            taken = _usable_lengths(found, lengths, segment)
            is_taken = steps < taken[:, None]
            outcomes[places[is_taken]] = found[is_taken]
            # the chosen cut hangs on scores up to the last place where it may lie
            is_read = steps < np.where(lengths == segment, segment - 4, lengths + 1)[:, None]
            is_doubtful[active] |= ((_margins(scores) < MARGIN) & is_read).any(axis=1)
            current[active] = first + taken
            active = active[(current[active] < ends[active]) & ~is_doubtful[active]]
        return outcomes[: len(rows) - segment], is_doubtful

    def _scores(self, rows: Ints, first: Ints, sizes: Ints) -> Floats:
        """(B, segment, 3) scores of the windows that begin at ``first``, longest first."""
        weights = self._weights
        width = weights.candidate.shape[1]
        scores = np.zeros((len(first), weights.segment, 3), dtype=np.float32)
        scores += weights.bias
        state = np.zeros((2, len(first), width), dtype=np.float32)
        everyone = np.arange(len(first))
        for step in range(int(sizes[0])):
            count = int(np.searchsorted(-sizes, -step))  # windows longer than this step
            last = sizes[:count] - 1 - step
            old = state[:, :count]
            read = np.stack([rows[first[:count] + step], rows[first[:count] + last]])
            given = weights.inputs[read, [[0], [1]]]  # (2, B, 3 * D)
            gates = _sigmoid(given[..., width:] + old @ weights.gates)
            reset, update = gates[..., :width], gates[..., width:]
            candidate = np.tanh(given[..., :width] + (reset * old) @ weights.candidate)
            candidate += update * (old - candidate)
            state[:, :count] = candidate
            parts = candidate @ weights.projection  # (2, B, 3)
            scores[:count, step] += parts[0]
            scores[everyone[:count], last] += parts[1]
        return scores


def _sigmoid(values: Floats) -> Floats:
    values *= np.float32(0.5)
    np.tanh(values, out=values)
    values += np.float32(1)
    values *= np.float32(0.5)
    return values


def _choose(scores: Floats) -> NDArray[np.int8]:
    """The outcome of the largest score; of equal ones the first, as UDPipe has it."""
    outcomes: NDArray[np.int8] = scores.argmax(axis=-1).astype(np.int8)
    return outcomes


def _margins(scores: Floats) -> Floats:
    """How far the largest score lies above the second."""
    low_to_high = np.sort(scores, axis=-1)
    margins: Floats = low_to_high[..., 2] - low_to_high[..., 1]
    return margins


def _break_at_spaces(
    outcomes: NDArray[np.int8],
    is_space_next: NDArray[np.bool_],
    lengths: Ints,
    allows_spaces: bool,
) -> None:
    """Change the outcomes of characters before a space: what the space says counts for them too."""
    segment = outcomes.shape[1]
    steps = np.arange(segment)
    is_before_space = is_space_next & (steps < lengths[:, None] - 1)
    following = np.concatenate([outcomes[:, 1:], outcomes[:, -1:]], axis=1)
    ends_sentence = is_before_space & (following == END_OF_SENTENCE)
    ends_token = is_before_space & (outcomes == NO_SPLIT)
    if allows_spaces:
        ends_token &= following == END_OF_TOKEN
    outcomes[ends_token] = END_OF_TOKEN
    outcomes[ends_sentence] = END_OF_SENTENCE


def _usable_lengths(outcomes: NDArray[np.int8], lengths: Ints, segment: int) -> Ints:
    """How many outcomes of each window count: all at a paragraph's end, else up to a token end."""
    lowest, highest = segment // 2, segment - 6
    is_end = outcomes[:, lowest : highest + 1] != NO_SPLIT
    from_right = is_end[:, ::-1].argmax(axis=1)
    cut = np.where(is_end.any(axis=1), highest - from_right, lowest)
    return np.where(lengths == segment, cut, lengths)


def _mark(text: str, outcomes: NDArray[np.int8], ends: Ints) -> str:
    """The text with a space behind tokens, a line end behind sentences, U+001E behind all."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").copy()
    codes[ends] = 0x1E
    is_space = codes == 0x20
    is_end = (outcomes != NO_SPLIT) & ~is_space & (codes != 0x1E)
    # a space within a token (some languages have such) may begin a window and end a sentence there
    is_inner = is_space & (np.concatenate([[END_OF_TOKEN], outcomes[:-1]]) == NO_SPLIT)
    is_end |= is_inner & (outcomes == END_OF_SENTENCE)
    targets = np.arange(len(codes)) + np.cumsum(is_end) - is_end
    marked = np.empty(len(codes) + int(is_end.sum()), dtype="<u4")
    marked[targets] = codes
    marked[targets[is_end] + 1] = np.where(outcomes[is_end] == END_OF_SENTENCE, 0x0A, 0x20)
    return marked.tobytes().decode("utf-32-le")


def _sentences(marked: str) -> list[str] | None:
    """The sentences of one paragraph; None where one is so long that UDPipe might cut it."""
    sentences = []
    for line in marked.split("\n"):
        words = line.split()
        if len(words) >= _MAX_TOKENS:
            return None
        if words:
            sentences.append(" ".join(words))
    return sentences
