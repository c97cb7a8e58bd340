"""The native format: a folder with ``vectors.safetensors``, mapped into memory when it is opened.

Its tensors: ``vectors`` (N, D) in F32 or F16, ``words`` (UTF-8 bytes, one line end between two
words) and, where known, ``counts`` (N,) in I64; ``composer`` (buckets, D) in F16, where there is
one, with its rule (shortest, longest, buckets) in the metadata. All in one file, so that words and
vectors can never come from different runs. The checksum of the words, in the metadata, stands for
the writer's word-by-word check, which takes longer than all the rest of opening.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from x2static.core.compose.composer import Composer
from x2static.core.compose.ngrams import NgramRule
from x2static.core.errors import OutputError, VectorFormatError
from x2static.core.formats.safetensors_file import Tensor, map_tensors, write_tensors
from x2static.core.formats.words import check_writable, first_fault, first_not_finite
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import Counts, FloatMatrix, WordVectors

VECTORS_NAME = "vectors.safetensors"
StoredDtype = Literal["float32", "float16"]
_CHECKSUM, _RULE = "words_crc32", "composer_rule"
_FORMAT = {"format": "x2static-vectors", "version": "1"}
_ROWS = 4096


class MappedVectors(NamedTuple):
    """A native file as it lies on disk.

    Attributes:
        place: the file.
        matrix: (N, D) float32 or float16, a view of the mapped file.
        words: the words in UTF-8, a line feed between two.
        counts: (N,) or None.
        is_checked: whether a checksum vouches for the words.
        composer: for other words; its table is mapped, too.
    """

    place: Path
    matrix: NDArray[Any]
    words: bytes
    counts: Counts | None
    is_checked: bool
    composer: Composer | None = None


def map_native(path: Path) -> MappedVectors:
    """Open a folder (or its ``vectors.safetensors``) without reading the numbers.

    Raises:
        VectorFormatError: the structure, the counts or the checksum of the words are not right.
    """
    place = path / VECTORS_NAME if path.is_dir() else path
    tensors, metadata = map_tensors(place)
    if not {"vectors", "words"} <= tensors.keys() or tensors["vectors"].ndim != 2:
        raise VectorFormatError(
            f"{place}: no word vectors: needs the tensors 'vectors' and 'words'"
        )
    rows, counts = len(tensors["vectors"]), tensors.get("counts")
    if counts is not None and counts.shape != (rows,):
        raise VectorFormatError(f"{place}: {rows} words do not fit {counts.size} counts")
    joined = tensors["words"].tobytes()
    checksum = metadata.get(_CHECKSUM)
    if checksum not in (None, _checksum(joined)):
        raise VectorFormatError(f"{place}: damaged: the words do not fit their checksum")
    composer = _composer(place, tensors, metadata)
    return MappedVectors(place, tensors["vectors"], joined, counts, checksum is not None, composer)


def _composer(
    place: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]
) -> Composer | None:
    """The composer of a file; refuses one that its rule or the vectors do not fit."""
    table = tensors.get("composer")
    if table is None:
        return None
    numbers = metadata.get(_RULE, "").split()
    shape = (
        int(numbers[2]) if len(numbers) == 3 and all(map(str.isdecimal, numbers)) else -1,
        tensors["vectors"].shape[1],
    )
    if table.shape != shape or not 0 < int(numbers[0]) <= int(numbers[1]) or not shape[0]:
        raise VectorFormatError(
            f"{place}: damaged: a composer of {table.shape} does not fit its rule "
            f"{' '.join(numbers) or '(none)'!r} and vectors {tensors['vectors'].shape[1]} wide"
        )
    return Composer(NgramRule(*map(int, numbers)), table)


def read_composer(path: Path) -> Composer | None:
    """The composer of a native folder; None where it has none, or where it is another format."""
    return map_native(path).composer if (path / VECTORS_NAME).is_file() else None


def read_native(path: Path, limit: int | None, *, is_trusted: bool = False) -> WordVectors:
    """Open a folder (or its ``vectors.safetensors``); a float32 matrix stays on disk, mapped.

    Args:
        path: the folder, or the file in it.
        limit: take only the first rows.
        is_trusted: the writer's word is good enough: neither the numbers are looked at nor, where
            their checksum is right, the words. Opening then takes milliseconds.
    """
    mapped = map_native(path)
    rows = len(mapped.matrix)
    taken = rows if limit is None else min(limit, rows)
    matrix: FloatMatrix = mapped.matrix[:taken].astype(np.float32, copy=False)
    is_checked = is_trusted and mapped.is_checked
    words = _words(mapped.place, mapped.words, rows, is_checked=is_checked)[:taken]
    if not is_trusted:
        _check_numbers(mapped.place, words, matrix)
    counts = None if mapped.counts is None else mapped.counts[:taken]
    return WordVectors(words, matrix, counts, mapped.composer)


def write_native(
    vectors: WordVectors, path: Path, precision: StoredDtype = "float32", stage: Stage = staged
) -> None:
    """Write the folder; other files that already lie in it stay."""
    check_writable(vectors, path)
    stored = np.dtype("<f4" if precision == "float32" else "<f2")
    if precision == "float16":
        check_half_range(vectors, path)
    tensors: dict[str, Tensor] = {}
    if vectors.counts is not None:
        tensors["counts"] = (vectors.counts, np.dtype("<i8"))
    tensors["vectors"] = (vectors.matrix, stored)
    joined = "\n".join(vectors.words).encode()
    tensors["words"] = (np.frombuffer(joined, dtype=np.uint8), np.dtype(np.uint8))
    metadata = {**_FORMAT, _CHECKSUM: _checksum(joined)}
    if vectors.composer is not None:
        rule = vectors.composer.rule
        tensors["composer"] = (vectors.composer.table, np.dtype("<f2"))
        metadata[_RULE] = f"{rule.shortest} {rule.longest} {rule.buckets}"
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file; the native format needs the name of a folder")
    if path.is_dir():
        with stage(path / VECTORS_NAME) as temporary:
            write_tensors(temporary, tensors, metadata)
        return
    with stage(path) as folder:
        folder.mkdir()
        write_tensors(folder / VECTORS_NAME, tensors, metadata)


def check_half_range(vectors: WordVectors, place: object) -> None:
    """Refuse numbers that float16 would turn into infinity."""
    largest = float(np.finfo(np.float16).max)
    for start in range(0, len(vectors), _ROWS):
        fits = (np.abs(vectors.matrix[start : start + _ROWS]) <= largest).all(axis=1)
        if not fits.all():
            row = start + int(np.argmin(fits))
            raise VectorFormatError(
                f"{place}: row {row + 1} ({vectors.words[row]!r}) holds a number beyond "
                f"{largest:.0f}, too large for float16; use --dtype float32"
            )


def _check_numbers(place: Path, words: list[str], matrix: FloatMatrix) -> None:
    row = first_not_finite(matrix)
    if row is not None:
        raise VectorFormatError(f"{place}: row {row + 1} ({words[row]!r}) holds NaN or infinity")


def _checksum(joined: bytes) -> str:
    return f"{zlib.crc32(joined):08x}"


def _words(place: Path, joined: bytes, rows: int, *, is_checked: bool) -> list[str]:
    try:
        words = joined.decode("utf-8").split("\n") if rows else []
    except UnicodeDecodeError as error:
        raise VectorFormatError(f"{place}: bad UTF-8 in the words: {error}") from error
    if len(words) != rows:
        raise VectorFormatError(f"{place}: {len(words)} words do not fit {rows} vectors")
    if not is_checked and (fault := first_fault(words)):
        raise VectorFormatError(f"{place}: damaged: {fault}")
    return words
