"""Elements of a page as text; what is put into one is escaped unless an element made it.

Words come from the web: a vocabulary may hold ``<script>``, quotes, half surrogates of file names
and letters that turn the direction of writing. None of them can leave its element.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Union

_VOID = frozenset({"br", "input", "link", "meta"})
_ESCAPES = {ord(a): b for a, b in zip("&<>\"'", ("amp", "lt", "gt", "quot", "#39"), strict=True)}
_ESCAPES = {code: f"&{name};" for code, name in _ESCAPES.items()}
# HTML has no spelling for control characters; a reader sees that something stood there.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Inside <script>, "<" could end the block; older scripts take U+2028 for a line end.
_SCRIPT_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029\x7f"}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = Union[str, None, Iterable["Child"]]  # noqa: UP007 - it refers to itself


def escaped(text: str) -> Html:
    """Plain text as HTML, for the inside of an element or of a quoted attribute."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return Html(_CONTROLS.sub("\ufffd", text).translate(_ESCAPES))


def element(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """``<name attributes>children</name>``.

    Args:
        name: the tag.
        children: text (escaped), elements, any nesting of them; None is left out.
        attributes: ``class_`` gives ``class``, ``data_row`` gives ``data-row``; True gives the bare
            name; None and False leave the attribute out.
    """
    shown = "".join(map(_attribute, attributes.items()))
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{joined(children)}</{name}>")


def joined(children: Child) -> Html:
    """Children one behind the other."""
    if children is None or isinstance(children, Html):
        return children or Html()
    if isinstance(children, str):
        return escaped(children)
    return Html("".join(map(joined, children)))


def script_json(value: Any) -> Html:
    """JSON for the inside of a ``<script type="application/json">``."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")  # \udcxx is legal JSON
    return Html(text.translate(_SCRIPT_ESCAPES))


def _attribute(item: tuple[str, str | float | bool | None]) -> str:
    name, value = item[0].rstrip("_").replace("_", "-"), item[1]
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    return f' {name}="{escaped(value if isinstance(value, str) else f"{value:g}")}"'
