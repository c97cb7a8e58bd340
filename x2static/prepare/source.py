"""Where the raw text comes from: files, standard input, or a Hugging Face dataset in streaming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from x2static.core.errors import ConfigError, CorpusError, MissingDependencyError
from x2static.core.text.text_input import LineBlock, LineReader
from x2static.prepare.config import PrepareConfig

BLOCK_BYTES = 1 << 18
"""Raw text that a worker gets at a time: well under a second of work."""

_HUB = "hf:"


class Source(Protocol):
    """Raw text in blocks of lines; see `LineReader` for the attributes."""

    bytes_read: int
    bytes_total: int | None
    fingerprints: dict[str, dict[str, Any]]

    def __iter__(self) -> Iterator[LineBlock]: ...


def open_source(config: PrepareConfig) -> Source:
    """The text behind ``--input``."""
    if config.input.startswith(_HUB):
        return HubDataset(config.input, config.max_line_bytes, skips=config.on_error == "skip")
    return LineReader(
        Path(config.input),
        on_error=config.on_error,
        max_line_bytes=config.max_line_bytes,
        block_bytes=BLOCK_BYTES,
    )


class HubDataset:
    """The column ``text`` of ``hf:NAME[:CONFIG[:SPLIT]]``, streamed; each of its lines is a line.

    No code from the hub is run: datasets that need a script of their own are refused by the
    `datasets` package.
    """

    def __init__(self, address: str, max_line_bytes: int, *, skips: bool) -> None:
        """Take the address apart; reading starts with iteration."""
        name, *rest = address.removeprefix(_HUB).split(":")
        if not name or len(rest) > 2:
            raise ConfigError(f"--input {address}: expected hf:NAME, hf:NAME:CONFIG[:SPLIT]")
        self._address, self._name = address, name
        self._config = rest[0] if rest and rest[0] else None
        self._split = rest[1] if len(rest) > 1 else "train"
        self._max_line_bytes, self._skips = max_line_bytes, skips
        self.bytes_read = 0
        self.bytes_total: int | None = None
        self.fingerprints: dict[str, dict[str, Any]] = {address: {"sha256": None, "bytes": None}}

    def __iter__(self) -> Iterator[LineBlock]:
        """Blocks of about `BLOCK_BYTES`."""
        lines: list[bytes] = []
        size, first, overlong = 0, 1, 0
        for line in self._lines():
            if len(line) > self._max_line_bytes:
                self._refuse_overlong(first + len(lines))
                line, overlong = b"", overlong + 1
            lines.append(line)
            size += len(line) + 1
            if size >= BLOCK_BYTES:
                self.bytes_read += size
                yield LineBlock(self._address, first, b"\n".join(lines), overlong)
                first += len(lines)
                lines, size, overlong = [], 0, 0
        if lines:
            self.bytes_read += size
            yield LineBlock(self._address, first, b"\n".join(lines), overlong)

    def _lines(self) -> Iterator[bytes]:
        try:
            for row in self._rows():
                text = row.get("text")
                if not isinstance(text, str):
                    raise CorpusError(f"{self._address}: no column 'text', only {', '.join(row)}")
                yield from text.rstrip("\n").encode("utf-8", "surrogatepass").split(b"\n")
        except CorpusError:
            raise
        except Exception as error:  # the package and the network fail in too many ways to list
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            raise CorpusError(
                f"{self._address}: cannot be read from the Hugging Face hub ({reason}); download "
                "the text and pass the file instead"
            ) from error

    def _rows(self) -> Iterable[dict[str, Any]]:
        try:
            import datasets
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"--input {self._address} needs the package datasets: pip install datasets"
            ) from error
        rows: Iterable[dict[str, Any]] = datasets.load_dataset(
            self._name, self._config, split=self._split, streaming=True
        )
        return rows

    def _refuse_overlong(self, line: int) -> None:
        if not self._skips:
            raise CorpusError(
                f"{self._address}:{line}: a line of more than {self._max_line_bytes:,} bytes is "
                "no paragraph; pass --on-error skip to leave such lines out"
            )
