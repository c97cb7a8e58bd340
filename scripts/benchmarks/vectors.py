"""Reading and writing vector files against gensim, and opening the native format.

The same random vectors (200,000 x 768; ``--quick`` or X2STATIC_BENCH_WORDS for fewer) go through
both libraries; a row counts only if both give the same numbers. Files are in the page cache for
both sides. The floor of reading is the time to read the file's bytes and nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import KeyedVectors

from scripts.paired import REPEATS, compared, in_turns
from scripts.paired import seconds as timed
from x2static.core.formats.native import VECTORS_NAME
from x2static.core.formats.safetensors_file import map_tensors
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

WIDTH = 768
OPEN_MS = 50.0
Row = dict[str, Any]

_MEMORY = """
import sys
from pathlib import Path
from x2static.core.vector_file import read_vectors

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

read_vectors(sys.argv[1], limit=1)
before = peak()
read_vectors(sys.argv[1])
print(peak() - before)
"""


def rows(scratch: Path, quick: bool = False, repeats: int = REPEATS) -> list[Row]:
    """Time every format in turns with its reference (native opening: the median of nine)."""
    words = int(os.environ.get("X2STATIC_BENCH_WORDS", 10_000 if quick else 200_000))
    vectors = random_vectors(words)
    size = f"{words:,} x {WIDTH}"
    results = text_rows(scratch, vectors, size, repeats)
    results += binary_rows(scratch, vectors, size, repeats)
    results += gzip_rows(scratch, vectors.head(words // 10), repeats)
    return [*results, native_row(scratch, vectors)]


def random_vectors(words: int) -> WordVectors:
    """Normal numbers, as many digits as float32 has, and words of usual lengths."""
    rng = np.random.default_rng(20240611)
    lengths = rng.integers(2, 12, size=words)
    letters = rng.integers(97, 123, size=int(lengths.sum())).astype(np.uint8).tobytes().decode()
    ends = np.cumsum(lengths)
    names = [f"{letters[e - n : e]}{i}" for i, (e, n) in enumerate(zip(ends, lengths, strict=True))]
    matrix = rng.standard_normal((words, WIDTH), dtype=np.float32)
    return WordVectors(names, matrix, np.arange(words, 0, -1))


def text_rows(scratch: Path, vectors: WordVectors, size: str, repeats: int) -> list[Row]:
    ours, theirs = scratch / "ours.vec", scratch / "gensim.vec"
    written = write_in_turns(ours, theirs, vectors, repeats)
    check_same(read_vectors(theirs), vectors)
    theirs.unlink()
    bytes_floor = read_bytes(ours)
    read = read_in_turns(ours, vectors, repeats)
    floor = f"reading the {ours.stat().st_size / 1e9:.2f} GB alone: {bytes_floor:.2f} s"
    memory = memory_rows(ours, vectors, size)
    write_floor = write_bytes(scratch / "floor", ours)
    ours.unlink()
    return [
        {"name": f"read .vec, {size}", "unit": "s", **read, "goal": 5.0, "floor": floor},
        {
            "name": f"write .vec, {size}",
            "unit": "s",
            **written,
            "floor": f"writing and syncing these bytes alone: {write_floor:.2f} s",
        },
        *memory,
    ]


def write_in_turns(ours: Path, theirs: Path, vectors: WordVectors, repeats: int) -> dict[str, Any]:
    """Our writer and gensim's, each to a file of its own."""
    keyed = KeyedVectors(WIDTH)
    keyed.add_vectors(list(vectors.words), vectors.matrix)
    figures = in_turns(
        {
            "ours": timed(lambda: write_vectors(vectors, ours, "word2vec")),
            "gensim": timed(lambda: keyed.save_word2vec_format(str(theirs))),
        },
        repeats,
    )
    return compared(figures["ours"], figures["gensim"], more_is_better=False)


def read_in_turns(
    path: Path, vectors: WordVectors, repeats: int, *, binary: bool = False
) -> dict[str, Any]:
    """Our reader and gensim's on one file; both must give the same numbers."""
    check_same(read_vectors(path), vectors)
    keyed = KeyedVectors.load_word2vec_format(str(path), binary=binary)
    check_same(WordVectors(keyed.index_to_key, keyed.vectors), vectors)
    del keyed
    figures = in_turns(
        {
            "ours": timed(lambda: read_vectors(path)),
            "gensim": timed(lambda: KeyedVectors.load_word2vec_format(str(path), binary=binary)),
        },
        repeats,
    )
    return compared(figures["ours"], figures["gensim"], more_is_better=False)


def binary_rows(scratch: Path, vectors: WordVectors, size: str, repeats: int) -> list[Row]:
    path = scratch / "ours.bin"
    write_vectors(vectors, path, "word2vec-binary")
    floor = f"reading the bytes alone: {read_bytes(path):.2f} s"
    read = read_in_turns(path, vectors, repeats, binary=True)
    path.unlink()
    return [{"name": f"read word2vec binary, {size}", "unit": "s", **read, "floor": floor}]


def gzip_rows(scratch: Path, vectors: WordVectors, repeats: int) -> list[Row]:
    import gzip

    path = scratch / "ours.vec.gz"
    write_vectors(vectors, path, "word2vec")

    def unzip() -> None:
        with gzip.open(path) as stream:
            while stream.read(1 << 21):
                pass

    floor = f"decompressing alone: {seconds(unzip)[0]:.2f} s"
    read = read_in_turns(path, vectors, repeats)
    path.unlink()
    name = f"read .vec.gz, {len(vectors):,} x {WIDTH}"
    return [{"name": name, "unit": "s", **read, "floor": floor}]


def native_row(scratch: Path, vectors: WordVectors) -> Row:
    folder = scratch / "native"
    write_vectors(vectors, folder, "safetensors")
    times = sorted(seconds(lambda: read_vectors(folder, is_trusted=True))[0] for _ in range(9))
    words = map_tensors(folder / VECTORS_NAME)[0]["words"]
    floor = sorted(seconds(lambda: words.tobytes().decode().split("\n"))[0] for _ in range(9))[4]
    check_same(read_vectors(folder), vectors)
    return row(
        f"open native, {len(vectors):,} x {WIDTH}",
        "ms",
        1000 * times[4],
        OPEN_MS,
        goal=1.0,
        floor=f"making the list of words alone: {1000 * floor:.1f} ms",
        note="reference: the limit that was set",
    )


def memory_rows(path: Path, vectors: WordVectors, size: str) -> list[Row]:
    """Peak memory of a process of its own; only Linux tells it per program."""
    if not Path("/proc/self/status").exists():
        return []
    answer = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    ours, matrix = int(answer.stdout) * 1024 / 1e6, vectors.matrix.nbytes / 1e6
    note = "peak beyond the start of the program; reference: the matrix alone"
    floor = f"the matrix: {matrix:.0f} MB"
    return [row(f"memory to read .vec, {size}", "MB", ours, matrix, floor=floor, note=note)]


def row(
    name: str,
    unit: str,
    ours: float,
    reference: float,
    *,
    goal: float | None = None,
    floor: str = "",
    note: str = "",
) -> Row:
    """One figure where less is better."""
    ratio = reference / ours
    return {
        "name": name,
        "unit": unit,
        "ours": ours,
        "reference": reference,
        "ratio": ratio,
        "goal": goal,
        "holds": None if goal is None else ratio >= goal,
        "floor": floor,
        **({"note": note} if note else {}),
    }


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long one call took, and what it gave."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def read_bytes(path: Path) -> float:
    """Seconds to read a file without looking at it."""

    def read() -> None:
        with path.open("rb", buffering=0) as stream:
            while stream.read(1 << 21):
                pass

    return seconds(read)[0]


def write_bytes(path: Path, source: Path) -> float:
    """Seconds to write and sync a file's bytes, without the time to read them."""
    began, spent = time.perf_counter(), read_bytes(source)
    with path.open("wb") as stream, source.open("rb") as given:
        while block := given.read(1 << 21):
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()
    return time.perf_counter() - began - 2 * spent


def check_same(found: WordVectors, expected: WordVectors) -> None:
    """Stop where a reader or writer changed a word or a single bit of a number."""
    if list(found.words) != list(expected.words) or not np.array_equal(
        found.matrix.view(np.int32), expected.matrix.view(np.int32)
    ):
        raise SystemExit("the files do not hold the same vectors: the times mean nothing")
