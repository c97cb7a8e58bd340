"""Sentences and words by UDPipe's tokenizer alone; its tagger and parser never run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from x2static.core.errors import CorpusError, require
from x2static.prepare.tokenizers.udpipe_network import BatchedTokenizer
from x2static.prepare.tokenizers.udpipe_weights import read_weights


class UdpipeTokenizer:
    """The tokenizer of a UDPipe model, paragraph by paragraph, as spacy-udpipe feeds it."""

    def __init__(self, model: str, *, splits_multiwords: bool = False) -> None:
        """Load a model.

        Args:
            model: the model's file.
            splits_multiwords: take syntactic words (``de le``), as spacy-udpipe does, instead of
                the words of the text (``du``).
        """
        udpipe = require("ufal.udpipe", "udpipe", "--tokenizer udpipe")
        self._model = udpipe.Model.load(model)  # an owner: the tokenizer points into it
        self._tokenizer = self._model and self._model.newTokenizer(udpipe.Model.DEFAULT)
        if not self._tokenizer:
            raise CorpusError(
                f"{model}: not a UDPipe 1 model with a tokenizer; fetch it again, or pass another "
                "--udpipe-model or --tokenizer icu"
            )
        self._sentence = udpipe.Sentence()
        self._error = udpipe.ProcessingError()
        self._writer = udpipe.OutputFormat.newHorizontalOutputFormat("")
        self._splits_multiwords = splits_multiwords
        weights = None if splits_multiwords else read_weights(Path(model))
        self._batched = None if weights is None else BatchedTokenizer(weights)

    def split(self, paragraphs: Sequence[str]) -> list[list[str]]:
        """Sentences of words."""
        trimmed = [" ".join(paragraph.split()) for paragraph in paragraphs]
        answers = self._batched.split(trimmed) if self._batched else [None] * len(trimmed)
        return [
            self._split_one(paragraph) if sentences is None else sentences
            for paragraph, sentences in zip(trimmed, answers, strict=True)
        ]

    def _split_one(self, paragraph: str) -> list[str]:
        tokenizer, sentence, error = self._tokenizer, self._sentence, self._error
        sentences = []
        tokenizer.setText(paragraph)
        while tokenizer.nextSentence(sentence, error):
            # one call for all words; white space within a word comes as U+00A0
            words = self._writer.writeSentence(sentence)
            if not self._splits_multiwords and sentence.multiwordTokens.size():
                words = _with_multiwords(words, sentence)
            if words := " ".join(words.split()):
                sentences.append(words)
        return sentences


def _with_multiwords(line: str, sentence: Any) -> str:
    """The words of a horizontal line with each multiword token in the place of its parts."""
    words = line.rstrip("\n").split(" ")
    for token in reversed(list(sentence.multiwordTokens)):
        words[token.idFirst - 1 : token.idLast] = [token.form]
    return " ".join(words)
