"""Arabic and Hebrew words that lean on the next one, cut off where the letters leave little doubt.

Written together with the word behind them stand "and", "so", "in", "like", "to", and a dictionary
has none of these forms. Without an analysis of each word only some can be told by their letters:

- Arabic: و ف ب ك in front of the article ال, which stays with its noun: وبالكتاب becomes
  و ب الكتاب.
  للكتاب, which swallows the article's first letter, gets it back: ل الكتاب.
- Hebrew: ו in front of three letters or more, as hardly a native word begins with it, and ש and כש
  before the article: ושהבית becomes ו ש הבית.

Some words and names begin so by themselves, and are listed; others will be cut that should not be.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# Stems that begin with letters like a clitic and the article: parents, adult, balloon, calcium ...
_ARABIC_WHOLE = (
    "والد بالغ بالون كالسيوم كاليفورنيا كالفن فالنسيا "
    "فالنتين بالتيمور بالتيك والاس واليس والتر "
    "فالح والي بالي كالوري"
)
# Native words and loans with a first vav: rose, committee, veteran, certainly, virus, wiki ...
_HEBREW_WHOLE = (
    "ורד ורוד ועד ועידה ותיק ודאי וריד ויטמין וירוס ויזה וילה וילון ויקי וידאו וידוי ויכוח וינה "
    "ונציה ורשה וושינגטון ויליאם ויקטור ונצואלה וייטנאם ולנטי ולדימיר ויטנאם"
)
_LETTERS = "\u0600-\u06ff\u0590-\u05ff"


def clitics(language: str) -> Callable[[str], str] | None:
    """What cuts them off in a tokenized sentence; None for languages without a rule."""
    return {"ar": _arabic, "he": _hebrew}.get(language)


def _whole(stems: str) -> str:
    """A lookahead that refuses words with one of these stems."""
    return f"(?!{'|'.join(stems.split())})"


_ARABIC = re.compile(
    rf"(?<!\S){_whole(_ARABIC_WHOLE)}(?:([وف])([بك])?|([بك]))(?=ال[{_LETTERS}]{{3}})"
)
_ARABIC_TO = re.compile(rf"(?<!\S)([وف]?)لل(?=[{_LETTERS}]{{3}})")
_HEBREW = re.compile(
    rf"(?<!\S){_whole(_HEBREW_WHOLE)}(?:(ו)(?=[{_LETTERS}]{{3}}))?(?:(כש|ש)(?=ה[{_LETTERS}]{{3}}))?"
)


def _apart(found: re.Match[str]) -> str:
    return "".join(f"{part} " for part in found.groups() if part)


def _arabic(sentence: str) -> str:
    sentence = _ARABIC_TO.sub(lambda found: f"{_apart(found)}ل ال", sentence)
    return _ARABIC.sub(_apart, sentence)


def _hebrew(sentence: str) -> str:
    return _HEBREW.sub(_apart, sentence)
