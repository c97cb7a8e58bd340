"""Exact match and F1 of answers: SQuAD v1.1's rules, and MLQA's rules for each language.

SQuAD (Rajpurkar et al. 2016) folds case, takes off ASCII punctuation and English articles, whatever
the language; XTREME scores XQuAD and TyDiQA that way. MLQA (Lewis et al. 2020) knows Unicode
punctuation and the articles of its seven languages, and reads Chinese letter by letter.
"""

from __future__ import annotations

import functools
import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

Normalize = Callable[[str], list[str]]
_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
# The Arabic rule is MLQA's own, odd as it is: every "al" goes, in the middle of a word, too.
_MLQA_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": r"\sال^|ال",
    "hi": None,
    "zh": None,
}
MLQA_LANGUAGES = tuple(sorted(_MLQA_ARTICLES))
_HAN = re.compile(r"([\u4e00-\u9fa5])")


def squad_tokens(text: str) -> list[str]:
    """The words of an answer that SQuAD v1.1 compares."""
    return _ENGLISH_ARTICLES.sub(" ", text.lower().translate(_ASCII_PUNCTUATION)).split()


def mlqa_tokens(text: str, language: str) -> list[str]:
    """The words of an answer that MLQA compares, by the rules of the answer's language."""
    bare = text.lower().translate(_unicode_punctuation())
    articles = _MLQA_ARTICLES[language]
    if articles is not None:
        bare = re.sub(articles, " ", bare)
    if language == "zh":
        bare = _HAN.sub(r" \1 ", bare)
    return bare.split()


def is_exact(prediction: Sequence[str], gold: Sequence[str]) -> bool:
    """Whether two normalised answers are the same."""
    return list(prediction) == list(gold)


def overlap_f1(prediction: Sequence[str], gold: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of the words, counted as often as they occur."""
    same = sum((Counter(prediction) & Counter(gold)).values())
    if same == 0:  # two empty answers, too: so the official scripts have it
        return 0.0
    precision, recall = same / len(prediction), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def score_answer(prediction: str, golds: Sequence[str], normalize: Normalize) -> tuple[float, bool]:
    """F1 and exact match against the most favourable of the gold answers, each on its own."""
    found = normalize(prediction)
    wanted = [normalize(gold) for gold in golds]
    return max(overlap_f1(found, w) for w in wanted), any(is_exact(found, w) for w in wanted)


@functools.cache
def _unicode_punctuation() -> dict[int, None]:
    letters = map(chr, range(sys.maxunicode))
    marks = {letter for letter in letters if unicodedata.category(letter).startswith("P")}
    return dict.fromkeys(map(ord, marks | set(string.punctuation)))
