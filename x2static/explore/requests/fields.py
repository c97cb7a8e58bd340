"""The fields of a question, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

_LONGEST_WORD = 200
_MOST_FIELDS = 16


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request that gets a 4xx and one line."""

    def __init__(self, status: HTTPStatus, line: str) -> None:
        super().__init__(line)
        self.status = status


class Fields:
    """The fields of a query: each known, given once, and of the right kind."""

    def __init__(self, query: str, known: Mapping[str, str | None]) -> None:
        """Read them; ``known`` has the defaults, None for a field that must be given."""
        try:
            given = parse_qs(
                query,
                keep_blank_values=True,
                strict_parsing=bool(query),
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "the query cannot be read") from error
        for name, values in given.items():
            if name not in known:
                names = ", ".join(known)
                raise Refused(HTTPStatus.BAD_REQUEST, f"unknown field {name!r}; known: {names}")
            if len(values) > 1:
                raise Refused(HTTPStatus.BAD_REQUEST, f"field {name!r} is given twice")
        missing = [name for name, value in known.items() if value is None and name not in given]
        if missing:
            raise Refused(HTTPStatus.BAD_REQUEST, f"missing field: {', '.join(missing)}")
        self._values = {**known, **{name: values[0] for name, values in given.items()}}

    def text(self, name: str, longest: int = _LONGEST_WORD) -> str:
        """A field of some length."""
        value = self._values[name] or ""
        if len(value) > longest:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{name!r} is longer than {longest} characters")
        return value

    def number(self, name: str, most: int) -> int:
        """A whole number from 1 to ``most``."""
        value = self._values[name] or ""
        if not (value.isascii() and value.isdecimal() and len(value) < 9):
            raise Refused(HTTPStatus.BAD_REQUEST, f"{name!r} must be a number, got {value[:20]!r}")
        if not 1 <= int(value) <= most:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{name!r} must lie between 1 and {most}")
        return int(value)
