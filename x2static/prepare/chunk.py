"""One block of lines to its kept sentences: the pure work that every worker process does."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.languages.language import base_of
from x2static.core.text.text_input import describe_bad_utf8
from x2static.prepare.apostrophes import apostrophes
from x2static.prepare.cleaning import clean, lowercaser, neutralise_control_tokens
from x2static.prepare.clitics import clitics
from x2static.prepare.config import Rules
from x2static.prepare.seen import Hashes, hash_sentence
from x2static.prepare.tokenizers.build import build_tokenizer
from x2static.prepare.tokenizers.interface import TokenizerPlan


@dataclass(frozen=True, kw_only=True)
class ChunkPlan:
    """All that a worker must know, in plain values."""

    tokenizer: TokenizerPlan
    rules: Rules
    lowercase: bool = False
    splits_elisions: bool = True
    splits_clitics: bool = False
    skips_bad_lines: bool = False

    def to_json(self) -> str:
        """The plan as text, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ChunkPlan:
        """The plan that `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        values["tokenizer"] = TokenizerPlan(**values["tokenizer"])
        values["rules"] = Rules(**values["rules"])
        return cls(**values)


@dataclass
class ChunkResult:
    """What became of a block.

    Attributes:
        counts: how many lines, paragraphs and sentences met which fate.
        sentences: the kept ones, UTF-8.
        hashes: (S,) one per kept sentence.
        paragraphs: (S,) number within the block of each kept sentence's paragraph.
        bad_line: (line within the block from 0, reason) that stops the run, or None.
    """

    counts: Counter[str] = field(default_factory=Counter)
    sentences: list[bytes] = field(default_factory=list)
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    paragraphs: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bad_line: tuple[int, str] | None = None


class ChunkProcessor:
    """Decodes, cleans, tokenizes and filters blocks of lines."""

    def __init__(self, plan: ChunkPlan) -> None:
        self._rules, self._skips_bad_lines = plan.rules, plan.skips_bad_lines
        self._tokenizer = build_tokenizer(plan.tokenizer)
        self._lower: Callable[[str], str] | None = None
        if plan.lowercase:
            self._lower = lowercaser(base_of(plan.tokenizer.language))
        self._apostrophes = apostrophes(
            base_of(plan.tokenizer.language), splits=plan.splits_elisions
        )

        self._clitics: Callable[[str], str] | None = None
        if plan.splits_clitics:
            self._clitics = clitics(base_of(plan.tokenizer.language))

    def process(self, data: bytes) -> ChunkResult:
        """The kept sentences of a block of lines and the counts of all others."""
        result = ChunkResult()
        text = self._decode(data, result)
        if result.bad_line is not None:
            return result
        lines = clean(text).split("\n")
        paragraphs = [line for line in lines if not (line == "" or line.isspace())]
        result.counts["lines"] += len(lines)
        result.counts["blank_lines"] += len(lines) - len(paragraphs) - result.counts["bad_lines"]
        result.counts["paragraphs"] += len(paragraphs)
        if paragraphs:
            self._keep(paragraphs, self._tokenizer.split(paragraphs), result)
        return result

    def _decode(self, data: bytes, result: ChunkResult) -> str:
        """The text; lines that are no UTF-8 become empty and counted, or stop the run."""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            if not self._skips_bad_lines:
                line = data.count(b"\n", 0, error.start)
                result.bad_line = line, describe_bad_utf8(data, error)
                return ""
        lines = []
        for line_bytes in data.split(b"\n"):
            try:
                lines.append(line_bytes.decode("utf-8"))
            except UnicodeDecodeError:
                lines.append("")
                result.counts["bad_lines"] += 1
        return "\n".join(lines)

    def _keep(
        self, paragraphs: Sequence[str], split: Sequence[list[str]], result: ChunkResult
    ) -> None:
        """Apply the rules, paragraph by paragraph."""
        rules, counts = self._rules, result.counts
        owners: list[int] = []
        for number, (paragraph, sentences) in enumerate(zip(paragraphs, split, strict=True)):
            counts["sentences"] += len(sentences)
            if len(sentences) < rules.min_sentences:
                counts["paragraphs_of_too_few_sentences"] += 1
                counts["sentences_in_dropped_paragraphs"] += len(sentences)
            elif len(paragraph) < rules.min_characters:
                counts["paragraphs_of_too_few_characters"] += 1
                counts["sentences_in_dropped_paragraphs"] += len(sentences)
            else:
                kept = self._kept_sentences(sentences, counts)
                result.sentences += kept
                owners += [number] * len(kept)
        result.paragraphs = np.array(owners, dtype=np.int64)
        digests = b"".join(map(hash_sentence, result.sentences))
        result.hashes = np.frombuffer(digests, dtype="<u8").astype(np.uint64)

    def _kept_sentences(self, sentences: Sequence[str], counts: Counter[str]) -> list[bytes]:
        rules, kept = self._rules, []
        for sentence in sentences:
            sentence = neutralise_control_tokens(sentence)
            if self._apostrophes is not None:
                sentence = self._apostrophes(sentence)
            if self._clitics is not None:
                sentence = self._clitics(sentence)
            if self._lower is not None:
                sentence = self._lower(sentence)
            num_tokens = sentence.count(" ") + 1
            if num_tokens < rules.min_tokens and not _has_letters(sentence, rules.min_letters):
                counts["sentences_too_short"] += 1
            elif 0 < rules.max_tokens < num_tokens:
                counts["sentences_too_long"] += 1
            else:
                kept.append(sentence.encode("utf-8"))
        return kept


_SYLLABLES = re.compile("[\uac00-\ud7a3\u3041-\u30ff]")
_IDEOGRAPHS = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def _has_letters(sentence: str, least: int) -> bool:
    """Whether a sentence is long for its few words; False for a least of 0."""
    if not least:
        return False
    more = len(_SYLLABLES.findall(sentence)) + 2 * len(_IDEOGRAPHS.findall(sentence))
    return len(sentence) - sentence.count(" ") + more >= least
