"""Write text vectors: the shortest digits that read back as the same float32, single spaces."""

from __future__ import annotations

import gzip
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from x2static.core.errors import VectorFormatError
from x2static.core.formats.text import available_workers, parse_header
from x2static.core.formats.words import check_writable
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import FloatMatrix, WordVectors

_VALUES_PER_BLOCK = 1 << 18


def write_text(
    vectors: WordVectors, path: Path, stage: Stage = staged, *, has_header: bool
) -> None:
    """Write word2vec text, or GloVe text where ``has_header`` is false; ``.gz`` is compressed."""
    check_writable(vectors, path)
    if not has_header:
        _check_headerless(vectors, path)
    with stage(path) as temporary, _open(temporary, is_gzip=path.suffix == ".gz") as stream:
        if has_header:
            stream.write(f"{len(vectors)} {vectors.width}\n".encode())
        for block in _formatted(vectors):
            stream.write(block)
            stream.write(b"\n")


def format_rows(words: list[str], matrix: FloatMatrix) -> Any:
    """The lines of some rows without the last line end, as one Arrow buffer."""
    rows, width = matrix.shape
    digits = pc.cast(pa.array(np.ascontiguousarray(matrix).reshape(-1)), pa.string())
    offsets = pa.array(np.arange(0, rows * width + 1, width, dtype=np.int32))
    numbers = pc.binary_join(pa.ListArray.from_arrays(offsets, digits), " ")
    lines = pc.binary_join_element_wise(pa.array(words, pa.string()), numbers, " ")
    whole = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, rows], pa.int32()), lines), "\n")
    return whole[0].as_buffer()


def _formatted(vectors: WordVectors) -> Iterator[Any]:
    """Blocks of lines in order, while other threads format the following ones."""
    step = max(1, _VALUES_PER_BLOCK // vectors.width)
    workers = available_workers()
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(vectors), step):
            words = list(vectors.words[start : start + step])
            waiting.append(pool.submit(format_rows, words, vectors.matrix[start : start + step]))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _check_headerless(vectors: WordVectors, path: Path) -> None:
    """Without a header, the first line alone tells the width and that it is no header."""
    if not len(vectors):
        raise VectorFormatError(f"{path}: GloVe text cannot hold 0 words; use --format word2vec")
    first = format_rows(list(vectors.words[:1]), vectors.matrix[:1]).to_pybytes()
    if parse_header(first):
        raise VectorFormatError(
            f"{path}: the first line '{first.decode()}' would be read as a header; "
            "use --format word2vec"
        )


@contextmanager
def _open(path: Path, *, is_gzip: bool) -> Iterator[IO[bytes]]:
    """A file to write; gzip without time and name, so that the same vectors give the same bytes."""
    with path.open("wb") as raw:
        if is_gzip:
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
                yield cast("IO[bytes]", stream)
        else:
            yield raw
