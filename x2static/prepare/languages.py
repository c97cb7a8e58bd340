"""Which tools split a language into sentences and words."""

from __future__ import annotations

import importlib.util

from x2static.core.languages.language import base_of

UDPIPE_LANGUAGES = tuple(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ko mr nl pt ru ta te tr ur vi".split()  # noqa: SIM905
)
"""Paper 1, appendix B: UDPipe for sentences and words."""

ICU_LANGUAGES = tuple("bn jv ka kk ml ms my sw th tl yo".split())  # noqa: SIM905
"""Paper 1, appendix B: ICU for sentences and words; the choice for every other language too."""

PAPER_LANGUAGES = tuple(sorted((*UDPIPE_LANGUAGES, *ICU_LANGUAGES, "ja", "zh")))
"""The 40 languages of paper 1, appendix A."""


def default_tokenizer(language: str) -> str:
    """What ``--tokenizer auto`` means for a language: the paper's, for Korean Kiwi if installed."""
    if base_of(language) == "ko" and importlib.util.find_spec("kiwipiepy") is not None:
        return "kiwi"
    return tokenizer_for(language)


def tokenizer_for(language: str) -> str:
    """The tokenizer that the paper has for a language."""
    base = base_of(language)
    if base in UDPIPE_LANGUAGES:
        return "udpipe"
    return {"ja": "fugashi", "zh": "jieba"}.get(base, "icu")
