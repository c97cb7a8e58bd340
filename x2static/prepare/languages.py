"""Which tools cut a language into sentences and words, and how a language code is checked."""

from __future__ import annotations

import difflib
import re

from x2static.core.errors import ConfigError
from x2static.prepare.language_codes import CODE_OF, TWO_LETTER_CODES

UDPIPE_LANGUAGES = tuple(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ko mr nl pt ru ta te tr ur vi".split()  # noqa: SIM905
)
"""Paper 1, appendix B: UDPipe for sentences and words."""

ICU_LANGUAGES = tuple("bn jv ka kk ml ms my sw th tl yo".split())  # noqa: SIM905
"""Paper 1, appendix B: ICU for sentences and words; the choice for every other language too."""

PAPER_LANGUAGES = tuple(sorted((*UDPIPE_LANGUAGES, *ICU_LANGUAGES, "ja", "zh")))
"""The 40 languages of paper 1, appendix A."""

_WELL_FORMED = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_RETIRED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}


def base_of(language: str) -> str:
    """The language without script and country: ``zh`` of ``zh-Hans``."""
    return re.split("[-_]", language)[0].lower()


def check_code(language: str) -> None:
    """Refuse what is no language code, or is one that has a shorter form, naming the right one.

    A well-formed code that no list knows passes: ICU's general rules serve it.

    Raises:
        ConfigError: with the closest code.
    """
    base = base_of(language)
    better = CODE_OF.get(language.lower()) or CODE_OF.get(base) or _RETIRED.get(base)
    if better:
        raise ConfigError(f"--language: use the code '{better}' for '{language}'")
    if not _WELL_FORMED.fullmatch(language):
        raise ConfigError(f"--language: '{language}' is no language code{_suggestion(language)}")
    if len(base) == 2 and base not in TWO_LETTER_CODES:
        raise ConfigError(f"--language: unknown code '{language}'{_suggestion(language)}")


def tokenizer_for(language: str) -> str:
    """The tokenizer that ``--tokenizer auto`` means for a language."""
    base = base_of(language)
    if base in UDPIPE_LANGUAGES:
        return "udpipe"
    return {"ja": "fugashi", "zh": "jieba"}.get(base, "icu")


def _suggestion(language: str) -> str:
    """The nearest name's or code's code, as the end of a message."""
    wanted = language.lower()
    names = difflib.get_close_matches(wanted, CODE_OF, n=1, cutoff=0.7)
    if len(wanted) > 3 and names:
        return f"; did you mean '{CODE_OF[names[0]]}'?"
    near = [code for code in PAPER_LANGUAGES if code[0] == wanted[:1]] or list(PAPER_LANGUAGES)
    return f"; give an ISO 639 code such as {', '.join(near[:6])}"
