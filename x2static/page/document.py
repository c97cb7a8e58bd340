"""A whole page in one text: style, script and data inside, and a policy that forbids all else."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

from x2static.page.html import Child, Html, element, joined, script_json

GENERATOR = "x2static"


def document(
    title: str,
    body: Child,
    *,
    style: str,
    script: str,
    data: Any = None,
    connects: bool = False,
) -> str:
    """The page.

    Args:
        title: shown in the browser's tab.
        body: what stands in it.
        style: the style sheet.
        script: the script; it finds ``data`` in the element ``data``.
        data: values for the script.
        connects: whether the script may ask the server that the page came from.
    """
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
            *(["connect-src 'self'"] if connects else []),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=GENERATOR),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(style)),
    )
    held = element("script", script_json(data), type="application/json", id="data")
    whole = element(
        "html", head, element("body", body, held, element("script", Html(script))), lang="en"
    )
    return f"<!DOCTYPE html>\n{joined(whole)}\n"


def part(package: str, name: str) -> str:
    """The text of a file that lies beside a package's modules."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
