"""A page that stands alone around some sections."""

from __future__ import annotations

from collections.abc import Sequence

from x2static.page.document import document, part
from x2static.page.html import Child, Html, element


def page(title: str, said: str, sections: Sequence[Html]) -> str:
    """The whole page.

    Args:
        title: its heading.
        said: what it shows, in a sentence or two.
        sections: made by `section`.
    """
    body = [
        element("header", element("h1", title), element("p", said, class_="soft")),
        element("main", list(sections)),
    ]
    own = (part("x2static.languages.draw", name) for name in ("style.css", "pictures.css"))
    style = part("x2static.page", "style.css") + "".join(own)
    return document(title, body, style=style, script="")


def section(title: str, note: str, *children: Child) -> Html:
    """A heading, what the figures mean, and the figures."""
    said = element("p", note, class_="soft small") if note else None
    return element("section", element("h2", title), said, list(children))
