"""The page of the explorer: one text, the same for every folder."""

from __future__ import annotations

from functools import lru_cache

from x2static.page.document import document, part
from x2static.page.html import Html


@lru_cache(maxsize=1)
def page() -> str:
    """The page; what it shows, its script asks the server for."""
    return document(
        "X2Static explorer",
        Html(part("x2static.explore", "body.html")),
        style=part("x2static.page", "style.css") + part("x2static.explore", "style.css"),
        script=part("x2static.explore", "script.js"),
        connects=True,
    )
