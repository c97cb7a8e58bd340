"""Rows of word2vec text: whole blocks at the speed of compiled code, doubtful lines one by one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from x2static.core.formats.faults import RowFault
from x2static.core.vectors import FloatMatrix

_SPACE, _NEWLINE = 32, 10
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)")
_NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def parse_block(block: bytes, width: int) -> tuple[list[str], FloatMatrix] | None:
    """Words and values of whole lines, or None where any line needs a closer look.

    Every line must be a word, then ``width`` numbers, each after one space. The places of the
    separators say at once whether all lines have the right width; the pieces between them are
    handed to Arrow as one string array without a copy and cast to float32, correctly rounded.
    """
    block = _plain_line_ends(block)
    characters = np.frombuffer(block, dtype=np.uint8)
    separators = np.flatnonzero((characters == _SPACE) | (characters == _NEWLINE))
    lines, rest = divmod(len(separators), width + 1)
    if rest or not lines or separators[-1] != len(block) - 1:
        return None
    grid = separators.reshape(lines, width + 1)
    newlines = characters[grid] == _NEWLINE
    if not newlines[:, -1].all() or newlines[:, :-1].any():
        return None
    words = _words(block, grid)
    values = _values(block, grid)
    if words is None or values is None or not np.isfinite(values).all():
        return None
    return words, values


def parse_line(line: bytes, width: int) -> tuple[str, FloatMatrix]:
    """Word and values of one line without its newline.

    Raises:
        RowFault: the line is no word with ``width`` numbers.
    """
    if not line.strip():
        raise RowFault("empty line", "the line is empty")
    raw, *tokens = strip_line(line).split(b" ")
    try:
        word = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowFault("bad UTF-8", f"bad UTF-8 in the word: {error.reason}, {raw!r}") from error
    if len(tokens) != width:
        raise RowFault("wrong width", f"expected {width} numbers, found {len(tokens)}")
    return word, np.array([_number(token) for token in tokens], dtype=np.float32)


def strip_line(line: bytes) -> bytes:
    """The line without the line end and without the one trailing space that fastText leaves."""
    return line.removesuffix(b"\n").removesuffix(b"\r").removesuffix(b" ")


def _plain_line_ends(block: bytes) -> bytes:
    """Bare newlines for fastText's space before it and Windows' CR, where the first line has it."""
    first_end = block.find(b"\n")
    for ending in (b"\r\n", b" \n"):
        if block.endswith(ending, 0, first_end + 1):
            block = block.replace(ending, b"\n")
            first_end -= 1
    return block


def _words(block: bytes, grid: NDArray[np.int64]) -> list[str] | None:
    starts = np.empty(len(grid), dtype=np.int64)
    starts[0], starts[1:] = 0, grid[:-1, -1] + 1
    pairs = zip(starts.tolist(), grid[:, 0].tolist(), strict=True)
    try:
        return b"\n".join([block[start:end] for start, end in pairs]).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None


def _values(block: bytes, grid: NDArray[np.int64]) -> FloatMatrix | None:
    """The numbers: Arrow sees pieces and separators in turn, and all but the numbers as null."""
    lines, columns = grid.shape
    offsets = np.empty(2 * grid.size + 1, dtype=np.int32)
    offsets[0], offsets[1::2], offsets[2::2] = 0, grid.ravel(), grid.ravel() + 1
    is_number = np.zeros((lines, columns, 2), dtype=np.bool_)
    is_number[:, 1:, 0] = True
    valid = np.packbits(is_number.ravel(), bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(offsets), pa.py_buffer(block)]
    pieces: Any = pa.Array.from_buffers(pa.string(), 2 * grid.size, buffers)
    try:
        numbers = pc.cast(pieces, pa.float32())
    except pa.ArrowInvalid:
        return None
    flat = np.frombuffer(numbers.buffers()[1], dtype=np.float32, count=2 * grid.size)
    values: FloatMatrix = flat.reshape(lines, columns, 2)[:, 1:, 0]
    return values


def _number(token: bytes) -> float:
    if _NOT_FINITE.fullmatch(token):
        raise RowFault("not finite", f"{token.decode()} is not a finite number")
    if not _NUMBER.fullmatch(token):
        shown = token.decode("utf-8", errors="backslashreplace")
        raise RowFault("not a number", f"{shown!r} is not a number")
    plain = token.decode()
    try:
        # Arrow first: it rounds once, where Python's float rounds to double and then to float32.
        value = float(pc.cast(pa.scalar(plain), pa.float32()).as_py())
    except pa.ArrowInvalid:  # beyond float32: either end
        value = float(plain)
    if abs(value) >= _OVERFLOW:
        raise RowFault("not finite", f"{plain} is beyond the range of float32")
    return value


# Halfway between the largest float32 and the next power of two: from here on it rounds to infinity.
_OVERFLOW = float(np.finfo(np.float32).max) + 2.0**103
