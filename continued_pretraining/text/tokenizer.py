"""The model's tokenizer: loaded, or trained on the texts; lines of text to piece ids."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.lines import iter_lines
from continued_pretraining.text.unigram import (
    SPECIALS,
    as_hugging_face,
    train_pieces,
    untrained,
)
from x2static.core.errors import ConfigError, CorpusError, TeacherError, require
from x2static.teacher import WordPieces
from x2static.teacher.loading.hugging_face import quiet, read_tokenizer

_TRAINING_LINES = 400_000
_LONGEST_LINE = 2000  # characters; the trainer's cost grows fast with unbroken text


class LineTokenizer:
    """A fast tokenizer as a function from lines of text to piece ids without control tokens.

    Text that spells a control token (``<mask>``) never becomes that token.

    Attributes:
        hugging_face: the tokenizer itself, to be saved beside the model.
        name: what the user called it.
        words: the same for single words.
        mask_id: the piece that hides another.
    """

    def __init__(self, hugging_face: Any, name: str) -> None:
        """Wrap a Hugging Face fast tokenizer; ``name`` is for messages."""
        self.hugging_face = hugging_face
        self.name = name
        self.words = WordPieces(hugging_face, name)
        if hugging_face.mask_token_id is None:
            raise TeacherError(f"{name}: its tokenizer has no mask token, so it can hide nothing")
        self.mask_id = int(hugging_face.mask_token_id)
        self._allowed = {hugging_face.unk_token_id}
        backend = type(hugging_face.backend_tokenizer).from_str(self.description)
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True
        self._backend = backend
        self._controls = set(hugging_face.all_special_ids) - self._allowed
        self._control_texts = hugging_face.convert_ids_to_tokens(sorted(self._controls))
        self.control_ids = np.array(sorted(self._controls), dtype=np.int64)

    @cached_property
    def description(self) -> str:
        """The tokenizer as JSON: whatever changes its pieces changes this text."""
        return str(self.hugging_face.backend_tokenizer.to_str())

    @property
    def size(self) -> int:
        """One more than the largest id."""
        return int(max(self.hugging_face.get_vocab().values())) + 1

    @cached_property
    def random_ids(self) -> NDArray[np.int64]:
        """The ids that may stand in the place of a hidden piece: all but control tokens."""
        known = np.array(sorted(set(self.hugging_face.get_vocab().values())), dtype=np.int64)
        return np.setdiff1d(known, np.append(self.control_ids, list(self._allowed)))

    @cached_property
    def begins_word(self) -> NDArray[np.bool_]:
        """(V,) whether a piece begins a word or is punctuation, so that a word ends before it."""
        flags = np.zeros(self.size + 1, dtype=bool)  # the last one stands for the end of the text
        flags[-1] = True
        pieces = self.hugging_face.get_vocab()
        has_marks = not any(piece.startswith("##") for piece in pieces)
        for piece, number in pieces.items():
            if all(unicodedata.category(letter)[0] in "PSZ" for letter in piece):
                flags[number] = True
            elif has_marks:
                flags[number] = piece[0] in "▁Ġ"
            else:
                flags[number] = not piece.startswith("##")
        return flags

    @cached_property
    def between(self) -> tuple[int, ...]:
        """The control tokens between two sentences of a sequence; of a sentence's end if none."""
        encoding = self._backend.encode("a", "a", add_special_tokens=True)
        numbers = encoding.sequence_ids
        first, second = numbers.index(0), numbers.index(1)
        found = [encoding.ids[n] for n in range(first, second) if numbers[n] is None]
        return tuple(found or self.words.suffix)

    def encode(self, lines: Sequence[str]) -> list[list[int]]:
        """The ids of each line."""
        encoded = self._backend.encode_batch_fast(lines, add_special_tokens=False)
        found = [encoding.ids for encoding in encoded]
        for number, ids in enumerate(found):
            if not self._controls.isdisjoint(ids):
                found[number] = self._spelled(lines[number])
        return found

    def _spelled(self, line: str) -> list[int]:
        """The ids of a line that spells control tokens, each of them cut after its first letter."""
        for token in self._control_texts:
            line = line.replace(token, f"{token[0]} {token[1:]}")
        encoding = self._backend.encode(line, add_special_tokens=False)
        return [number for number in encoding.ids if number not in self._controls]


def load_tokenizer(name: str) -> LineTokenizer:
    """The fast tokenizer of a hub name or folder.

    Raises:
        TeacherError: there is none, or it cannot be loaded.
    """
    transformers = require("transformers", "pretrain", "pre-training")
    with quiet(transformers):
        tokenizer = read_tokenizer(transformers, name, for_words=False)
    return LineTokenizer(tokenizer, name)


def train_tokenizer(
    sources: dict[str, list[Path]],
    pieces: int,
    positions: int,
    shares: dict[str, float],
    lowercase: bool = False,
) -> LineTokenizer:
    """A unigram tokenizer of XLM-R's kind, trained on lines of all languages.

    Args:
        sources: text files by language.
        pieces: size of the vocabulary, control tokens included.
        positions: longest input, written into the tokenizer.
        shares: part of the training lines that each language gives, where it has as many.
        lowercase: whether it reads all text in lower case.
    """
    backend = untrained(lowercase)
    fault = train_pieces(backend, _training_lines(sources, shares), pieces - 1, SPECIALS)
    if fault is not None:
        raise ConfigError(
            f"--from-scratch: vocabulary={pieces} is too small for this text ({fault}); give more"
        )
    if backend.get_vocab_size() <= len(SPECIALS):
        raise CorpusError("--text: nothing to train a tokenizer on; the files hold no text")
    return LineTokenizer(as_hugging_face(backend, positions), "the trained tokenizer")


def _training_lines(sources: dict[str, list[Path]], shares: dict[str, float]) -> Iterator[str]:
    """The first lines of each language, as many as its share allows; long ones are cut."""
    for language, paths in sources.items():
        wanted = max(1, round(_TRAINING_LINES * shares[language]))
        for line in islice(iter_lines(paths), wanted):
            yield line[:_LONGEST_LINE]
