"""Small files that are in order, and ways to spoil them."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WIDTH = 4


def vec(
    words: tuple[str, ...] = WORDS, width: int = WIDTH, *, seed: int = 0, header: bool = True
) -> str:
    """Text vectors."""
    matrix = np.random.default_rng(seed).standard_normal((len(words), width))
    rows = [
        f"{w} {' '.join(f'{x:.5f}' for x in row)}\n" for w, row in zip(words, matrix, strict=True)
    ]
    return (f"{len(words)} {width}\n" if header else "") + "".join(rows)


def tensors(header: Any, data: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own making: a value for JSON, or bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def native(
    words: tuple[str, ...] = WORDS,
    width: int = WIDTH,
    *,
    change: Callable[[np.ndarray[Any, Any]], None] | None = None,
) -> bytes:
    """The one file of a native folder, without the writer's checks or its checksum."""
    matrix = np.random.default_rng(1).standard_normal((len(words), width)).astype("<f4")
    if change is not None:
        change(matrix)
    joined = "\n".join(words).encode()
    size = matrix.nbytes
    header = {
        "vectors": {"dtype": "F32", "shape": list(matrix.shape), "data_offsets": [0, size]},
        "words": {
            "dtype": "U8",
            "shape": [len(joined)],
            "data_offsets": [size, size + len(joined)],
        },
    }
    return tensors(header, matrix.tobytes() + joined)


def not_a_number(matrix: np.ndarray[Any, Any]) -> None:
    """Put NaN into the third row."""
    matrix[2, 1] = np.nan


def gz(content: str | bytes, *, cut: int = 0) -> bytes:
    """Gzipped, perhaps without its last bytes."""
    data = gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)
    return data[: len(data) - cut]


def xz(content: str | bytes, *, cut: int = 0) -> bytes:
    """As xz."""
    data = lzma.compress(content.encode() if isinstance(content, str) else content)
    return data[: len(data) - cut]


def empty_lines(gigabytes: int) -> Callable[[Path], None]:
    """A gzip file of very many empty lines, made of one compressed piece, repeated."""
    piece = gzip.compress(b"\n" * 2**24, mtime=0)

    def make(path: Path) -> None:
        path.write_bytes(piece * (gigabytes * 2**30 // 2**24))

    return make


def fifo(path: Path) -> None:
    """A named pipe that nobody writes to."""
    os.mkfifo(path)


def link_to(target: str) -> Callable[[Path], None]:
    """A symbolic link."""
    return lambda path: path.symlink_to(target)


def folder(path: Path) -> None:
    """An empty folder."""
    path.mkdir()


def deep_json(depth: int = 100_000) -> str:
    """Lists in lists."""
    return "[" * depth + "]" * depth


def deep_toml(depth: int = 100_000) -> str:
    """A setting that is lists in lists."""
    return "a = " + "[" * depth + "]" * depth


def toml(settings: Mapping[str, str]) -> str:
    """Settings with values as TOML writes them."""
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def archive(**arrays: Any) -> bytes:
    """A numpy archive."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


SENTENCES = "the cat sat on the mat .\nthe dog ran under the house .\nthe mouse slept .\n"
PAIRS = "".join(f"{word} {word}\n" for word in WORDS)
EN, DE = vec(), vec(seed=1)
SCORES = "one two 1.5\nthree four 2\nfive six 7.25\nseven eight 3\n"
EN_DE: dict[str, str] = {"en.vec": EN, "de.vec": DE, "pairs.txt": PAIRS}
