"""Read and write word vectors; the format is found from a file's contents and name.

Formats live in `x2static.core.formats`, one file each; docs/formats.md describes them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from x2static.core.errors import ConfigError, VectorFormatError
from x2static.core.formats.byte_stream import open_bytes
from x2static.core.formats.faults import Faults, OnError
from x2static.core.formats.gensim_pickle import is_pickle, read_gensim, write_gensim
from x2static.core.formats.native import VECTORS_NAME, StoredDtype, read_native, write_native
from x2static.core.formats.text import parse_header
from x2static.core.progress import doing
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import WordVectors

Format = Literal[
    "word2vec", "word2vec-binary", "gensim", "glove", "safetensors", "static-embedding", "fasttext"
]
ReadableFormat = Literal["text", "word2vec-binary", "gensim", "safetensors", "fasttext"]
FOLDER_FORMATS: frozenset[Format] = frozenset(["safetensors", "static-embedding"])
_HEAD = 1 << 16
FASTTEXT = b"\xba\x16\x4f\x2f"
"""Every model file of fastText begins so."""
_TEXT_BYTES = frozenset(b"0123456789+-.eEnaifNAIFty \r\n")


def read_vectors(
    path: Path | str,
    *,
    limit: int | None = None,
    on_error: OnError = "raise",
    allow_pickle: bool = False,
    skipped: Counter[str] | None = None,
    is_trusted: bool = False,
) -> WordVectors:
    """Read word vectors in whatever format they are.

    Args:
        path: a file, or a folder in the native format.
        limit: take only the first rows; the rest of the file is not read.
        on_error: ``"raise"`` stops at the first bad row; ``"skip"`` leaves bad rows out, counts
            them by reason and logs one line.
        allow_pickle: read gensim's own format, which can run any program when it is read.
        skipped: receives the counts of ``on_error="skip"``.
        is_trusted: do not look at the numbers of the native format, which stay on disk.

    Raises:
        VectorFormatError: the file cannot be read; text files name the line.
    """
    path = Path(path)
    doing(f"reading {path}")
    if limit is not None and limit < 1:
        raise ConfigError(f"limit must be at least 1, got {limit}")
    found = detect_format(path)
    if found == "safetensors":
        return read_native(path, limit, is_trusted=is_trusted)
    if found == "fasttext":
        from x2static.core.formats.fasttext_model import FastTextModel

        return FastTextModel(path).head(limit)
    faults = Faults(path, on_error, "line" if found == "text" else "row")
    if found == "gensim":
        vectors = read_gensim(path, limit, faults, allow_pickle=allow_pickle)
    elif found == "word2vec-binary":
        from x2static.core.formats.binary import read_binary

        vectors = read_binary(path, limit, faults)
    else:
        from x2static.core.formats.text import read_text

        vectors = read_text(path, limit, faults)
    faults.report()
    if skipped is not None:
        skipped.update(faults.counts)
    if faults.counts and not len(vectors):
        reasons = ", ".join(sorted(faults.counts))
        raise VectorFormatError(f"{path}: no row could be used: {reasons}")
    return vectors


def write_vectors(
    vectors: WordVectors,
    path: Path | str,
    format: Format,  # noqa: A002 - the flag's own name
    *,
    dtype: StoredDtype | None = None,
    stage: Stage = staged,
) -> None:
    """Write word vectors, whole or not at all.

    Args:
        vectors: what to write; illegal words, repeated words, NaN and infinity are refused.
        path: the file, or for ``safetensors`` and ``static-embedding`` the folder. A text file
            whose name ends in ``.gz`` is compressed.
        format: the name of the format.
        dtype: ``"float16"`` halves the two safetensors formats; the others store float32.
        stage: where the bytes go; as it is, a file that is there already is refused.
    """
    doing(f"writing {path}")
    path, precision = Path(path), dtype or "float32"
    if precision == "float16" and format not in FOLDER_FORMATS:
        raise ConfigError(f"{format} holds float32; --dtype float16 suits --format safetensors")
    if format in ("word2vec", "glove") and path.name.removesuffix(".gz").endswith(".bin"):
        raise ConfigError(f"{path}: .bin would be read as binary; name text .vec or .txt")
    if format == "safetensors":
        write_native(vectors, path, precision, stage)
    elif format == "static-embedding":
        from x2static.core.formats.static_embedding import write_static_embedding

        write_static_embedding(vectors, path, precision, stage)
    elif format == "fasttext":
        from x2static.core.formats.fasttext_file import write_fasttext

        write_fasttext(vectors, path, stage)
    elif format == "gensim":
        write_gensim(vectors, path, stage)
    elif format == "word2vec-binary":
        from x2static.core.formats.binary import write_binary

        write_binary(vectors, path, stage)
    else:
        from x2static.core.formats.text_writer import write_text

        write_text(vectors, path, stage, has_header=format == "word2vec")


def detect_format(path: Path) -> ReadableFormat:
    """The format of a file or folder, from its contents first and its name second."""
    if not path.exists():
        raise VectorFormatError(f"{path}: no such file or folder")
    if not path.is_dir() and not path.is_file():
        raise VectorFormatError(
            f"{path}: a pipe or a device; vectors are read more than once: write them to a file"
        )
    if path.is_dir():
        if (path / VECTORS_NAME).exists():
            return "safetensors"
        if (path / "modules.json").exists():
            raise VectorFormatError(
                f"{path}: static-embedding is written only; read the vectors it came from"
            )
        raise VectorFormatError(f"{path}: no vectors in this folder (no {VECTORS_NAME})")
    if path.suffix == ".safetensors":
        return "safetensors"
    return _format_of_file(path)


def _format_of_file(path: Path) -> ReadableFormat:
    with open_bytes(path) as stream:
        first, head = stream.readline(_HEAD), stream.read(_HEAD)
    if not first:
        raise VectorFormatError(f"{path}: the file is empty")
    if first.startswith(FASTTEXT):
        return "fasttext"
    if is_pickle(first):
        return "gensim"
    header = parse_header(first)
    if header is None:
        return "text"
    suffix = Path(path.name.removesuffix(".gz")).suffix
    return "word2vec-binary" if _is_binary(head, header.width, suffix) else "text"


def _is_binary(rows: bytes, width: int, suffix: str) -> bool:
    """Whether numbers after the header are bytes or digits; the suffix settles what is unclear."""
    numbers = rows[rows.find(b" ") + 1 :]
    if suffix == ".bin":
        return True
    if suffix in (".vec", ".txt"):
        return b"\0" in numbers[: 4 * width]
    line = numbers.split(b"\n", 1)[0]
    has_digits_only = not set(line) - _TEXT_BYTES
    return not (has_digits_only and (len(line.split()) == width or len(line) > 16))
